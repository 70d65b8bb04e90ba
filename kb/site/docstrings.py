"""A script's docstring as prose: its question, and passages under their headings."""

from __future__ import annotations

import inspect
import re
from typing import NamedTuple

LABEL = re.compile(r"(?P<heading>[A-Z][a-z]+)(?::\s+|\s{2,})(?P<text>\S.*)")


class Passage(NamedTuple):
    """A paragraph of a docstring, with its first word as the heading if it is one."""

    heading: str
    text: str


def passages(docstring: str) -> list[Passage]:
    """Return a docstring as prose; its first paragraph is the page's question and is left out.

    A line such as `Method: train both` or `Method      train both` opens a passage, as does a blank line.
    """
    found: list[Passage] = []
    for paragraph in inspect.cleandoc(docstring).split("\n\n")[1:]:
        found.append(Passage("", ""))
        for line in paragraph.splitlines():
            opening = LABEL.match(line)
            if opening:
                found.append(Passage(opening["heading"], opening["text"]))
            else:
                found[-1] = Passage(found[-1].heading, f"{found[-1].text} {line.strip()}")
    return [Passage(passage.heading, passage.text.strip()) for passage in found if passage.text.strip()]


def question(docstring: str) -> str:
    """Return a docstring's first paragraph on one line."""
    return " ".join(inspect.cleandoc(docstring).split("\n\n")[0].split())
