"""Debates: the sides next to each other, who holds them, and what the evidence says so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from kb.exports.published import Site
from kb.judging.judgement import Judgement
from kb.reading.load import Base
from kb.reasoning.readings import decision_of, obtained
from kb.records.debates import Debate, Reading, Side
from kb.records.relations import RELATIONS, RelationWords
from kb.site.page import Page, page_from
from kb.site.templates import authors
from kb.words.answers import CAME_OUT, OBTAINED
from kb.words.sources import STANCES

MAIN = "rigor-or-progress"
"""The debate on the start page; if it does not exist, the first one is shown."""


class MeasuredClaim(NamedTuple):
    """A measured claim that speaks for or against a side.

    Attributes:
        claim_id: The measured claim.
        about: The side's claim that it bears on; the same if that was measured itself.
        is_against: Does it contradict the side's claim?
        words: What it does to the side's claim, as a verb; empty if it is that claim itself.
    """

    claim_id: str
    about: str
    is_against: bool
    words: str


class Condition(NamedTuple):
    """A prediction that shows whether a reading came true.

    Attributes:
        claim_id: The claim that makes it.
        says: The prediction in one sentence.
        words: How it came out.
    """

    claim_id: str
    says: str
    words: str


class ReadingShown(NamedTuple):
    """One result that a debate foresees, and whether it came true."""

    if_: str
    then: str
    obtained_words: str
    conditions: tuple[Condition, ...]


class Voice(NamedTuple):
    """Somebody who takes a stance towards a claim of a side."""

    name: str
    stance: str
    source_id: str


def pages(site: Site) -> Iterator[Page]:
    """Yield the overview and a page for each debate."""
    base = site.base
    title, description = "Debates", "Every question on which sources take sides."
    measured = {i: _measured(base, site.judgements, debate) for i, debate in base.debates.items()}
    yield page_from(
        site, "debates/index.md", "debates", title, description, hide=("navigation", "toc"), measured=measured
    )
    for debate_id, debate in base.debates.items():
        yield page_from(
            site,
            f"debates/{debate_id}.md",
            "debate",
            debate.title,
            debate.question,
            hide=("navigation", "toc"),
            debate_id=debate_id,
            debate=debate,
            answer=site.answers.get(debate_id),
            readings=[_reading(base, site.judgements, reading) for reading in debate.readings],
            bearings=[(side, measured_claims(base, site.judgements, side.claims)) for side in debate.sides],
            voices={i: voices(base, i) for side in debate.sides for i in side.claims},
            stances=STANCES,
        )


def _reading(base: Base, judgements: Mapping[str, Judgement], reading: Reading) -> ReadingShown:
    conditions = []
    for named in reading.when:
        protocol = base.claims[named.claim].protocol
        says = {each.name: each.says for each in protocol.predictions} if protocol else {}
        words = CAME_OUT[decision_of(named, judgements)]
        conditions.append(Condition(named.claim, says[named.prediction].strip(), words))
    words = OBTAINED[obtained(reading, judgements)]
    return ReadingShown(reading.if_, reading.then, words, tuple(conditions))


def voices(base: Base, claim_id: str) -> list[Voice]:
    """Return who takes which stance, in the order of the record."""
    found = []
    for said in base.claims[claim_id].stated_in:
        if said.source in base.sources:
            name = said.taken_by or authors(base.sources[said.source])
            found.append(Voice(name, said.stance, said.source))
    return [*dict.fromkeys(found)]


def holders(base: Base, claims: Iterable[str], most: int) -> list[str]:
    """Return the people who assert most of some claims, up to a number."""
    found: Counter[str] = Counter()
    for claim_id in claims:
        for said in base.claims[claim_id].stated_in:
            if said.source in base.sources and said.stance == "asserts":
                written_by = [author.full for author in base.sources[said.source].author]
                found.update([said.taken_by] if said.taken_by else written_by)
    return [name for name, _ in sorted(found.items(), key=lambda item: (-item[1], item[0]))][:most]


def measured_claims(
    base: Base, judgements: Mapping[str, Judgement], claims: Iterable[str]
) -> list[MeasuredClaim]:
    """Return the measured claims that bear on some claims: themselves, then those one relation away."""
    wanted = tuple(claims)
    found = {
        i: MeasuredClaim(i, i, is_against=False, words="") for i in wanted if _has_verdict(judgements, i)
    }
    for about in wanted:
        for other, relation, is_stated_by_it in _related(base, about):
            if not _has_verdict(judgements, other) or other in found:
                continue
            is_against = relation.effect == "against"
            if is_against or relation.points_back == is_stated_by_it:
                found[other] = MeasuredClaim(other, about, is_against=is_against, words=relation.bears)
    return list(found.values())


def _related(base: Base, claim_id: str) -> Iterator[tuple[str, RelationWords, bool]]:
    """Yield each relation of a claim: its other end, its type, and whether the claim states it."""
    for relation in base.claims[claim_id].relations:
        if relation.claim in base.claims:
            yield relation.claim, RELATIONS[relation.type], True
    for other, claim in base.claims.items():
        for relation in claim.relations:
            if relation.claim == claim_id:
                yield other, RELATIONS[relation.type], False


def _has_verdict(judgements: Mapping[str, Judgement], claim_id: str) -> bool:
    verdict = judgements[claim_id].verdict
    return verdict is not None and verdict.seeds > 0


def _measured(
    base: Base, judgements: Mapping[str, Judgement], debate: Debate
) -> list[tuple[Side, list[MeasuredClaim]]]:
    return [(side, measured_claims(base, judgements, side.claims)) for side in debate.sides]
