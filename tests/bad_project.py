"""Bad records as projects: each file or folder of `tests/bad_records/` laid over the tiny project.

A file `<code>.yaml` says in its first line where it lies. A folder `<code>/` holds several files, or some
that neither an editor nor git should touch: `<name>.escaped` holds text with escapes for bytes, as in Python,
and `<name>.special` one word for something that is not an ordinary file.
"""

from __future__ import annotations

import codecs
from pathlib import Path

from tests.conftest import write_project

BAD_RECORDS = Path(__file__).parent / "bad_records"
TODAY = "2026-01-31"


def bad_codes() -> list[str]:
    """Return the codes that have a bad record."""
    return sorted(path.name.removesuffix(".yaml") for path in BAD_RECORDS.iterdir())


def write_bad_project(code: str, root: Path) -> Path:
    """Write the tiny project with one bad record into a folder and return it."""
    write_project(root)
    single = BAD_RECORDS / f"{code}.yaml"
    if single.is_file():
        text = single.read_text(encoding="utf-8")
        (root / text.split("\n", 1)[0].removeprefix("# ")).write_text(text, encoding="utf-8")
        return root
    for path in sorted(p for p in (BAD_RECORDS / code).rglob("*") if p.is_file()):
        target = root / path.relative_to(BAD_RECORDS / code)
        target.parent.mkdir(parents=True, exist_ok=True)
        _place(path, target)
    return root


def _place(path: Path, target: Path) -> None:
    if path.suffix == ".escaped":
        target.with_suffix("").write_bytes(codecs.escape_decode(path.read_bytes())[0])
    elif path.suffix == ".special":
        _make_special(path.read_text(encoding="utf-8").strip(), target.with_suffix(""))
    else:
        target.write_bytes(path.read_bytes())


def _make_special(kind: str, target: Path) -> None:
    if kind == "link":
        target.symlink_to("toy-claim.yaml")
    elif kind == "padding":
        target.write_text(f"title: {'x' * 300_000}\n", encoding="utf-8")
    elif kind == "unreadable":
        target.write_text("title: secret\n", encoding="utf-8")
        target.chmod(0)
