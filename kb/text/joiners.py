"""Characters without a shape of their own, where the letters or emoji around them need them.

A joiner changes how its neighbours are written, and a variation selector which form the character before it
has: without them a Persian or Sinhala word is misspelt, a Japanese name is another one, and a joined emoji
falls apart. Anywhere else they hide something, such as a second spelling of the same word.
"""

from __future__ import annotations

import re
import unicodedata

CONTEXTUAL = re.compile("[\u200c\u200d\ufe00-\ufe0f\u180b-\u180f\U000e0020-\U000e007f\U000e0100-\U000e01ef]")
"""Every character that fits in some places only."""

_NON_JOINER, _JOINER = "\u200c", "\u200d"
_VIRAMA = 9  # canonical combining class of the signs that take a consonant's vowel away
_REACH = 32  # characters on each side that can matter to a joiner
_TEXT_OR_EMOJI = "\ufe0e\ufe0f"
_KEYCAPS = frozenset("0123456789#*\u203c\u2049\u3030\u303d\u3297\u3299")  # no symbols, but emoji too
_JOINED_ARROWS = "\u2194"  # a mathematical symbol that heads of emoji are joined with
_SKIN = range(0x1F3FB, 0x1F400)
_WITH_FORMS = ("CJK ", "MYANMAR ", "PHAGS-PA ", "MANICHAEAN ", "KHITAN ", "EGYPTIAN ")
_FULL_WIDTH = frozenset("\u3001\u3002\uff01\uff0c\uff0e\uff1a\uff1b\uff1f")
_BLACK_FLAG = "\U0001f3f4"
_FLAGS = re.compile(
    f"{_BLACK_FLAG}\U000e0067\U000e0062(?:\U000e0065\U000e006e\U000e0067|\U000e0073\U000e0063\U000e0074"
    "|\U000e0077\U000e006c\U000e0073)\U000e007f"
)
"""The flags of England, Scotland and Wales, the only ones that Unicode recommends to spell with tags."""
_LONGEST_FLAG = 7


def fits(text: str, at: int) -> bool:
    """Does a character without a shape have its place between those around it?"""
    char, before, after = text[at], text[at - 1 : at], text[at + 1 : at + 2]
    if char == _NON_JOINER:
        return _parts(text, at)
    if char == _JOINER:
        return _joins(text, at, before, after)
    if not before:
        return False
    if "\U000e0020" <= char <= "\U000e007f":
        start = text.rfind(_BLACK_FLAG, max(0, at - _LONGEST_FLAG), at)
        flag = _FLAGS.match(text, start) if start >= 0 else None
        return flag is not None and at < flag.end()
    return _has_form(char, before, after)


def _parts(text: str, at: int) -> bool:
    """Does a non-joiner keep two letters apart that would join, or show a sign that would vanish?"""
    from idna.core import valid_contextj

    return bool(valid_contextj(text[max(0, at - _REACH) : at + _REACH], min(at, _REACH)))


def _joins(text: str, at: int, before: str, after: str) -> bool:
    if before and after and (_is_virama(before) or (_is_virama(after) and before.isalpha())):
        return True
    if before and _parts(f"{before}{_NON_JOINER}\u0628", 1):  # beh joins: it is as if one more letter came
        return True
    skipped = text[max(0, at - 2) : at].rstrip("\ufe0f")[-1:] if before == "\ufe0f" else before
    return bool(skipped) and _is_emoji(skipped) and bool(after) and _is_emoji(after)


def _is_virama(char: str) -> bool:
    return unicodedata.combining(char) == _VIRAMA


def _is_emoji(char: str) -> bool:
    is_symbol = unicodedata.category(char) == "So" and ord(char) >= 0x2190  # arrows are the first of them
    return is_symbol or char == _JOINED_ARROWS or ord(char) in _SKIN


def _has_form(selector: str, before: str, after: str) -> bool:
    """Is a selector one of those that the character before it may have?"""
    name = unicodedata.name(before, "")
    if "\u180b" <= selector <= "\u180f":
        is_separator = selector == "\u180e"
        return name.startswith("MONGOLIAN ") and (not is_separator or after in ("\u1820", "\u1821"))
    if selector in _TEXT_OR_EMOJI:
        return unicodedata.category(before)[0] == "S" or before in _KEYCAPS
    if selector >= "\U000e0100":
        return name.startswith("CJK ")
    return name.startswith(_WITH_FORMS) or before in _FULL_WIDTH or unicodedata.category(before) == "Sm"
