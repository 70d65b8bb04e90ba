"""Badges to show elsewhere: a small SVG for each claim, and the same as an endpoint of shields.io."""

from __future__ import annotations

import json

from markupsafe import Markup, escape

from kb.exports.formats import Format
from kb.exports.published import Site
from kb.judging.judgement import Judgement, State
from kb.words.numbers import count
from kb.words.states import STATES

LABEL, PAPER = "Assay", "#fff"
LABEL_COLOUR = "#1d2330"
HEIGHT, PADDING, LETTER = 20, 7, 6.4
"""In units of the drawing; the last is the width allowed for a letter, whatever the reader's font."""


def files(site: Site) -> dict[str, str]:
    """Return both badges of every claim, by path; one that was split says so under its old id."""
    found: dict[str, str] = {}
    for name, claim_ids in site.named.items():
        if len(claim_ids) == 1:
            judgement = site.judgements[claim_ids[0]]
            found[f"badge/{name}.svg"] = f"{drawn(site, claim_ids[0])}\n"
            found[f"badge/{name}.json"] = endpoint(message(judgement), judgement.state)
        else:
            words = f"now {count(len(claim_ids), 'claim')}"
            titles = "; ".join(site.base.claims[i].title for i in claim_ids)
            found[f"badge/{name}.svg"] = svg(words, "untested", titles) + "\n"
            found[f"badge/{name}.json"] = endpoint(words, "untested")
    return found


def drawn(site: Site, claim_id: str) -> Markup:
    """Return the badge of a claim as SVG."""
    judgement = site.judgements[claim_id]
    made = svg(message(judgement), judgement.state, site.base.claims[claim_id].title)
    return Markup(made)  # noqa: S704 # every text in it is escaped


def message(judgement: Judgement) -> str:
    """Return what a badge says about a claim."""
    word = STATES[judgement.state].word.lower()
    return f"{word} in a small test, {count(judgement.verdict.seeds, 'seed')}" if judgement.verdict else word


def svg(words: str, state: State, title: str) -> str:
    """Return a badge whose title also says which claim it is about."""
    parts = ((LABEL, LABEL_COLOUR), (words, STATES[state].ink))
    widths = [round(len(text) * LETTER) + 2 * PADDING for text, _ in parts]
    marks, left = "", 0
    for (text, colour), width in zip(parts, widths, strict=True):
        marks += f'<rect x="{left}" width="{width}" height="{HEIGHT}" fill="{colour}"/>'
        marks += f'<text x="{left + PADDING}" y="14" textLength="{width - 2 * PADDING}">{escape(text)}</text>'
        left += width
    name = escape(f"{LABEL}: {words}. {title}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left}" height="{HEIGHT}" role="img">'
        f'<title>{name}</title><g fill="{PAPER}" font-family="Verdana, DejaVu Sans, sans-serif" '
        f'font-size="11">{marks}</g></svg>'
    )


def endpoint(words: str, state: State) -> str:
    """Return the document from which shields.io draws the same badge."""
    colour = STATES[state].ink.removeprefix("#")
    return json.dumps({"schemaVersion": 1, "label": LABEL, "message": words, "color": colour}) + "\n"


FORMAT = Format("badges", "Write a badge for every claim, as SVG and for shields.io.", files)
