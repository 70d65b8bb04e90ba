"""Sites before they are written: of the toy project and of this repository."""

from __future__ import annotations

from pathlib import Path

from kb.evidence.ledger import read_ledger
from kb.judging.judgement import judge_base
from kb.reading.load import load_base
from kb.reading.tree import Folder
from kb.reasoning.standing import standings
from kb.site.page import Site
from kb.site.render import files
from kb.site.templates import environment

HOME = "https://example.org/assay/"


def site_of(root: Path) -> Site:
    """Return what the pages of a project are made of, published at an address."""
    base, ledger = load_base(Folder(root)), read_ledger(Folder(root))
    judgements = judge_base(base, ledger)
    known = (base, judgements, standings(base, judgements), ledger)
    return Site(*known, environment(base.root), address=HOME)


def texts_of(site: Site) -> dict[str, str]:
    """Return the text of every download and file for programs, by path."""
    return files(site.base, site.judgements, site.standings, site.ledger, address=site.address)
