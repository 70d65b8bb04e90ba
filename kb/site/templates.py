"""Our Jinja environment: autoescape on, and filters that keep our HTML whole inside Markdown.

A page is Markdown in which every block of HTML is on one line of its own. No blank line, indentation or
backtick of a record can then end the block or start another, whichever Markdown engine reads the page.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from kb.records import dates
from kb.records.claims import Source
from kb.records.identifiers import address_of_arxiv, address_of_doi
from kb.records.people import Person
from kb.site.markdown import to_html
from kb.site.policy import POLICY
from kb.words.clauses import ClaimName
from kb.words.numbers import count, duration, number, power
from kb.words.standings import STANDINGS
from kb.words.states import STATES


@cache
def environment(root: Path) -> Environment:
    """Return the environment that renders `site/templates` of a project."""
    made = Environment(
        loader=FileSystemLoader(root / "site" / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(line=one_line, markdown=to_html, capitalise=capitalise, duration=duration)
    made.filters.update(minus=minus, number=_number, count=count, authors=authors, names=names)
    made.filters.update(date=dates.in_words, year=dates.year_in_words)
    made.filters.update(doi_address=address_of_doi, arxiv_address=address_of_arxiv)
    made.tests["claim_name"] = _is_claim_name
    made.globals.update(standing_words=STANDINGS, states=STATES, fence=fence, content_policy=POLICY)
    return made


def one_line(html: str) -> Markup:
    """Return HTML on one line; line ends inside `pre` survive as character references."""
    parts = re.split(r"(<pre\b.*?</pre>)", html, flags=re.DOTALL)
    for index, part in enumerate(parts):
        parts[index] = "&#10;".join(part.splitlines()) if index % 2 else re.sub(r"\s+", " ", part)
    return Markup("".join(parts).strip())  # noqa: S704 # only white space was changed


def fence(language: str, code: str) -> Markup:
    """Return a fenced code block whose fence is longer than any run of backticks in the code."""
    longest = max((len(run) for run in re.findall(r"`+", code)), default=0)
    ticks = "`" * max(3, longest + 1)
    return Markup(f"{ticks}{language}\n{code.rstrip()}\n{ticks}")  # noqa: S704 # escaped by the Markdown engine


TIMES = "\u00d7"


def minus(text: str) -> str:
    """Return a text as it is set: with minus signs, thousands parted, and powers of ten raised.

    >>> minus("-1.2e-16, 10^19") == "\u22121.2 \u00d7 10\u207b\u00b9\u2076, 10\u00b9\u2079"
    True
    """
    text = re.sub(r"(?<![\w.])\d{5,}(?![\w.])", lambda digits: f"{int(digits[0]):,}", text)
    text = re.sub(r"(?<![\w-])(-?\d+(?:\.\d+)?)e(-?\d+)\b", rf"\1 {TIMES} 10^\2", text)
    text = re.sub(r"\b10\^(-?\d+)\b", lambda found: power(found[1]), text)
    return re.sub(r"(?<![\w.])-(?=\d)", "\u2212", text)


def authors(source: Source) -> str:
    """Return the authors of a source as a list in words, or its editors, or that it has none."""
    field, people = source.makers
    if not people:
        return "anonymous"
    named = names(people)
    return named if field == "author" else f"{named} ({_ROLES[field][len(people) > 1]})"


_ROLES = {
    "editor": ("editor", "editors"),
    "director": ("director", "directors"),
    "interviewer": ("interviewer", "interviewers"),
    "translator": ("translator", "translators"),
    "container_author": ("author of the book", "authors of the book"),
    "recipient": ("recipient", "recipients"),
}
"""Each way of making a work other than as its author, for one person and for several."""


def names(people: Sequence[Person]) -> str:
    """Return the names of people as a list in words."""
    *others, last = [person.full for person in people]
    return f"{', '.join(others)} and {last}" if others else last


def capitalise(text: str) -> str:
    """Return a text with a capital first letter, otherwise unchanged."""
    return text[:1].upper() + text[1:]


def plain(text: str) -> str:
    """Return a text on one line, for titles and descriptions."""
    return " ".join(text.split())


def escaped(text: str) -> str:
    """Return a text for a page's metadata, which the theme prints without escaping."""
    return str(escape(plain(text)))


def relative(target: str, page_url: str) -> str:
    """Return the link from one page's address to another's, both relative to the site's root.

    >>> relative("sources/x/", "claims/y/")
    '../../sources/x/'
    """
    path, mark, fragment = target.partition("#")
    link = posixpath.relpath(f"/{path}", f"/{page_url}")
    return quote(link) + ("/" if path.endswith("/") or not path else "") + mark + fragment


def _number(value: float, digits: int = 3) -> str:
    return minus(number(value, digits))


def _is_claim_name(piece: str) -> bool:
    return isinstance(piece, ClaimName)
