"""The whole knowledge base as read: records, scripts, their positions in files, and all problems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from kb.reading.experiment import Script
from kb.reading.overviews import Overview
from kb.records.claims import Claim, Protocol, Source, Tombstone
from kb.records.debates import Debate
from kb.records.protocol import LARGE, MINIMAL, Setting
from kb.text.problems import Keys, Place, Problem
from kb.text.yaml_guard import Places, Position, places


@dataclass(frozen=True)
class Document:
    """A file that was read: its lines, and the places of its keys and values, found on first use.

    Attributes:
        path: Relative to the project's root.
        text: The whole file.
    """

    path: str
    text: str

    @cached_property
    def lines(self) -> list[str]:
        """Return the lines without line ends."""
        return self.text.split("\n")

    @cached_property
    def _places(self) -> Places:
        return places(self.text)

    def place(self, keys: Keys, *, of_key: bool = False) -> Place:
        """Return the place of a value, or of its key, or else of the nearest thing around it that exists."""
        positions = self._places.keys if of_key and keys in self._places.keys else self._places.values
        while keys and keys not in positions:
            keys, positions = keys[:-1], self._places.values
        return Place(self.path, *positions.get(keys, Position(1, 1)))

    def line(self, number: int) -> str:
        """Return a line, counted from 1; empty beyond the end."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""


@dataclass(frozen=True)
class Base:
    """Everything that people wrote, as far as it could be read.

    Attributes:
        claims: By id, in order of ids.
        sources: By id, in order of ids.
        scripts: By the experiment's name.
        topics: The topic folder of each claim.
        debates: By id, in order of ids.
        tombstones: By the old id of the claim, in order of ids.
        overviews: Texts by hand about many verdicts, by id, in order of ids.
        paths: The file of each record, also of those that could not be read.
        problems: Everything wrong, in all files, by place.
        documents: The file of each record that is YAML.
        unread: Ids of records and names of experiments whose file exists but is wrong.
        today: Date as `2026-01-31` after which nothing can have been issued, if the caller knows it.
    """

    claims: Mapping[str, Claim]
    sources: Mapping[str, Source]
    scripts: Mapping[str, Script]
    topics: Mapping[str, str]
    paths: Mapping[str, str]
    debates: Mapping[str, Debate] = field(default_factory=dict)
    tombstones: Mapping[str, Tombstone] = field(default_factory=dict)
    overviews: Mapping[str, Overview] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    documents: Mapping[str, Document] = field(default_factory=dict, repr=False)
    unread: frozenset[str] = frozenset()
    today: str | None = None

    def place(self, record_id: str, *keys: str | int) -> Place:
        """Return the place of a value of a record; without keys, the record's start.

        Raises:
            KeyError: There is no record of that id.
        """
        if record_id in self.documents:
            return self.documents[record_id].place(keys)
        return Place(self.paths[record_id], 1, 1)

    def protocols(self) -> Iterator[tuple[str, Protocol, Script]]:
        """Return id, protocol and script of every claim whose experiment was read."""
        for claim_id, claim in self.claims.items():
            if claim.protocol and claim.protocol.experiment in self.scripts:
                yield claim_id, claim.protocol, self.scripts[claim.protocol.experiment]

    def settings(self, experiment: str) -> tuple[Setting, ...]:
        """Return every setting at which an experiment is run, each once: MINIMAL, LARGE, those of claims."""
        return self._settings[experiment]

    @cached_property
    def _settings(self) -> dict[str, tuple[Setting, ...]]:
        found = {
            name: {script.version_at(setting): setting for setting in (MINIMAL, LARGE)}
            for name, script in self.scripts.items()
        }
        for _, protocol, script in self.protocols():
            for setting in protocol.settings:
                found[script.name].setdefault(script.version_at(setting), setting)
        return {name: tuple(settings.values()) for name, settings in found.items()}

    def successors(self, claim_id: str) -> tuple[str, ...]:
        """Return the claims that stand for an id today: itself, or those that its tombstones lead to.

        For a circle of tombstones, which `repro check` reports, there are none.
        """
        found: dict[str, None] = {}
        pending, seen = [claim_id], {claim_id}
        while pending:
            name = pending.pop(0)
            if name in self.claims:
                found[name] = None
            elif name in self.tombstones:
                fresh = [target for target in self.tombstones[name].targets if target not in seen]
                pending += fresh
                seen.update(fresh)
        return tuple(found)

    def problem(
        self,
        code: str,
        record_id: str,
        keys: Keys,
        *,
        found: str,
        allowed: str,
        advice: str,
        nearest: str | None = None,
    ) -> Problem:
        """Return a problem about a value of a record that was read."""
        document = self.documents[record_id]
        place = document.place(keys)
        return Problem(code, place, found, allowed, advice, nearest, document.line(place.line))
