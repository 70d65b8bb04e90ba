"""What became of a claim over time: its versions in, one event for each thing that changed out.

Every version is judged as it was, with the evidence of its time, by today's rule. Who knows the versions,
from version control or otherwise, is of no concern to this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from kb.evidence.ledger import Evidence, Ledger
from kb.judging.details import FailedControl
from kb.judging.judgement import Judgement, State, judge_claim
from kb.reading.base import Base
from kb.reading.experiment import Script
from kb.records.claims import Claim, Control, Prediction, Protocol, Record, Tombstone
from kb.words.failed import failed_clause
from kb.words.numbers import count

ChangeKind = Literal[
    "record", "title", "statement", "scope", "protocol", "relations", "review", "code", "evidence"
]


@dataclass(frozen=True)
class Version:
    """A claim and everything by which it is judged, at one time.

    Attributes:
        commit: Name of the commit; None for files that were not committed.
        time: Time of the commit, such as `2026-01-31T23:59:59Z`.
        topic: The folder of the record; None where there is no record.
        record: The claim or its tombstone; None where it does not exist or cannot be read.
        script: The script of the claim's experiment; None where it does not exist or cannot be read.
        ledger: The evidence of the claim's experiment.
    """

    commit: str | None
    time: str
    topic: str | None = None
    record: Record | None = None
    script: Script | None = None
    ledger: Ledger = field(default_factory=Ledger)


class Event(NamedTuple):
    """One thing that changed.

    Attributes:
        commit: The commit that changed it; None for what is not committed.
        kind: What sort of thing changed.
        words: What happened, without the claim's id.
        state: The claim's state after all events of this commit; None while it has none.
        seeds: Seeds behind the verdict then.
        is_turn: Is this the last event of its commit, and did the state or the seeds change?
        before: The former text, where a text was changed.
        after: The new text, where a text was changed.
    """

    commit: str | None
    time: str
    kind: ChangeKind
    words: str
    state: State | None = None
    seeds: int = 0
    is_turn: bool = False
    before: str = ""
    after: str = ""


class Told(NamedTuple):
    """What the commits of a project tell of its claims.

    Attributes:
        events: What became of each claim, the oldest first.
        missing: Why they tell nothing, for whoever builds the site; empty if they do.
    """

    events: Mapping[str, Sequence[Event]]
    missing: str = ""


class _Change(NamedTuple):
    kind: ChangeKind
    words: str
    before: str = ""
    after: str = ""


def history(claim_id: str, versions: Iterable[Version]) -> tuple[Event, ...]:
    """Return everything that changed between the versions of a claim, oldest first."""
    events: list[Event] = []
    last: Version | None = None
    known: Version | None = None  # the last that held a claim
    judged: Judgement | None = None
    for version in versions:
        state: State | None = None
        seeds = 0
        if isinstance(version.record, Claim):
            steps = list(_steps(last, known, version))
            found = _judged(claim_id, version, version.record)
            steps += _evidence_steps(known, judged, version, found)
            steps += _control_steps(judged, found)
            state, seeds = found.state, found.verdict.seeds if found.verdict else 0
            known, judged = version, found
        else:
            steps = list(_gone(last, version))
        before = (events[-1].state, events[-1].seeds) if events else (None, 0)
        for i, step in enumerate(steps, start=1):
            is_turn = i == len(steps) and state is not None and (state, seeds) != before
            head = (version.commit, version.time, step.kind, step.words)
            events.append(Event(*head, state, seeds, is_turn, step.before, step.after))
        last = version
    return tuple(events)


def _judged(claim_id: str, version: Version, claim: Claim) -> Judgement:
    scripts = {version.script.name: version.script} if version.script else {}
    base = Base({claim_id: claim}, {}, scripts, {}, {})
    return judge_claim(base, version.ledger, claim_id)


def _steps(last: Version | None, known: Version | None, now: Version) -> Iterator[_Change]:
    """Yield what changed in the record and code of an existing claim since the last time it existed."""
    claim, former = now.record, known.record if known else None
    if not isinstance(claim, Claim):
        return
    if known is None or not isinstance(former, Claim):
        yield _Change("record", "written", after=" ".join(claim.statement.split()))
    else:
        if last is not known:
            yield _Change("record", "written anew")
        if known.topic != now.topic:
            yield _Change("record", f"moved from {known.topic}/ to {now.topic}/")
        yield from _text_steps(former, claim)
        yield from _protocol_steps(former.protocol, claim.protocol)
        yield from _relation_steps(former, claim)
        if claim.reviewed and claim.reviewed != former.reviewed:
            yield _Change("review", f"links reviewed: {claim.reviewed.note}")
    yield from _code_steps(known.script if known else None, now.script, now.ledger)


def _gone(last: Version | None, now: Version) -> Iterator[_Change]:
    """Yield how a claim ended, at the version in which it did."""
    if isinstance(now.record, Tombstone):
        if last is None or last.record != now.record:
            done = "moved to" if now.record.moved_to else "split into"
            yield _Change("record", f"{done} {' and '.join(now.record.targets)}")
    elif last is None or (last.topic, last.record) != (now.topic, now.record):
        gone = "deleted" if now.topic is None else "written in a form that today's rules do not read"
        yield _Change("record", gone)


def _text_steps(former: Claim, now: Claim) -> Iterator[_Change]:
    kinds: tuple[Literal["title", "statement", "scope"], ...] = ("title", "statement", "scope")
    for kind in kinds:
        before, after = (" ".join((getattr(claim, kind) or "").split()) for claim in (former, now))
        if before != after:
            done = "changed" if before and after else "given" if after else "removed"
            yield _Change(kind, f"{kind} {done}", before, after)


def _protocol_steps(former: Protocol | None, now: Protocol | None) -> Iterator[_Change]:
    if former is None or now is None:
        if former != now:
            yield _Change("protocol", "protocol written" if now else "protocol withdrawn")
        return
    if former.experiment != now.experiment:
        words = f"experiment {now.experiment} instead of {former.experiment}"
        yield _Change("protocol", words, former.experiment, now.experiment)
    yield from _listed("protocol", "setting", _settings(former), _settings(now))
    predictions = (_by_name(former.predictions), _by_name(now.predictions))
    yield from _listed("protocol", "prediction", *predictions)
    yield from _listed("protocol", "control of", _by_target(former.controls), _by_target(now.controls))


def _settings(protocol: Protocol) -> dict[str, object]:
    """Return what decides of each setting by its name."""
    return {each.name: (each.base, each.overrides) for each in protocol.settings}


def _by_name(predictions: Iterable[Prediction]) -> dict[str, object]:
    return {each.name: each.model_dump(exclude={"says", "because"}) for each in predictions}


def _by_target(controls: Iterable[Control]) -> dict[str, object]:
    """Return the controls of each prediction by its name, and those with a bound of their own by theirs."""
    found: dict[str, list[object]] = {}
    for each in controls:
        found.setdefault(each.prediction or each.name or "", []).append(each.arms)
    return {**found}


def _relation_steps(former: Claim, now: Claim) -> Iterator[_Change]:
    links = [
        {f"{each.type} {each.claim}": (each.strict, each.on) for each in claim.relations}
        for claim in (former, now)
    ]
    yield from _listed("relations", "relation", *links)


def _listed(
    kind: ChangeKind, noun: str, former: Mapping[str, object], now: Mapping[str, object]
) -> Iterator[_Change]:
    """Yield one step each for what was added to a list, what was removed and what was changed."""
    groups = {
        "added": [name for name in now if name not in former],
        "removed": [name for name in former if name not in now],
        "changed": [name for name in now if name in former and former[name] != now[name]],
    }
    for done, names in groups.items():
        if names:
            yield _Change(kind, f"{noun} {done}: {', '.join(names)}")


def _code_steps(former: Script | None, now: Script | None, ledger: Ledger) -> Iterator[_Change]:
    """Yield a step if the code that measures changed; a change of experiment is one of the protocol.

    As long as all evidence is of the first schema, code means what it meant then.
    """
    is_first = not ledger.links and all(piece.schema_version == 1 for piece in ledger.evidence)
    if now is not None and former is None:
        yield _Change("code", f"script {now.name} written")
    elif now is not None and former is not None and now.name == former.name:
        before, after = (script.first_code if is_first else script.code for script in (former, now))
        names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
        if names:
            yield _Change("code", f"code changed: {', '.join(names)}")
        elif former.scales != now.scales:
            yield _Change("code", f"scale of {now.name} changed")
    elif now is None and former is not None:
        yield _Change("code", f"script {former.name} removed or unreadable")


def _evidence_steps(
    last: Version | None, former: Judgement | None, now: Version, found: Judgement
) -> Iterator[_Change]:
    """Yield one step for the claim's blocks that were added and one for those that were removed."""
    known = {_key(piece) for piece in last.ledger.evidence} if last else set()
    there = {_key(piece) for piece in now.ledger.evidence}
    added = [piece for piece in _pieces(found) if _key(piece) not in known]
    removed = [piece for piece in _pieces(former) if _key(piece) not in there]
    for done, pieces in (("added", added), ("removed", removed)):
        if pieces:
            days = sorted({piece.started[:10] for piece in pieces})
            measured = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
            blocks = count(len(pieces), "block")
            yield _Change("evidence", f"evidence {done}: {blocks}, measured {measured}")


def _control_steps(former: Judgement | None, found: Judgement) -> Iterator[_Change]:
    """Yield a step for each control of the experiment itself that failed, and one when none does any more."""
    before, now = _failing(former), _failing(found)
    for each in now:
        if each not in before:
            yield _Change("evidence", f"a control of the experiment failed: {failed_clause(each)}")
    if before and not now:
        yield _Change("evidence", "no control of the experiment fails any more")


def _failing(judgement: Judgement | None) -> tuple[FailedControl, ...]:
    settings = judgement.judged if judgement else ()
    return tuple(dict.fromkeys(each for s in settings if s.verdict for each in s.verdict.failing))


def _pieces(judgement: Judgement | None) -> tuple[Evidence, ...]:
    return (*judgement.evidence, *judgement.stale) if judgement else ()


def _key(piece: Evidence) -> tuple[str, str, int, int, str]:
    return piece.version, piece.arm, piece.block, piece.replication, piece.started
