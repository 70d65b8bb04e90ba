"""The answer and the surprises: texts by hand, each sentence with the claims that it speaks of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kb.exports.published import Site
from kb.judging.judgement import State
from kb.reading.overviews import Overview, Section, Statement
from kb.site.figures.headline import Headline, headline
from kb.site.page import Page, page_from

ANSWER, SURPRISES, START = "answer", "surprises", "start"
TITLES = {ANSWER: "The answer", SURPRISES: "What came out otherwise"}
DESCRIPTIONS = {
    ANSWER: "What small experiments make of the charge that deep learning is alchemy, and of the replies.",
    SURPRISES: "Results that differ from what their speakers, or most, would have said.",
}


class Cited(NamedTuple):
    """A claim that a sentence speaks of."""

    claim_id: str
    state: State


class Sentence(NamedTuple):
    """A sentence as it is shown.

    Attributes:
        says: Its text.
        cited: The claims that it speaks of.
        suspicion: Why it is to be read again; empty if it is not.
    """

    says: str
    cited: tuple[Cited, ...]
    suspicion: str


class Passage(NamedTuple):
    """A section as it is shown: its paragraphs, and a figure of one of its claims, if possible with lines.

    Attributes:
        about: The claim whose figure it is; empty without a figure.
    """

    heading: str
    slug: str
    paragraphs: tuple[tuple[Sentence, ...], ...]
    about: str = ""
    figure: Headline | None = None


def pages(site: Site) -> Iterator[Page]:
    """Yield the page of each of the two overviews; of one that is not written yet, a page that says so."""
    for name in (ANSWER, SURPRISES):
        overview = site.base.overviews.get(name)
        other = SURPRISES if name == ANSWER else ANSWER
        yield page_from(
            site,
            f"{name}.md",
            "overview",
            overview.title if overview else TITLES[name],
            DESCRIPTIONS[name],
            hide=("navigation", "toc"),
            passages=passages(site, overview, with_figures=name == SURPRISES),
            other=other,
            title_of_other=TITLES[other],
        )


def passages(site: Site, overview: Overview | None, *, with_figures: bool = False) -> list[Passage]:
    """Return the sections of an overview as they are shown; none if there is no such overview."""
    sections = overview.sections if overview else ()
    return [_passage(site, section, with_figure=with_figures) for section in sections]


def _passage(site: Site, section: Section, *, with_figure: bool) -> Passage:
    paragraphs = tuple(tuple(_sentence(site, each) for each in lines) for lines in section.paragraphs)
    passage = Passage(section.heading, section.slug, paragraphs)
    if not with_figure:
        return passage
    named = dict.fromkeys(i for each in section.statements for i in each.claims if i in site.base.claims)
    drawn = {i: found for i in named if (found := headline(site, i, figure_id=section.slug or "figure"))}
    if not drawn:
        return passage
    about = next((i for i, found in drawn.items() if found.keys), next(iter(drawn)))
    return passage._replace(about=about, figure=drawn[about])


def _sentence(site: Site, statement: Statement) -> Sentence:
    spoken = site.statements.get(statement.place)
    cited = [Cited(i, site.judgements[i].state) for i in statement.claims if i in site.judgements]
    return Sentence(statement.says, tuple(cited), spoken.suspicion if spoken else "")
