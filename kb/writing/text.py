"""Records as a careful person would type them: plain data -> YAML in the style of `claims/`.

Short values go on one line, long text is folded, and whatever a YAML reader could take for something else is
quoted. Reading the text gives the same data again, except that runs of spaces in text become one.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from kb.text.guarded_text import GuardError
from kb.text.yaml_guard import compose

WIDTH = 110
"""The columns of a line, as far as lines can be broken between words."""
INDENT = 2


def record_text(record: Mapping[str, Any]) -> str:
    """Return a whole record as the text of its file.

    Args:
        record: Keys in the order in which they are written; values are text, numbers, booleans, and lists
            and mappings of such.
    """
    return "".join(entry_text(key, value, 0) for key, value in record.items())


def entry_text(key: str, value: Any, indent: int) -> str:
    """Return one entry of a mapping as lines, indented by a number of columns."""
    head = f"{' ' * indent}{key}:"
    if _fits(f"{head} {flow(value)}") and not _is_plural(value):
        return f"{head} {flow(value)}\n"
    if isinstance(value, Mapping):
        return f"{head}\n" + "".join(entry_text(k, v, indent + INDENT) for k, v in value.items())
    if isinstance(value, str):
        return f"{head} >-\n{_folded(value, indent + INDENT)}"
    if _is_plural(value):
        return f"{head}\n" + "".join(item_text(item, indent + INDENT) for item in value)
    return f"{head} {flow(value)}\n"


def item_text(item: Any, indent: int) -> str:
    """Return one item of a list as lines, with its dash indented by a number of columns."""
    short = f"{' ' * indent}- {flow(item)}"
    if _fits(short) or not isinstance(item, Mapping):
        return f"{short}\n"
    lines = "".join(entry_text(key, value, indent + INDENT) for key, value in item.items())
    return f"{' ' * indent}- {lines[indent + INDENT :]}"


def flow(value: Any) -> str:
    """Return a value as it is written inside a line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_inside(part)}" for key, part in value.items()) + "}"
    if isinstance(value, str):
        return _scalar(" ".join(value.split()), "a: {}\n")
    if isinstance(value, Sequence):
        return "[" + ", ".join(map(_inside, value)) + "]"
    return json.dumps(value)


def _inside(value: Any) -> str:
    """Return a value inside braces or brackets, where a comma ends plain text."""
    return _scalar(" ".join(value.split()), "a: [{}]\n") if isinstance(value, str) else flow(value)


def _scalar(text: str, frame: str) -> str:
    """Return text unquoted if it would be read as that text at its place, and else in double quotes."""
    try:
        read = compose(frame.format(text)).value["a"]
    except GuardError:
        read = None
    return text if read in (text, (text,)) else json.dumps(text, ensure_ascii=False)


def _folded(text: str, indent: int) -> str:
    margin = " " * indent
    wrapped = textwrap.wrap(
        text,
        WIDTH,
        initial_indent=margin,
        subsequent_indent=margin,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "".join(f"{line}\n" for line in wrapped)


def _fits(line: str) -> bool:
    return len(line) <= WIDTH


def _is_plural(value: Any) -> bool:
    """Is it a list of mappings, each of which gets a line of its own?"""
    return isinstance(value, Sequence) and not isinstance(value, str) and isinstance(value[0], Mapping)
