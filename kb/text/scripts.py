"""Letters of one script that pass for those of another, in names: a Cyrillic letter inside a Latin word."""

from __future__ import annotations

import re
import unicodedata

ALIKE = ("ARMENIAN", "CHEROKEE", "COPTIC", "CYRILLIC", "GREEK", "LATIN")
"""Scripts with letters that look like each other's; no word of a name is written in two of them."""
_SYMBOLS = frozenset("βδεζθλμξπσφψΓΔΘΛΞΠΣΦΨΩ")
"""Greek letters that look like no letter of another script, and that formulas have made everybody's."""
_AFTER_INITIAL = re.compile(r"(?<=\w)\.\s*")
_NO_LETTER = re.compile(r"[\W\d_]+")


def strange_letter(name: str) -> str | None:
    """Return a letter of a name that belongs to another script than the word around it, or None.

    An initial counts as part of the word that follows it. Of two scripts in a word the rarer is the stranger.
    """
    if name.isascii():
        return None
    for word in _NO_LETTER.split(_AFTER_INITIAL.sub("", name)):
        scripts = [script_of(letter) for letter in word]
        known = [script for script in scripts if script]
        rarest = min(known, key=known.count, default=None)
        if rarest is not None and known.count(rarest) < len(known):
            return word[scripts.index(rarest)]
    return None


def script_of(letter: str) -> str | None:
    """Return the script of a letter if it is one of `ALIKE`, and the letter not a symbol of all of them."""
    if letter in _SYMBOLS:
        return None
    script = unicodedata.name(letter, "").partition(" ")[0]
    return script if script in ALIKE else None
