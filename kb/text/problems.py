"""What is wrong in something people wrote, and how it is reported: in a terminal with a caret, or as JSON.

This module knows no file and no rule; the code that finds a problem fills in all of its parts.
"""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

WIDTH = 80
"""The width of terminal into which a report fits, as far as paths allow."""

Keys = tuple[str | int, ...]
"""Where a value is inside a record: mapping keys and sequence indexes from the top."""


class Place(NamedTuple):
    """A position in a file.

    Attributes:
        path: Relative to the project's root, with forward slashes.
        line: From 1.
        column: In characters, from 1.
    """

    path: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Problem:
    """Something wrong in a record, script or piece of evidence.

    Attributes:
        code: The name of the rule, with one file in `tests/bad_records/`.
        found: What was found there, as a clause without a full stop.
        allowed: What is allowed there.
        advice: What to do.
        nearest: The known spelling nearest to what was found.
        source_line: The line of the file at `place`; empty for problems of a whole file.
    """

    code: str
    place: Place
    found: str
    allowed: str
    advice: str
    nearest: str | None = None
    source_line: str = ""


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return problems by path, line and column, each once."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: (problem.place, problem.code)))


def printable(text: str) -> str:
    """Return text with everything escaped that could control a terminal or hide in it."""
    return "".join(char if _is_plain(char) else _escape(char) for char in text)


def _is_plain(char: str) -> bool:
    return char == " " or (unicodedata.category(char)[0] not in "CZ")


def _escape(char: str) -> str:
    return ascii(char)[1:-1]


def render_terminal(problems: Iterable[Problem], width: int = WIDTH) -> str:
    """Return one paragraph per problem: place, code, the line with a caret, what is allowed, what to do."""
    return "\n".join(_paragraph(problem, width) for problem in problems)


def _paragraph(problem: Problem, width: int) -> str:
    head = f"{printable(str(problem.place))}: error[{problem.code}]:"
    lines = _wrapped(head, problem.found, width, indent=4)
    if problem.source_line.strip():
        lines += _excerpt(problem, width)
    lines += _wrapped("    allowed:", problem.allowed, width, indent=13)
    lines += _wrapped("    do:", problem.advice, width, indent=8)
    if problem.nearest is not None:
        lines += _wrapped("    did you mean:", f"{problem.nearest}?", width, indent=18)
    return "\n".join(lines) + "\n"


def _wrapped(head: str, text: str, width: int, *, indent: int) -> list[str]:
    """Return a text after its head, which is never broken: editors look for `path:line:column: error`."""
    return textwrap.wrap(
        printable(text),
        width,
        initial_indent=f"{head} ",
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _excerpt(problem: Problem, width: int) -> list[str]:
    """Return the source line with a caret under the place; a long line is cut to a window around it."""
    gutter = f"{problem.place.line:>6} | "
    room = width - len(gutter)
    before = printable(problem.source_line[: problem.place.column - 1])
    after = printable(problem.source_line[problem.place.column - 1 :])
    if _columns(before) > room // 2 and _columns(before + after) > room:
        before = "..." + before[-(room // 2) + 3 :]
    while _columns(before + after) > room:
        after = after[: -max(4, _columns(before + after) - room + 3)] + "..."
    return [gutter + before + after, " " * 6 + " | " + " " * _columns(before) + "^"]


def _columns(text: str) -> int:
    """Return how many terminal columns a text takes: wide East Asian characters take two, marks none."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def render_json(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """Return problems as plain data: the fields of `Problem`, with path, line and column flat."""
    return [
        {**problem.place._asdict(), **{k: v for k, v in asdict(problem).items() if k != "place"}}
        for problem in problems
    ]
