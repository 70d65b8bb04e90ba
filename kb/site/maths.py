"""TeX as MathML, made when the site is built: a reader's browser needs no script for it.

A formula that MathML cannot show whole is shown as the code that it is: one with an unknown command, with an
element or attribute that the page does not let through, or with a letter that the converter leaves out.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from html import escape, unescape
from typing import Any
from xml.etree.ElementTree import Element, tostring

from latex2mathml import exceptions
from latex2mathml.converter import convert_to_element

TAGS = {
    "math", "mrow", "mi", "mo", "mn", "mtext", "mspace", "msup", "msub", "msubsup", "mfrac", "msqrt", "mroot",
    "mover", "munder", "munderover", "mtable", "mtr", "mtd", "mpadded", "mphantom", "mstyle",
}  # fmt: skip
"""Elements that the sanitiser lets through; none can load, link or run anything."""
ATTRIBUTES = {
    "math": {"display"},
    "mi": {"mathvariant"},
    "mo": {"stretchy", "fence", "form", "accent", "largeop", "movablelimits", "separator"},
    **{name: {"accent"} for name in ("mover", "munder", "munderover")},
    "mfrac": {"linethickness"},
    "mtd": {"columnalign"},
    "mstyle": {"displaystyle", "scriptlevel"},
    "mspace": {"width"},
}
WIDTH = re.compile(r"(?:0?\.[0-9]+|[0-4](?:\.[0-9]+)?)em")
"""A space that fits every page."""
_NAMED_WIDTHS = {"negativethinmathspace": "0em"}
_STARRED = re.compile(r"(\\operatorname)\*")
_NO_LETTERS = re.compile(
    r"\\(?:begin|end)\s*\{[^{}]*\}(?:\s*\{[clr|\s]*\})?|\\hspace\s*\{[^{}]*\}|\\[a-zA-Z]+|\\."
)
"""What of TeX is no letter that a reader should see."""
_MAY_GO = {"xmlns", "minsize", "maxsize"}
"""Attributes without which a formula reads the same."""
_VARIANTS = {"bold": "BOLD ", "bold-italic": "BOLD ITALIC ", "italic": "ITALIC "}
_FAILURES: tuple[type[Exception], ...] = (
    LookupError,
    ValueError,
    TypeError,
    StopIteration,
    RecursionError,
    *(kind for kind in vars(exceptions).values() if isinstance(kind, type) and issubclass(kind, Exception)),
)
"""Exceptions that the converter raises on broken TeX; its own errors have no common base class."""


def is_allowed(tag: str, attribute: str, value: str) -> bool:
    """May an attribute have a value? Only the width of a space could do harm."""
    return (tag, attribute) != ("mspace", "width") or WIDTH.fullmatch(value) is not None


def to_mathml(tex: str, options: dict[str, Any]) -> str:
    """Return TeX as MathML; what MathML cannot show whole stays as code, so that the page hides nothing.

    Args:
        tex: The text between the dollars or brackets.
        options: From the parser; `display_mode` says whether it is a line of its own.
    """
    code = f"<code>{escape(tex)}</code>"
    if re.search(r"(?<!\\)(?:\\\\)*%", tex):  # the rest of the line would be a comment
        return code
    try:
        formula = convert_to_element(
            _STARRED.sub(r"\1", tex), display="block" if options["display_mode"] else "inline"
        )
    except _FAILURES:
        return code
    for element in formula.iter():
        _settle(element)
    return tostring(formula, encoding="unicode") if _is_whole(formula, tex) else code


def _settle(element: Element) -> None:
    """Replace what browsers do not read: references, weights of letters, words for widths."""
    written = element.text or ""
    element.text = unescape(written)
    if element.tag == "mi" and written != element.text and element.text.isascii() and element.text.isalpha():
        element.set("mathvariant", "normal")  # the converter's way to say that a single letter is upright
    width = element.get("width")
    if element.tag == "mspace" and width in _NAMED_WIDTHS:
        element.set("width", _NAMED_WIDTHS[width])
    variant = _VARIANTS.get(element.get("mathvariant", ""))
    styled = [_styled(char, variant) for char in element.text or ""] if variant else []
    if styled and all(styled):
        element.text = "".join(char for char in styled if char)
        del element.attrib["mathvariant"]


def _styled(char: str, variant: str) -> str | None:
    """Return a letter or digit in a weight, as Unicode has it, or None."""
    kind = re.fullmatch(
        r"(?:LATIN|GREEK) (CAPITAL|SMALL) LETTER (\w+)|(DIGIT) (\w+)", unicodedata.name(char, "")
    )
    if kind is None:
        return None
    for weight in (variant, variant.replace("ITALIC ", "") or variant):  # digits have no italics
        try:
            return unicodedata.lookup(
                f"MATHEMATICAL {weight}{' '.join(part for part in kind.groups() if part)}"
            )
        except KeyError:
            continue
    return char if variant == _VARIANTS["italic"] else None  # a letter alone is in italics anyway


def _is_whole(formula: Element, tex: str) -> bool:
    """Does a formula show every letter and digit of its TeX, by parts that a page may have?"""
    shown: Counter[str] = Counter()
    for element in formula.iter():
        allowed = ATTRIBUTES.get(element.tag, set()) | _MAY_GO
        kept = all(
            name in allowed and is_allowed(element.tag, name, value) for name, value in element.items()
        )
        text = element.text or ""
        if element.tag not in TAGS or not kept or "\\" in text:
            return False
        shown.update(unicodedata.normalize("NFKC", text))
    wanted = Counter(char for char in _NO_LETTERS.sub(" ", tex) if char.isalnum())
    return all(shown[char] >= number for char, number in wanted.items())
