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
    """A section as it is shown: its paragraphs, and the figure of the first claim that has one.

    Attributes:
        about: The claim whose figure it is; empty without a figure.
    """

    heading: str
    slug: str
    paragraphs: tuple[tuple[Sentence, ...], ...]
    about: str = ""
    figure: Headline | None = None


def pages(site: Site) -> Iterator[Page]:
    """Yield a page for each of the two overviews that the project has."""
    for name in (ANSWER, SURPRISES):
        overview = site.base.overviews.get(name)
        other = site.base.overviews.get(SURPRISES if name == ANSWER else ANSWER)
        if overview is not None:
            yield page_from(
                site,
                f"{name}.md",
                "overview",
                overview.title,
                DESCRIPTIONS[name],
                hide=("navigation", "toc"),
                passages=passages(site, overview, with_figures=name == SURPRISES),
                other=other.id if other else "",
                title_of_other=other.title if other else "",
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
    for claim_id in (i for each in section.statements for i in each.claims):
        found = headline(site, claim_id, figure_id=section.slug or "figure")
        if found is not None:
            return passage._replace(about=claim_id, figure=found)
    return passage


def _sentence(site: Site, statement: Statement) -> Sentence:
    spoken = site.statements.get(statement.place)
    cited = [Cited(i, site.judgements[i].state) for i in statement.claims if i in site.judgements]
    return Sentence(statement.says, tuple(cited), spoken.suspicion if spoken else "")
