"""Bytes that a stranger may have written -> text with nothing hidden, or one fault that says why not."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from kb.text.joiners import CONTEXTUAL, fits

CODES = {
    "byte-order-mark": "The file starts with a byte order mark.",
    "not-utf8": "The file is not UTF-8 text.",
    "forbidden-character": "The file holds a control, direction or invisible character.",
    "not-nfc": "A line is not in Unicode Normalization Form C.",
}

# Controls except tab, line feed, and carriage return before line feed; direction marks; joiners and other
# characters without width, which fit in some places; blanks that pass for letters; Unicode's own line breaks;
# surrogates, noncharacters, and what every font may draw as it likes.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"
    "\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U0010ffff]|\r(?!\n)"
)


class Fault(NamedTuple):
    """Something wrong at a position in one file: a `kb.text.problems.Problem` without the path."""

    code: str
    line: int
    column: int
    found: str
    allowed: str
    advice: str
    nearest: str | None = None


class GuardError(Exception):
    """The file cannot be read any further; carries the one fault that was found."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.found)
        self.fault = fault


def guarded(content: bytes) -> str:
    """Return the text in a file's bytes, with line feeds as line ends.

    Raises:
        GuardError: The bytes are not UTF-8 text without hidden characters.
    """
    if content.startswith(b"\xef\xbb\xbf"):
        advice = 'save as "UTF-8", not as "UTF-8 with BOM"'
        raise whole_file("byte-order-mark", "a byte order mark", "plain UTF-8", advice)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise GuardError(_encoding_fault(content, error.start)) from None
    flaw = flaw_in(text)
    if flaw:
        raise GuardError(flaw)
    return text.replace("\r\n", "\n")


def whole_file(code: str, found: str, allowed: str, advice: str) -> GuardError:
    """Return the error for a fault of a whole file, placed at its start."""
    return GuardError(Fault(code, 1, 1, found, allowed, advice))


def _encoding_fault(content: bytes, start: int) -> Fault:
    before = content[:start]
    column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8")) + 1
    found = f"the byte 0x{content[start]:02x}, which is not UTF-8"
    return Fault(
        "not-utf8", before.count(b"\n") + 1, column, found, "text in UTF-8", "save the file as UTF-8"
    )


def flaw_in(text: str) -> Fault | None:
    """Return the first hidden or denormalised character of a text as a fault, or None."""
    for match in _FORBIDDEN.finditer(text):
        if not (CONTEXTUAL.match(match[0]) and fits(text, match.start())):
            return _forbidden(text, match.start())
    if unicodedata.is_normalized("NFC", text):
        return None
    lines = enumerate(text.split("\n"), start=1)
    number, line = next(pair for pair in lines if not unicodedata.is_normalized("NFC", pair[1]))
    return _not_normal(number, line)


def _forbidden(text: str, offset: int) -> Fault:
    char = text[offset]
    is_private = unicodedata.category(char) == "Co"
    name = unicodedata.name(char, "a private character" if is_private else "a control character").lower()
    what = "which every font draws as it likes" if is_private else "which cannot be seen"
    needs = "; this one only where the letters or emoji around it need it" if CONTEXTUAL.match(char) else ""
    return Fault(
        "forbidden-character",
        text.count("\n", 0, offset) + 1,
        offset - text.rfind("\n", 0, offset),
        f"the character U+{ord(char):04X} ({name}), {what}",
        f"visible characters, spaces and line ends{needs}",
        "delete it; such characters often come with text pasted from a web page",
    )


def _not_normal(number: int, line: str) -> Fault:
    normal = unicodedata.normalize("NFC", line)
    pairs = zip(line, normal, strict=False)
    same = next((i for i, (written, wanted) in enumerate(pairs) if written != wanted), len(normal) - 1)
    return Fault(
        "not-nfc",
        number,
        same + 1,
        f"{line[same : same + 2]!a}, which is not in Unicode Normalization Form C",
        "text in Unicode Normalization Form C",
        f"retype the character: {normal[same]}",
    )
