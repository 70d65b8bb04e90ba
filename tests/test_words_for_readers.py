"""No identifier reaches a reader: visible text of pages names things by what they are."""

import html
import re

import pytest

from kb.site.names import Named, with_titles
from kb.site.render import render
from tests.machine_sites import site_of
from tests.states_project import ROOT

UNSEEN = re.compile(
    r"^`{3,}.*?^`{3,}$|<(?:code|pre)\b.*?</(?:code|pre)>|<table class=\"assay-table raw-table\".*?</table>"
    r"|<[^>]*>|\{:.*?\}",
    re.DOTALL | re.MULTILINE,
)
"""Code, tables of raw data, tags, and attributes of Markdown."""
WORD = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)+", re.ASCII)


@pytest.fixture(scope="module")
def site():
    """Return the site of this repository before it is written."""
    return site_of(ROOT)


@pytest.fixture(scope="module")
def seen(site):
    """Return the visible text of every page, by path."""
    return {page.path: html.unescape(UNSEEN.sub(" ", page.content)) for page in render(site)}


def identifiers(site):
    """Return all names of several words: of claims, debates, experiments, arms, outcomes, predictions..."""
    base = site.base
    names = {*base.claims, *base.debates, *base.sources, *base.scripts}
    for script in base.scripts.values():
        names |= {*script.arms, *script.outcomes}
    for claim in base.claims.values():
        if claim.protocol:
            names |= {each.name for each in (*claim.protocol.predictions, *claim.protocol.settings)}
            names |= {control.name for control in claim.protocol.controls if control.name}
    return {name for name in names if "-" in name or "_" in name}


def test_no_identifier_reaches_a_reader(site, seen):
    """Outside code and tables of raw data no page shows the name of anything in place of what it is."""
    names = identifiers(site)
    english = set()
    for claim in site.base.claims.values():
        texts = [claim.title, claim.statement, claim.scope or "", claim.pitfalls or ""]
        english |= {word for text in texts for word in WORD.findall(text)}
    found = {path: hits for path, text in seen.items() if (hits := ({*WORD.findall(text)} & names) - english)}
    assert found == {}


def test_decades_reach_no_reader_but_in_the_words_of_records(site):
    """Factors and powers of ten stand in their place wherever the site itself speaks."""
    for claim_id, told in site.told.items():
        verdict, text = site.judgements[claim_id].verdict, told.text
        for finding in (*verdict.findings, *verdict.controls) if verdict else ():
            text = text.replace(finding.prediction.says.strip().removesuffix("."), "")
        assert "decade" not in text, claim_id


def test_an_id_in_a_text_becomes_a_linked_title_and_another_name_code():
    """Code, links and attributes stay as they are."""
    known = {"a-claim": Named("Coins & loads", "claims/a-claim/")}
    line = '<p>See a-claim, my_arm and a-b: <code>a-claim</code> <a href="a-claim/">a-claim</a></p>'
    assert with_titles(f"{line}\n```\na-claim\n```", known, lambda target: f"../{target}") == (
        '<p>See <a href="../claims/a-claim/">“Coins &amp; loads”</a>, <code>my_arm</code> and a-b: '
        '<code>a-claim</code> <a href="a-claim/">a-claim</a></p>\n```\na-claim\n```'
    )


def test_no_page_speaks_of_scales_or_least_surely(seen):
    """Words of the house that a stranger would not understand."""
    for path, text in seen.items():
        assert not re.search(r"least surely|at minimal scale|first arm minus second", text), path
