"""Names in what people wrote: an id becomes the title that it stands for, with a link; other names are code.

Records speak of one another by their ids, and plans of a script by the names that it is to have. Readers are
shown titles, and the names as code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from markupsafe import escape

from kb.reading.base import Base

_TAG = re.compile(r"(<[^>]*>)")
_WORD = re.compile(r"(?<![\w./&#-])[a-z][a-z0-9]*(?:[-_][a-z0-9]+)+(?![\w/-])", re.ASCII)
_NAME = re.compile(r"<(/?)(\w+)")
UNTOUCHED = frozenset({"a", "code", "pre", "svg", "math", "h1", "title"})
"""Elements whose text stays as it is: links, code, drawings and headings."""


Link = Callable[[str], str]


class Named(NamedTuple):
    """What an id stands for: a title, and the address of its page relative to the site's root."""

    title: str
    address: str


def named(base: Base) -> dict[str, Named]:
    """Return what each id of a record stands for."""
    found = {i: Named(source.title, f"sources/{i}/") for i, source in base.sources.items()}
    found |= {i: Named(debate.title, f"debates/{i}/") for i, debate in base.debates.items()}
    return found | {i: Named(claim.title, f"claims/{i}/") for i, claim in base.claims.items()}


def with_titles(content: str, known: Mapping[str, Named], link: Link) -> str:
    """Return a page's Markdown, of which every block of HTML is a line, with titles in place of ids.

    Args:
        content: The page.
        known: What each id stands for.
        link: Returns the way from the page to an address.
    """
    lines, is_code = content.split("\n"), False
    for number, line in enumerate(lines):
        if line.startswith("```"):
            is_code = not is_code
        elif not is_code and line.startswith("<") and _WORD.search(line):
            lines[number] = _line(line, known, link)
    return "\n".join(lines)


def _line(line: str, known: Mapping[str, Named], link: Link) -> str:
    parts, within = _TAG.split(line), 0
    for index, part in enumerate(parts):
        if index % 2:
            found = _NAME.match(part)
            if found and found[2] in UNTOUCHED and not part.endswith("/>"):
                within += -1 if found[1] else 1
        elif within == 0 and part:
            parts[index] = _WORD.sub(lambda word: _told(word[0], known, link), part)
    return "".join(parts)


def _told(word: str, known: Mapping[str, Named], link: Link) -> str:
    if word in known:
        return f'<a href="{link(known[word].address)}">“{escape(known[word].title)}”</a>'
    return f"<code>{word}</code>" if "_" in word else word
