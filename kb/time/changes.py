"""What differs between two states of the knowledge base: claims, relations, verdicts and standings.

Both are judged by today's rules; where they come from, such as two revisions, is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from kb.judging.judgement import Judgement, State
from kb.project import Project
from kb.reading.base import Base
from kb.reasoning.standing import Standing, StandingName
from kb.records.claims import Claim
from kb.time.suspects import parts

Done = Literal["added", "removed", "changed"]


class ClaimChange(NamedTuple):
    """A claim that exists in only one state, or differs.

    Attributes:
        what: For a changed claim, the fields that differ; for a removed one, the claims that replaced it.
    """

    claim_id: str
    done: Done
    what: tuple[str, ...] = ()


class RelationChange(NamedTuple):
    """A relation that is there in one state only, or whose reason, strictness or predictions differ."""

    claim_id: str
    type: str
    target: str
    done: Done


class VerdictChange(NamedTuple):
    """A claim's state before and after; None where there was no such claim."""

    claim_id: str
    before: State | None
    after: State | None


class StandingChange(NamedTuple):
    """A claim's standing before and after, and why it is what it is now; nothing where it had none."""

    claim_id: str
    before: StandingName | None
    after: StandingName | None
    because: tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """Everything that differs, each kind in order of ids."""

    claims: tuple[ClaimChange, ...]
    relations: tuple[RelationChange, ...]
    verdicts: tuple[VerdictChange, ...]
    standings: tuple[StandingChange, ...]


def compare(before: Project, after: Project) -> Difference:
    """Return what differs between two states."""
    return Difference(
        tuple(_claims(before.base, after.base)),
        tuple(_relations(before.base, after.base)),
        tuple(_verdicts(before.judgements, after.judgements)),
        tuple(_standings(before.standings, after.standings)),
    )


def _claims(before: Base, after: Base) -> Iterator[ClaimChange]:
    for claim_id in sorted(before.claims.keys() | after.claims.keys()):
        former, now = before.claims.get(claim_id), after.claims.get(claim_id)
        if former is None:
            yield ClaimChange(claim_id, "added")
        elif now is None:
            yield ClaimChange(claim_id, "removed", after.successors(claim_id))
        else:
            what = [*_fields(former, now)]
            if before.topics[claim_id] != after.topics[claim_id]:
                what.insert(0, "topic")
            if what:
                yield ClaimChange(claim_id, "changed", tuple(what))


def _fields(former: Claim, now: Claim) -> Iterator[str]:
    """Yield the fields that differ, without relations; a protocol is marked if only its wording differs."""
    for name in Claim.model_fields:
        if name == "relations" or getattr(former, name) == getattr(now, name):
            continue
        is_prose = name in ("statement", "scope", "protocol") and parts(former).get(name) == parts(now).get(
            name
        )
        yield f"{name} (wording)" if is_prose else name


def _relations(before: Base, after: Base) -> Iterator[RelationChange]:
    former, now = _table(before), _table(after)
    for link in sorted(former.keys() | now.keys()):
        if former.get(link) != now.get(link):
            yield RelationChange(*link, "removed" if link not in now else _done(link in former))


def _done(was_there: bool) -> Done:  # noqa: FBT001  # the one thing it is asked
    return "changed" if was_there else "added"


def _table(base: Base) -> dict[tuple[str, str, str], tuple[object, ...]]:
    return {
        (claim_id, relation.type, relation.claim): (relation.because, relation.strict, relation.on)
        for claim_id, claim in base.claims.items()
        for relation in claim.relations
    }


def _verdicts(before: Mapping[str, Judgement], after: Mapping[str, Judgement]) -> Iterator[VerdictChange]:
    for claim_id in sorted(before.keys() | after.keys()):
        former, now = (each[claim_id].state if claim_id in each else None for each in (before, after))
        if former != now:
            yield VerdictChange(claim_id, former, now)


def _standings(before: Mapping[str, Standing], after: Mapping[str, Standing]) -> Iterator[StandingChange]:
    for claim_id in sorted(before.keys() | after.keys()):
        former, now = (each[claim_id].standing if claim_id in each else None for each in (before, after))
        if former != now:
            because = after[claim_id].because if claim_id in after else ()
            yield StandingChange(claim_id, former, now, because)
