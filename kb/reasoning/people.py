"""Who is who: one id and one name for everybody who is named in the records.

Two spellings are one person if they differ in case, spaces and punctuation alone. Any other difference keeps
people apart: an accent, a vowel sign, the two dots that make ka a ga.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from kb.reading.base import Base

LONGEST_ID = 60
"""Most characters of a person's id, so that it fits a file name even at four bytes each."""


class Named(NamedTuple):
    """A person: their id, and their name as it is written where the records first have it."""

    id: str
    name: str


People = Mapping[str, Named]
"""Each person by every name that a record writes for them."""


def people(base: Base) -> People:
    """Return everybody who is an author or is named as a speaker.

    Of several people whose ids would be equal without accents, only the one without accents has that id; the
    others have a mark after it.
    """
    first: dict[str, str] = {}
    written: dict[str, str] = {}
    for name in _names(base):
        if name not in written:
            written[name] = identity(name)
            first.setdefault(written[name], name)
    alike: dict[str, set[str]] = {}
    for key in first:
        alike.setdefault(plain_id(key), set()).add(key)
    found = {key: Named(_id(key, alike[plain_id(key)]), name) for key, name in first.items()}
    return {name: found[key] for name, key in written.items()}


def _names(base: Base) -> Iterator[str]:
    for source in base.sources.values():
        yield from (author.full for author in source.author)
    for claim in base.claims.values():
        for said in claim.stated_in:
            yield from (name for name in (said.by, said.quoted_by) if name)


def _id(key: str, alike: set[str]) -> str:
    plain = plain_id(key)
    if len(alike) == 1 or plain == key.replace(" ", "-"):
        return plain
    return f"{plain[: LONGEST_ID - 9]}-{_mark(key)}"


def identity(full_name: str) -> str:
    """Return what two spellings of one person's name share: its letters, signs and digits, as words.

    A name of neither is its own identity.
    """
    whole = unicodedata.normalize("NFKC", full_name)
    words = "".join(char if _is_of_a_word(char) else " " for char in whole).lower().split()
    return " ".join(words) or whole


def plain_id(full_name: str) -> str:
    """Return a name as an id that a file may have: `Léon Bottou` gives `leon-bottou`.

    Only marks on Latin letters are dropped; in other scripts they tell words apart. A name that leaves
    nothing, too much for a file's name, or the name of a folder's own page ends in a hash.
    """
    kept: list[str] = []
    is_latin = False
    for char in unicodedata.normalize("NFKD", full_name):
        if not unicodedata.combining(char):
            is_latin = unicodedata.name(char, "").startswith("LATIN ")
        elif is_latin:
            continue
        kept.append(char)
    whole = unicodedata.normalize("NFC", "".join(kept))
    joined = "-".join("".join(char if _is_of_a_word(char) else " " for char in whole).lower().split())
    if joined in ("", "index") or len(joined) > LONGEST_ID:
        joined = f"{joined[: LONGEST_ID - 9]}-{_mark(full_name)}".lstrip("-")
    return joined


def _is_of_a_word(char: str) -> bool:
    return char.isalnum() or unicodedata.category(char)[0] == "M"


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
