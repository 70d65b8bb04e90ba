"""Earlier tests of a claim, counted from all evidence there is, so that none can be left out. Pure.

A test is a test version, at the end of its links, with a digest of the predictions and controls that were
judged on it. One that has evidence and that is none of today's is superseded: code, scale or bounds were
changed after values had been seen. Each halves the level of every finding of the claim.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from kb.evidence.ledger import Evidence, Ledger
from kb.judging.verdict import Verdict, judge
from kb.reading.experiment import Script
from kb.records.claims import Protocol

AFTERWARDS = ""
"""The digest of predictions that were written when there were values already."""


@dataclass(frozen=True)
class Superseded:
    """A test of a claim that has evidence, and that is not one of today's.

    Attributes:
        version: The test version at the end of its links.
        digest: The digest of the predictions and controls that were judged on it.
        pieces: Its evidence, in the order of its start.
        setting: The setting of today that it is compared with: of the same name, or else the main one.
        level: The number of superseded tests in all.
        is_current_version: Is its version one of today's, so that only predictions have changed?
        successor: Evidence that counts today at that setting and has the same schema, if there is any.
    """

    version: str
    digest: str
    pieces: tuple[Evidence, ...]
    setting: str
    level: int
    is_current_version: bool
    successor: Evidence | None = field(repr=False)
    protocol: Protocol = field(repr=False, compare=False)
    script: Script = field(repr=False, compare=False)
    ledger: Ledger = field(repr=False, compare=False)

    @property
    def first(self) -> str:
        """Return when its first block was started."""
        return self.pieces[0].started

    @property
    def last(self) -> str:
        """Return when its last block was started."""
        return self.pieces[-1].started

    @property
    def has_other_predictions(self) -> bool:
        """Did predictions or controls differ from today's when its values were measured?"""
        return self.digest != self.protocol.digest

    @property
    def changed_code(self) -> tuple[str, ...]:
        """Return the modules whose code differed, in alphabetical order.

        It is compared with the code that measured today's evidence: later changes compute the same.
        """
        if self.is_current_version:
            return ()
        piece, successor = self.pieces[-1], self.successor
        now = successor.code if successor else self.script.code_like(piece.schema_version)
        return tuple(n for n in sorted({**piece.code, **now}) if piece.code.get(n) != now.get(n))

    @property
    def changed_scale(self) -> tuple[str, ...]:
        """Return the fields of the scale that had other values, in alphabetical order."""
        if self.is_current_version:
            return ()
        then, now = self.pieces[-1].scale, self.scale
        return tuple(name for name in sorted({**then, **now}) if then.get(name) != now.get(name))

    @property
    def scale(self) -> Mapping[str, object]:
        """Return the fields of today's scale that it is compared with."""
        settings = {setting.name: setting for setting in self.protocol.settings}
        return self.script.scale_of(settings[self.setting])

    @cached_property
    def verdict(self) -> Verdict | None:
        """Return its verdict by today's predictions, or None if it did not measure what they need."""
        protocol = self.protocol
        values = self.ledger.values(self.script.name, self.version, protocol.arms)
        for _, part in protocol.bounded:
            if part.outcome not in self.script.outcomes:
                return None
            if any(part.outcome not in values[arm] for arm in part.arms):
                return None
        return judge(protocol, self.script.outcomes, values, superseded=self.level)


def superseded(
    claim_id: str, protocol: Protocol, script: Script, ledger: Ledger, current: Collection[str]
) -> tuple[Superseded, ...]:
    """Return the superseded tests of a claim, the oldest first.

    Args:
        claim_id: Of the claim. Evidence that does not name it is of no test of it, unless it counts today:
            then the predictions were written after values had been there to be seen.
        protocol: Of the claim.
        script: Of its experiment.
        ledger: All evidence.
        current: The test version of each setting.
    """
    origins = {ledger.origin(version) for version in current}
    found = {
        test: pieces
        for test, pieces in _tests(claim_id, protocol, script, ledger, origins).items()
        if test[0] not in origins or test[1] != protocol.digest
    }
    names = {setting.name for setting in protocol.settings}
    tests = []
    for (version, digest), pieces in found.items():
        latest = pieces[-1]
        setting = latest.scale_name if latest.scale_name in names else protocol.main.name
        successor = _successor(ledger, script, origins, setting, latest.schema_version)
        words = (version, digest, tuple(pieces), setting, len(found), version in origins, successor)
        tests.append(Superseded(*words, protocol, script, ledger))
    return tuple(sorted(tests, key=lambda test: (test.first, test.last, test.version, test.digest)))


def _tests(
    claim_id: str, protocol: Protocol, script: Script, ledger: Ledger, origins: Collection[str]
) -> Mapping[tuple[str, str], list[Evidence]]:
    """Return the evidence of every test, in the order of its start."""
    found: dict[tuple[str, str], list[Evidence]] = defaultdict(list)
    for piece in _pieces(claim_id, protocol, script, ledger):
        origin = ledger.origin(piece.version)
        if claim_id in piece.predictions or origin in origins:
            found[origin, piece.predictions.get(claim_id, AFTERWARDS)].append(piece)
    return found


def _pieces(claim_id: str, protocol: Protocol, script: Script, ledger: Ledger) -> Iterator[Evidence]:
    """Yield the evidence that may be of a test of a claim, in the order of its start.

    Arms that another claim of the experiment judges are of no test of this one. Arms that the script no
    longer has are, and so is what was measured for the claim by another experiment: whoever renames arms or
    moves a claim sheds no test.
    """
    arms = {*protocol.arms}
    known = script.arms.keys() | arms
    pieces = [piece for piece in ledger.of_experiment(script.name) if piece.arm in arms]
    pieces += [
        piece
        for piece in ledger.naming(claim_id)
        if piece.experiment != script.name or piece.arm not in known
    ]
    yield from sorted((piece for piece in pieces if piece.replication == 0), key=lambda piece: piece.started)


def _successor(
    ledger: Ledger, script: Script, origins: Collection[str], setting: str, schema_version: int
) -> Evidence | None:
    """Return a piece of today's evidence with the given schema, measured at a setting, or None."""
    pieces = (
        piece
        for piece in ledger.of_experiment(script.name)
        if (piece.scale_name, piece.schema_version) == (setting, schema_version)
        and ledger.origin(piece.version) in origins
    )
    return next(pieces, None)
