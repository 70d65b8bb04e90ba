"""The tiny project under git, measured without a run and changed afterwards."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

from kb.evidence.ledger import to_file
from kb.reading.load import load_base
from kb.reading.tree import Folder
from tests.evidence_of import evidence_of
from tests.repository import commit_all, git

RECORD = "claims/toys/toy-claim.yaml"
SCRIPT = "repro/experiments/coin.py"


def begun(project: Path) -> Path:
    """Put a project under git, with one commit, and return it."""
    git(project, "init", "--quiet", "--initial-branch=main")
    commit_all(project, "Begin")
    return project


def change(root: Path, name: str, old: str, new: str) -> None:
    """Replace a part of a file."""
    text = (root / name).read_text(encoding="utf-8")
    assert old in text
    (root / name).write_text(text.replace(old, new), encoding="utf-8")


def measure(root: Path, **changes: Any) -> None:
    """Write two blocks of evidence for both arms, as a run would."""
    base = load_base(Folder(root))
    script, digest = base.scripts["coin"], base.claims["toy-claim"].protocol.digest
    measured = {"fair": (0.5, 0.51, 0.49, 0.5, 0.5), "loaded": (0.8, 0.81, 0.79, 0.8, 0.82)}
    for (arm, values), block in product(measured.items(), range(2)):
        piece = evidence_of(
            script, script.version(), arm, block, values, predictions={"toy-claim": digest}, **changes
        )
        name, content = to_file(piece)
        path = root / piece.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
