"""Whether a new record could be mistaken for an existing one: by the same id, or by much the same words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from kb.reading.base import Base
from kb.text.spelling import nearest

ALIKE = 0.85
"""Similarity, from 0 to 1, at which two ids or titles count as the same; different claims reach 0.78."""


def taken_by(base: Base, record_id: str) -> str | None:
    """Return the file that already has an id, ignoring case and separators, or None."""
    wanted = _letters(record_id)
    return next((path for known, path in base.paths.items() if _letters(known) == wanted), None)


def like_claim(base: Base, claim_id: str, title: str) -> str | None:
    """Return the claim whose id or title is most like those of a new one, or None if none is similar."""
    known = {known: claim.title for known, claim in base.claims.items()}
    return _alike(claim_id, known) or _by_title(title, known)


def like_source(base: Base, title: str, people: Iterable[str]) -> str | None:
    """Return the source that a new one may be, or None: of the same title, or by the same people and similar.

    Replies, second parts and editions resemble each other in title or id, and are sources of their own.

    Args:
        base: All records.
        title: Of the new source.
        people: Family names, or whole names, of its authors.
    """
    same = [known for known, source in base.sources.items() if _words(source.title) == _words(title)]
    names = {name.casefold() for name in people}
    theirs = {
        known: source.title
        for known, source in base.sources.items()
        if names & {(each.family or each.literal or "").casefold() for each in source.author}
    }
    return same[0] if same else _by_title(title, theirs)


def like_experiment(base: Base, name: str) -> str | None:
    """Return the experiment whose name is most like that of a new one, or None if none is similar."""
    return _alike(name, base.scripts)


def _alike(name: str, known: Mapping[str, object]) -> str | None:
    """Return the id most like another, regardless of the order of its words."""
    by_words = {_words(other): other for other in known}
    found = nearest(name, known, cutoff=ALIKE) or nearest(_words(name), by_words, cutoff=ALIKE)
    return by_words.get(found, found) if found else None


def _by_title(title: str, titles: Mapping[str, str]) -> str | None:
    ids = {_words(other): known for known, other in titles.items()}
    found = nearest(_words(title), ids, cutoff=ALIKE)
    return ids[found] if found else None


def _words(text: str) -> str:
    return " ".join(sorted(re.findall(r"\w+", text.casefold().replace("_", " "))))


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text.casefold())
