"""How suspect links are shown: as paragraphs like those of problems, and as data."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping

from kb.exports.annotations import Note
from kb.reading.base import Base
from kb.text.problems import WIDTH, Place
from kb.time.suspects import Suspect
from repro.cli.parts.terminal import columns

CODE = "suspect-link"


def placed(base: Base, found: Mapping[str, tuple[Suspect, ...]]) -> list[tuple[Place, Suspect]]:
    """Return suspect links with their places, in order of place."""
    links = (link for each in found.values() for link in each)
    return sorted(((base.place(link.claim_id, *link.keys), link) for link in links), key=lambda pair: pair[0])


def paragraphs(links: Iterable[tuple[Place, Suspect]]) -> Iterator[str]:
    """Yield a paragraph for each suspect link: where it is, what it is, what changed, what to do."""
    for place, link in links:
        changed = f"{in_words(link.changed)}, since {link.since}"
        lines = _wrapped(f"{place}: warning[{CODE}]: ", link.link, indent=4)
        lines += _wrapped("    changed: ", changed, indent=13)
        lines += _wrapped("    do: ", _advice(link), indent=8)
        yield "\n".join(lines) + "\n"


def notes(links: Iterable[tuple[Place, Suspect]]) -> Iterator[Note]:
    """Yield a warning for each suspect link, for programs that show it at its line."""
    for place, link in links:
        changed = f"{in_words(link.changed)}, since {link.since}"
        yield Note(place, "warning", CODE, f"{link.link}\nchanged: {changed}\ndo: {_advice(link)}")


def in_words(names: tuple[str, ...]) -> str:
    """Return names as a list in a sentence: `a, b and c`."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def _advice(link: Suspect) -> str:
    if link.remedy == "run":
        return f"repro run {link.claim_id}"
    return f'look at it again, then repro review {link.claim_id} --note "..."'


def _wrapped(head: str, text: str, *, indent: int) -> list[str]:
    """Return a text after its head, which is never broken: editors look for `path:line:column: warning`."""
    return textwrap.wrap(
        text,
        columns(WIDTH),
        initial_indent=head,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def as_data(links: Iterable[tuple[Place, Suspect]]) -> list[dict[str, object]]:
    """Return suspect links as plain JSON data, with path, line and column flat as for problems."""
    return [
        {
            **place._asdict(),
            "claim": link.claim_id,
            "kind": link.kind,
            "target": link.target,
            "link": link.link,
            "changed": list(link.changed),
            "since": link.since,
            "remedy": link.remedy,
        }
        for place, link in links
    ]
