"""One style sheet for every page: a slow phone waits for each further one before it shows a word."""

from __future__ import annotations

from pathlib import Path

TOGETHER = "assets/stylesheets/all.css"
PARTS = ("assets/stylesheets/main.*.css", "assets/stylesheets/palette.*.css", "assets/assay.css")
"""The theme's two sheets, whose names change with its versions, and ours, which comes last and wins."""


def join(site: Path) -> None:
    """Write the sheets of a built site as one, and take away the theme's two with their maps.

    Args:
        site: Folder of the built site.

    Raises:
        FileNotFoundError: The theme has no file of such a name, or more than one.
    """
    sheets = [_only(site, part) for part in PARTS]
    (site / TOGETHER).write_bytes(b"".join(sheet.read_bytes() for sheet in sheets))
    for sheet in sheets[:-1]:
        sheet.unlink()
        sheet.with_name(f"{sheet.name}.map").unlink(missing_ok=True)


def _only(site: Path, pattern: str) -> Path:
    found = list(site.glob(pattern))
    if len(found) != 1:
        raise FileNotFoundError(f"The theme has {len(found)} style sheets named {pattern}; one was expected.")
    return found[0]
