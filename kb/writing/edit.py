"""Changes to a record's text that leave every other line as its author wrote it.

Only entries that begin a line of their own can be changed; those inside braces are left to people. The
result is read again, and returned only if it holds the change and nothing else.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from kb.text.guarded_text import GuardError
from kb.text.problems import Keys
from kb.text.yaml_guard import compose, places
from kb.writing.text import entry_text, item_text


class EditError(Exception):
    """The text cannot be changed without touching more than requested."""


class _Span(NamedTuple):
    """Lines of one entry or item, from 0 up to but not including `end`, and the column it starts in."""

    start: int
    end: int
    indent: int


def without(text: str, keys: Keys) -> str:
    """Return a record's text without an entry or item.

    Raises:
        EditError: It is not there, or is inside braces.
    """
    expected = _changed(compose(text).value, keys, None)
    return _verified(_spliced(text, _span(text, keys), ""), expected)


def with_value(text: str, keys: Keys, value: Any) -> str:
    """Return a record's text with another value for an existing entry or item.

    Raises:
        EditError: It is not there, or is inside braces.
    """
    span = _span(text, keys)
    key = keys[-1]
    lines = entry_text(key, value, span.indent) if isinstance(key, str) else item_text(value, span.indent)
    return _verified(_spliced(text, span, lines), _changed(compose(text).value, keys, value))


def with_item(text: str, keys: Keys, item: Any) -> str:
    """Return a record's text with one more item at the end of a list.

    Raises:
        EditError: The list is not there, or is inside braces.
    """
    data = compose(text).value
    items = [*_at(data, keys), item]
    expected = _changed(data, keys, items)
    span = _span(text, keys)
    dash = places(text).values[keys]
    if text.split("\n")[dash.line - 1][dash.column - 1] == "[":
        return _verified(_spliced(text, span, entry_text(str(keys[-1]), items, span.indent)), expected)
    end = _Span(span.end, span.end, dash.column - 1)
    return _verified(_spliced(text, end, item_text(item, end.indent)), expected)


def with_entry(text: str, keys: Keys, value: Any, *, after: str) -> str:
    """Return a record's text with a new entry, right after another one of the same mapping.

    Raises:
        EditError: The other entry is not there, or is inside braces.
    """
    span = _span(text, (*keys[:-1], after))
    new = entry_text(str(keys[-1]), value, span.indent)
    expected = _changed(compose(text).value, keys, value)
    return _verified(_spliced(text, _Span(span.end, span.end, span.indent), new), expected)


def _at(data: Any, keys: Keys) -> Any:
    for key in keys:
        if isinstance(data, dict) and key not in data:
            raise EditError(f"there is no {_spelled(keys)}")
        data = data[key]
    return data


def _span(text: str, keys: Keys) -> _Span:
    """Return the lines that an entry or item takes up."""
    found = places(text)
    lines = text.split("\n")
    position = found.keys.get(keys) or found.values.get(keys)
    if position is None:
        raise EditError(f"there is no {_spelled(keys)}")
    start, before = position.line - 1, lines[position.line - 1][: position.column - 1]
    is_item = isinstance(keys[-1], int)
    if before.strip() not in ("", "-") or (is_item and "-" not in before):
        raise EditError(f"{_spelled(keys)} is inside braces")
    if not is_item and "-" in before:
        raise EditError(f"{_spelled(keys)} shares its line with the dash of its item")
    indent = before.index("-") if is_item else len(before)
    return _Span(start, _end(lines, start, indent, is_item=is_item), indent)


def _end(lines: list[str], start: int, indent: int, *, is_item: bool) -> int:
    """Return the line after an entry: the first that is indented no deeper, or a blank line before it."""
    end = start + 1
    for number in range(start + 1, len(lines)):
        line = lines[number]
        if not line.strip():
            continue
        depth = len(line) - len(line.lstrip(" "))
        if depth < indent or (depth == indent and (is_item or not line[depth:].startswith("- "))):
            break
        end = number + 1
    return end


def _spliced(text: str, span: _Span, new: str) -> str:
    lines = text.rstrip("\n").split("\n")
    return "\n".join([*lines[: span.start], *new.splitlines(), *lines[span.end :], ""])


def _changed(data: Any, keys: Keys, value: Any) -> Any:
    """Return plain data with one value replaced, added, or with None removed."""
    key, *rest = keys
    if isinstance(data, dict):
        inner = _changed(data.get(key, {}), tuple(rest), value) if rest else value
        changed = {**data, key: inner}
        return {name: part for name, part in changed.items() if part is not None}
    items = list(data)
    items[int(key)] = _changed(items[int(key)], tuple(rest), value) if rest else value
    return [item for item in items if item is not None]


def _verified(text: str, expected: Any) -> str:
    """Return a changed text after checking it by reading it again."""
    try:
        read = compose(text).value
    except GuardError as error:
        raise EditError(str(error)) from error
    if not is_same(read, expected):
        raise EditError("the lines around it are laid out in a way that cannot be changed safely")
    return text


def is_same(one: Any, other: Any) -> bool:
    """Do two records hold the same data, apart from how many spaces stand between words?"""
    return bool(_listed(one) == _listed(other))


def _listed(value: Any) -> Any:
    """Return plain data with lists for tuples, and with each run of spaces in text reduced to one."""
    if isinstance(value, dict):
        return {key: _listed(part) for key, part in value.items()}
    if isinstance(value, tuple | list):
        return [_listed(part) for part in value]
    return " ".join(value.split()) if isinstance(value, str) else value


def _spelled(keys: Keys) -> str:
    return ".".join(map(str, keys))
