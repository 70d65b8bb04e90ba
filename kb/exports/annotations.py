"""Notes for programs that show them at their line: GitHub's workflow commands, and SARIF 2.1.0."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple
from urllib.parse import quote

from kb.text.problems import Place, Problem

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


class Note(NamedTuple):
    """Something to say about a place.

    Attributes:
        code: Code of the rule that it is about.
        text: One or more lines.
    """

    place: Place
    level: Literal["error", "warning"]
    code: str
    text: str


def note_of(problem: Problem) -> Note:
    """Return a problem as a note: what was found, what is allowed, what to do."""
    nearest = [f"did you mean: {problem.nearest}?"] if problem.nearest else []
    lines = [problem.found, f"allowed: {problem.allowed}", f"do: {problem.advice}", *nearest]
    return Note(problem.place, "error", problem.code, "\n".join(lines))


def render_github(notes: Iterable[Note]) -> str:
    """Return one workflow command per note, which GitHub shows beside the line that it is about."""
    return "".join(f"{_command(note)}\n" for note in notes)


def _command(note: Note) -> str:
    path, line, column = note.place
    parts = {"file": path, "line": str(line), "col": str(column), "title": note.code}
    properties = ",".join(f"{name}={_property(value)}" for name, value in parts.items())
    return f"::{note.level} {properties}::{_data(note.text)}"


def _data(text: str) -> str:
    """Return text in which nothing can end the command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def render_sarif(notes: Iterable[Note], meanings: Mapping[str, str], *, version: str) -> str:
    """Return a SARIF log of one run.

    Args:
        notes: In the order in which they should appear.
        meanings: What each code means, as far as it is declared.
        version: Version of this project.
    """
    found = list(notes)
    codes = list(dict.fromkeys(note.code for note in found))
    rules = [{"id": code, "shortDescription": {"text": meanings.get(code, code)}} for code in codes]
    driver = {"name": "repro check", "version": version, "rules": rules}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(note, codes.index(note.code)) for note in found],
    }
    return json.dumps({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _result(note: Note, rule: int) -> dict[str, object]:
    path, line, column = note.place
    place = {
        "artifactLocation": {"uri": quote(os.fsencode(path)), "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": line, "startColumn": column},
    }
    return {
        "ruleId": note.code,
        "ruleIndex": rule,
        "level": note.level,
        "message": {"text": note.text},
        "locations": [{"physicalLocation": place}],
    }
