"""Sites before they are written: of the toy project and of this repository."""

from __future__ import annotations

from pathlib import Path

from kb.exports.published import Site
from kb.project import read
from kb.reading.tree import Folder
from kb.site.render import files

HOME = "https://example.org/assay/"


def site_of(root: Path) -> Site:
    """Return what the pages of a project are made of, published at an address."""
    return Site(read(Folder(root)), root, address=HOME)


def texts_of(site: Site) -> dict[str, str]:
    """Return the text of every download and file for programs, by path."""
    return files(site)
