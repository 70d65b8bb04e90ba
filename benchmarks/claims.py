"""Every claim run from scratch to its verdict: wall seconds, and whether the bits are those of the evidence.

Run: python benchmarks/claims.py [CLAIM...]

Each claim starts in a copy of the project without any evidence, so that experiments shared by several claims
are measured for each of them.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from kb.evidence.ledger import Ledger, read_ledger
from kb.reading.load import load_base
from kb.reading.tree import Folder

ROOT = Path(__file__).resolve().parents[1]
REPRO = str(Path(sys.executable).with_name("repro"))
BUDGET_SECONDS = 60


def bare_copy(folder: Path) -> Path:
    """Return a copy of the records, scripts and lab, without evidence."""
    for name in ("claims", "repro"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("evidence", "__pycache__"))
    return folder


def bits(ledger: Ledger) -> dict[tuple[str, str, str, int], str]:
    """Return the values of every block of replication 0, as text: NaN equals no number, itself included."""
    return {
        (piece.experiment, piece.version, piece.arm, piece.block): repr((piece.values, piece.curves))
        for piece in ledger.evidence
        if not piece.replication
    }


def main() -> None:
    """Print the table."""
    base, known = load_base(Folder(ROOT)), bits(read_ledger(Folder(ROOT)))
    ids = sys.argv[1:] or [claim_id for claim_id, _, _ in base.protocols()]
    print(f"{'claim':<42}{'state':>14}{'seeds':>6}{'blocks':>7}{'seconds':>9}  bits of the evidence")
    for claim_id in ids:
        with tempfile.TemporaryDirectory() as name:
            root = bare_copy(Path(name))
            started = time.perf_counter()
            command = [REPRO, "--root", name, "run", claim_id, "--json"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            seconds = time.perf_counter() - started
            (claim,) = json.loads(done.stdout)["claims"]
            found = bits(read_ledger(Folder(root)))
        same = sum(known.get(key) == values for key, values in found.items())
        over = "" if seconds <= BUDGET_SECONDS else f"  over {BUDGET_SECONDS} s"
        print(
            f"{claim_id:<42}{claim['state']:>14}{claim['seeds']:>6}{len(found):>7}{seconds:>9.1f}"
            f"  {same} of {len(found)}{over}",
            flush=True,
        )


if __name__ == "__main__":
    main()
