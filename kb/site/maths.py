"""TeX between dollars as MathML, made when the site is built: a reader's browser needs no script for it."""

from __future__ import annotations

from html import escape
from typing import Any

from latex2mathml import exceptions
from latex2mathml.converter import convert

TAGS = {
    "math", "mrow", "mi", "mo", "mn", "mtext", "mspace", "msup", "msub", "msubsup", "mfrac", "msqrt", "mroot",
    "mover", "munder", "munderover", "mtable", "mtr", "mtd", "mpadded", "mphantom", "mstyle",
}  # fmt: skip
"""Elements that the sanitiser lets through; none can load, link or run anything."""
ATTRIBUTES = {
    "math": {"display"},
    "mi": {"mathvariant"},
    "mo": {"stretchy", "fence", "form", "accent", "largeop", "movablelimits", "separator"},
    "mfrac": {"linethickness"},
    "mtd": {"columnalign"},
    "mstyle": {"displaystyle", "scriptlevel"},
}
_FAILURES: tuple[type[Exception], ...] = (
    LookupError,
    ValueError,
    TypeError,
    StopIteration,
    RecursionError,
    *(kind for kind in vars(exceptions).values() if isinstance(kind, type) and issubclass(kind, Exception)),
)
"""Exceptions that the converter raises on broken TeX; its own errors have no common base class."""


def to_mathml(tex: str, options: dict[str, Any]) -> str:
    """Return TeX as MathML; unreadable TeX stays as code, so that the page shows it rather than hides it.

    Args:
        tex: The text between the dollars.
        options: From the parser; `display_mode` says whether it is a line of its own.
    """
    try:
        return convert(tex, display="block" if options["display_mode"] else "inline")
    except _FAILURES:
        return f"<code>{escape(tex)}</code>"
