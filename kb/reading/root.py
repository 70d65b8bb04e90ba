"""Finds the root folder of a project."""

from __future__ import annotations

from pathlib import Path


class NoProjectError(Exception):
    """Neither this folder nor one above it holds `claims/` and `repro/`."""


def find_root(start: Path) -> Path:
    """Return the nearest folder from `start` upward that holds `claims/` and `repro/`.

    Raises:
        NoProjectError: There is no such folder.
    """
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / "claims").is_dir() and (folder / "repro").is_dir():
            return folder
    raise NoProjectError(f"no folder with claims/ and repro/ in {start} or above it")
