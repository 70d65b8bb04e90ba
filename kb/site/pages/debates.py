"""Debates: the answer, the readings ticked, what speaks for and against each side, and who says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from string import ascii_uppercase
from typing import NamedTuple

from markupsafe import Markup

from kb.exports.published import Site
from kb.judging.judgement import Judgement, State
from kb.reading.load import Base
from kb.reasoning.readings import decision_of, obtained
from kb.reasoning.relations import Edge, edges_of
from kb.records.debates import Debate, Reading, Side
from kb.records.relations import RELATIONS, RelationWords
from kb.site.cards import DEBATE
from kb.site.figures.debate_map import debate_map
from kb.site.figures.headline import Headline, headline
from kb.site.page import Page, page_from
from kb.site.templates import authors
from kb.words.accounts import SIDE_WEIGHTS, SideWeight, WeightWords
from kb.words.answers import CAME_OUT, OBTAINED, Obtained
from kb.words.sources import STANCES

MAIN = "rigor-or-progress"
"""The debate on the start page; if it does not exist, the first one is shown."""


MARKS: dict[Obtained, State] = {
    "obtained": "reproduced",
    "not obtained": "contradicted",
    "open": "inconclusive",
}
"""The state whose icon shows whether a reading came true."""


class MeasuredClaim(NamedTuple):
    """A measured claim that speaks for or against a side.

    Attributes:
        claim_id: The measured claim.
        about: The side's claim that it bears on; the same if that was measured itself.
        weight: For or against the side, both, or neither yet.
        words: What it does to the side's claim, as a verb; empty if it is that claim itself.
    """

    claim_id: str
    about: str
    weight: SideWeight
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
    """One result that a debate foresees, and whether it came true.

    Attributes:
        mark: The state whose icon shows it.
    """

    if_: str
    then: str
    obtained_words: str
    mark: State
    conditions: tuple[Condition, ...]


class DebateMap(NamedTuple):
    """The claims of a debate with what bears on what among them.

    Attributes:
        figure: The drawing.
        sides: The letter and the name of each side.
        listed: The same in words: each claim, the letters of the sides that rely on it, what bears on it.
    """

    figure: Markup
    sides: tuple[tuple[str, str], ...]
    listed: tuple[tuple[str, str, tuple[Edge, ...]], ...]


class Voice(NamedTuple):
    """Somebody who takes a stance towards a claim of a side."""

    name: str
    stance: str
    source_id: str


def pages(site: Site) -> Iterator[Page]:
    """Yield the overview and a page for each debate."""
    base = site.base
    title, description = "Debates", "Every question on which sources take sides."
    edges = edges_of(base)
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
            words=" · ".join(
                [*debate.aliases, debate.question.strip(), *(side.name for side in debate.sides)]
            ),
            hide=("navigation", "toc"),
            head={"card": DEBATE},
            debate_id=debate_id,
            debate=debate,
            answer=site.answers.get(debate_id),
            readings=[_reading(base, site.judgements, reading) for reading in debate.readings],
            ledgers=[
                (side, ledger(measured_claims(base, site.judgements, side.claims))) for side in debate.sides
            ],
            missing=_missing(site, debate),
            figure=_figure(site, debate),
            map=mapped(site, debate, edges),
            relation_words=RELATIONS,
            voices={i: voices(base, i) for side in debate.sides for i in side.claims},
            stances=STANCES,
        )._replace(aliases=debate.aliases)


def _missing(site: Site, debate: Debate) -> list[str]:
    """Return the claims that the debate turns on, or that a side holds, and that wait for a measurement."""
    named = dict.fromkeys((*debate.asked, *(i for side in debate.sides for i in side.claims)))
    waiting = ("stale", "not run", "to be written", "untested", "inconclusive")
    return [i for i in named if i in site.judgements and site.judgements[i].state in waiting]


def mapped(site: Site, debate: Debate, edges: Iterable[Edge]) -> DebateMap:
    """Return the map of a debate: what it turns on, what its sides rely on, and what was measured of it."""
    base, judgements = site.base, site.judgements
    held = [claim_id for side in debate.sides for claim_id in side.claims]
    measured = [each.claim_id for each in measured_claims(base, judgements, held)]
    claims = [i for i in dict.fromkeys((*held, *debate.asked, *measured)) if i in base.claims]
    within = [edge for edge in edges if edge.start in claims and edge.end in claims]
    sides = tuple((ascii_uppercase[place], side.name) for place, side in enumerate(debate.sides))
    letters = {
        i: "".join(letter for (letter, _), side in zip(sides, debate.sides, strict=True) if i in side.claims)
        for i in claims
    }
    listed = tuple((i, letters[i], tuple(edge for edge in within if edge.end == i)) for i in claims)
    return DebateMap(debate_map(base, judgements, claims, within, letters), sides, listed)


def _figure(site: Site, debate: Debate) -> tuple[str, Headline] | None:
    """Return the figure of the first claim that the debate turns on which has one."""
    for claim_id in debate.asked:
        if claim_id in site.base.claims and (found := headline(site, claim_id, figure_id="debate")):
            return claim_id, found
    return None


def _reading(base: Base, judgements: Mapping[str, Judgement], reading: Reading) -> ReadingShown:
    conditions = []
    for named in reading.when:
        protocol = base.claims[named.claim].protocol
        says = {each.name: each.says for each in protocol.predictions} if protocol else {}
        words = CAME_OUT[decision_of(named, judgements)]
        conditions.append(Condition(named.claim, says[named.prediction].strip(), words))
    came = obtained(reading, judgements)
    return ReadingShown(reading.if_, reading.then, OBTAINED[came], MARKS[came], tuple(conditions))


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
        i: MeasuredClaim(i, i, weight_of(judgements[i].state, is_against=False), "")
        for i in wanted
        if _has_verdict(judgements, i)
    }
    for about in wanted:
        for other, relation, is_stated_by_it in _related(base, about):
            if not _has_verdict(judgements, other) or other in found:
                continue
            is_against = relation.effect == "against"
            if is_against or relation.points_back == is_stated_by_it:
                weight = weight_of(judgements[other].state, is_against=is_against)
                found[other] = MeasuredClaim(other, about, weight, relation.bears)
    return list(found.values())


def weight_of(state: State, *, is_against: bool) -> SideWeight:
    """Return what a measured claim says of a side, by how it came out and by what it does to the side.

    What contradicts a side speaks against it where it held; where it failed it says nothing for the side.
    """
    if state in ("split", "varies"):
        return "mixed"
    if state == "reproduced":
        return "against" if is_against else "for"
    return "against" if state == "contradicted" and not is_against else "undecided"


def ledger(found: Iterable[MeasuredClaim]) -> list[tuple[WeightWords, list[MeasuredClaim]]]:
    """Return measured claims under the headings of their weights; headings without any are left out."""
    grouped: dict[SideWeight, list[MeasuredClaim]] = {weight: [] for weight in SIDE_WEIGHTS}
    for each in found:
        grouped[each.weight].append(each)
    return [(SIDE_WEIGHTS[weight], claims) for weight, claims in grouped.items() if claims]


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
