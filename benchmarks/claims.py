"""Every claim run from scratch to its verdict: wall seconds, and whether the bits are those of the evidence.

Run: python benchmarks/claims.py [CLAIM...]              each claim in a copy of the project of its own
     python benchmarks/claims.py --together [CLAIM...]   all of them in one copy, as a newcomer would

A copy begins without any evidence, so that experiments shared by several claims are measured for each of them
unless they run together. Claims are measured at their main settings.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from kb.evidence.ledger import Ledger, read_ledger
from kb.reading.load import load_base
from kb.reading.tree import Folder

ROOT = Path(__file__).resolve().parents[1]
REPRO = str(Path(sys.executable).with_name("repro"))
BUDGET_SECONDS = 60


def bare_copy(root: Path, folder: Path) -> Path:
    """Return a copy of the records, scripts and lab, without evidence."""
    for name in ("claims", "repro"):
        shutil.copytree(root / name, folder / name, ignore=shutil.ignore_patterns("evidence", "__pycache__"))
    return folder


def bits(ledger: Ledger) -> dict[tuple[str, str, str, int], str]:
    """Return the values of every block of replication 0, as text: NaN equals no number, itself included."""
    return {
        (piece.experiment, piece.version, piece.arm, piece.block): repr((piece.values, piece.curves))
        for piece in ledger.evidence
        if not piece.replication
    }


def measured(
    root: Path, ids: Sequence[str], known: dict[tuple[str, str, str, int], str]
) -> tuple[str, float, int, int]:
    """Run claims in a bare copy.

    Returns:
        The state of the claim at its main setting, or how many claims there are; wall seconds; how many
        blocks were measured, and how many of them have the bits of the evidence.
    """
    with tempfile.TemporaryDirectory() as name:
        copy = bare_copy(root, Path(name))
        started = time.perf_counter()
        command = [REPRO, "--root", name, "run", *ids, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - started
        claims = json.loads(done.stdout)["claims"]
        found = bits(read_ledger(Folder(copy)))
    state = str(claims[0]["settings"][0]["state"]) if len(claims) == 1 else f"{len(claims)} claims"
    return state, seconds, len(found), sum(known.get(key) == values for key, values in found.items())


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Wall seconds from nothing to a verdict.")
    parser.add_argument("claims", nargs="*", metavar="CLAIM")
    parser.add_argument("--together", action="store_true", help="run all claims in one copy")
    parser.add_argument("--root", type=Path, default=ROOT, help="the project")
    chosen = parser.parse_args(arguments)
    base, known = load_base(Folder(chosen.root)), bits(read_ledger(Folder(chosen.root)))
    ids = chosen.claims or list(dict.fromkeys(claim_id for claim_id, _, _ in base.protocols()))
    print(f"{'claim':<42}{'state':>14}{'blocks':>7}{'seconds':>9}  bits of the evidence")
    for group in [ids] if chosen.together else [[claim_id] for claim_id in ids]:
        state, seconds, blocks, same = measured(chosen.root, group, known)
        over = "" if seconds <= BUDGET_SECONDS * len(group) else f"  over {BUDGET_SECONDS * len(group)} s"
        name = "together" if chosen.together else group[0]
        print(f"{name:<42}{state:>14}{blocks:>7}{seconds:>9.1f}  {same} of {blocks}{over}", flush=True)


if __name__ == "__main__":
    main()
