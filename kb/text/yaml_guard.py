"""Text that a stranger may have written -> plain values, with the place of every key and value.

The events come from libyaml; composition is done here, because PyYAML's own composer overwrites duplicate
keys, follows aliases, builds Python objects from tags and can crash the process on deep nesting.
This module knows no record: it refuses whatever is not plain YAML, whatever it says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import yaml

from kb.text.guarded_text import Fault, GuardError, flaw_in, whole_file
from kb.text.problems import Keys
from kb.text.yaml_scalars import ScalarError, resolve

MAX_DEPTH = 24
ON = "on"
"""The one key that YAML 1.1 takes for true; a record's keys are a closed list, so nothing is guessed."""

CODES = {
    "yaml-syntax": "The file is not YAML.",
    "yaml-depth": "Lists and mappings are nested too deeply.",
    "yaml-anchor": "The file uses an anchor or an alias.",
    "yaml-tag": "The file uses a tag.",
    "yaml-directive": "The file uses a directive.",
    "yaml-documents": "The file holds more than one document.",
    "merge-key": "The file uses a merge key.",
    "duplicate-key": "A mapping has the same key twice.",
    "key-not-text": "A key is not text.",
    "empty-file": "The file holds no value.",
    "ambiguous-value": "Readers of YAML disagree about an unquoted value.",
    "number-out-of-range": "A number is not finite or not exact.",
}


class Position(NamedTuple):
    """Line and column, both from 1."""

    line: int
    column: int


class Places(NamedTuple):
    """Where everything in a document is.

    Attributes:
        values: Where each value starts.
        keys: Where the key of each value of a mapping starts.
    """

    values: dict[Keys, Position]
    keys: dict[Keys, Position]


@dataclass(frozen=True)
class Composed:
    """A YAML document as plain values; places are worked out only when they are needed.

    Attributes:
        value: Mappings as dict, sequences as tuple, scalars as text, number, boolean or None.
        text: The document.
        faults: What was wrong but left the rest readable.
        faulty: Paths of the values that those faults concern.
    """

    value: Any
    text: str = field(repr=False)
    faults: list[Fault] = field(default_factory=list)
    faulty: set[Keys] = field(default_factory=set)

    @cached_property
    def _places(self) -> Places:
        return places(self.text)

    @property
    def values(self) -> dict[Keys, Position]:
        """Return where each value starts."""
        return self._places.values

    @property
    def keys(self) -> dict[Keys, Position]:
        """Return where the key of each value of a mapping starts."""
        return self._places.keys


def compose(text: str) -> Composed:
    """Return the plain value of one YAML document.

    Raises:
        GuardError: The text is not YAML, or uses a part of YAML that records do not need.
    """
    try:
        return Composed(_run(_Composer(text, None)), text)
    except _FaultError:  # only a second pass knows the paths of what is wrong
        placed = _Composer(text, Places({}, {}))
        return Composed(_run(placed), text, placed.faults, placed.faulty)


def places(text: str) -> Places:
    """Return where all keys and values of a document are.

    Raises:
        GuardError: As `compose` does.
    """
    found = Places({}, {})
    _run(_Composer(text, found))
    return found


def _run(composer: _Composer) -> Any:
    try:
        return composer.document()
    except yaml.MarkedYAMLError as error:
        is_unclosed = "end of stream" in (error.problem or "")
        mark = (is_unclosed and error.context_mark) or error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        reason = " ".join(part for part in (error.context, error.problem) if part)
        raise GuardError(_syntax(*place, reason)) from None
    except yaml.YAMLError as error:
        raise GuardError(_syntax(1, 1, str(error))) from None


def _syntax(line: int, column: int, reason: str) -> Fault:
    return Fault(
        "yaml-syntax",
        line,
        column,
        f"invalid YAML: {reason}",
        "`key: value` lines, indented by spaces; lists with dashes",
        "indent by two spaces, close every quote and bracket, and quote text that holds `: ` or ` #`",
    )


class _FaultError(Exception):
    """A pass without places has met a fault."""


class _Composer:
    """One pass over libyaml's events, never deeper than `MAX_DEPTH`.

    Without places, every path stays empty, which halves the time, and the first fault ends the pass.
    """

    def __init__(self, text: str, found: Places | None) -> None:
        self.event: Callable[[], Any] = yaml.CLoader(text).get_event
        self.places = found
        self.faults: list[Fault] = []
        self.faulty: set[Keys] = set()

    def document(self) -> Any:
        self.event()  # start of the stream
        start = self.event()
        if isinstance(start, yaml.StreamEndEvent):
            raise whole_file(
                "empty-file", "an empty file", "one record", "write the record, or delete the file"
            )
        if start.version or start.tags:
            raise _refused(start, "yaml-directive", "a directive (%YAML or %TAG)", "delete the line")
        value = self.value(self.event(), (), 0)
        self.event()  # end of the document
        after = self.event()
        if not isinstance(after, yaml.StreamEndEvent):
            advice = "put each record into its own file"
            raise _refused(after, "yaml-documents", "a second document after `---`", advice)
        return value

    def value(self, event: Any, path: Keys, depth: int) -> Any:
        if self.places is not None:
            self.places.values[path] = _position(event)
        if type(event) is yaml.ScalarEvent and event.anchor is None and event.tag is None:
            return self.scalar(event, path) if event.implicit[0] else _visible(event)
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            what = "an alias" if isinstance(event, yaml.AliasEvent) else "an anchor"
            raise _refused(event, "yaml-anchor", f"{what} ({event.anchor})", "write the value out in full")
        if event.tag is not None:
            raise _refused(
                event, "yaml-tag", f"the tag {event.tag}", "delete the tag; quote the value if it is text"
            )
        if depth >= MAX_DEPTH:
            raise _refused(event, "yaml-depth", f"more than {MAX_DEPTH} levels", "flatten the record")
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(path, depth)
        return self.mapping(path, depth)

    def scalar(self, event: Any, path: Keys) -> Any:
        try:
            return resolve(event.value)
        except ScalarError as error:
            self.fault(event, error.code, error.found, error.allowed, error.advice)
            self.faulty.add(path)
            return None

    def sequence(self, path: Keys, depth: int) -> tuple[Any, ...]:
        items: list[Any] = []
        while type(event := self.event()) is not yaml.SequenceEndEvent:
            here = path if self.places is None else (*path, len(items))
            items.append(self.value(event, here, depth + 1))
        return tuple(items)

    def mapping(self, path: Keys, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while type(event := self.event()) is not yaml.MappingEndEvent:
            key = self.key(event)
            here = path
            if self.places is not None:
                here = (*path, key)
                self.places.keys.setdefault(here, _position(event))
            if key not in found:
                found[key] = self.value(self.event(), here, depth + 1)
                continue
            first = self.places.keys[here].line if self.places else 0
            found_text = f"the key {key} again; it is already on line {first}"
            self.fault(event, "duplicate-key", found_text, "each key once", "keep one of the two")
            # The second value is read and dropped, at a path that cannot exist.
            self.value(self.event(), (*here, -1), depth + 1)
        return found

    def key(self, event: Any) -> str:
        if not isinstance(event, yaml.ScalarEvent) or event.anchor or event.tag is not None:
            raise _refused(event, "key-not-text", "a key that is not plain text", "write the key as one word")
        key = event.value
        if not event.implicit[0]:
            return _visible(event)
        if key == "<<":
            raise _refused(event, "merge-key", "the merge key <<", "write the fields out in full")
        if not _is_text(key):
            raise _refused(
                event, "key-not-text", f"the key {key!r}, which is not text", "write the key as one word"
            )
        return str(key)

    def fault(self, event: Any, code: str, found: str, allowed: str, advice: str) -> None:
        if self.places is None:
            raise _FaultError
        self.faults.append(Fault(code, *_position(event), found, allowed, advice))


def _position(event: Any) -> Position:
    mark = event.start_mark
    return Position(mark.line + 1, mark.column + 1)


@lru_cache(maxsize=4096)  # every record has the same few dozen keys
def _is_text(key: str) -> bool:
    if key == ON:
        return True
    try:
        return isinstance(resolve(key), str)
    except ScalarError:
        return False


def _visible(event: Any) -> str:
    """Return a quoted text; its escapes must not introduce what the file itself may not contain."""
    text: str = event.value
    flaw = flaw_in(text) if event.style == '"' else None
    if flaw:
        mark = event.start_mark
        raise GuardError(flaw._replace(line=mark.line + 1, column=mark.column + 1))
    return text


def _refused(event: Any, code: str, found: str, advice: str) -> GuardError:
    mark = event.start_mark
    allowed = "plain mappings, lists, text, numbers, true, false and null"
    return GuardError(Fault(code, mark.line + 1, mark.column + 1, found, allowed, advice))
