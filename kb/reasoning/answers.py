"""Which answers speak of verdicts as they are, and which are suspect.

An answer is text that people wrote about verdicts. It carries a digest of the verdicts it speaks of. If it
has none, or if the digest of today's verdicts differs, it is **suspect** until somebody has read it again and
`repro review` has written the new digest.

The digest of a claim's verdict is made of everything whose change makes an answer out of date:

- the **test**: the version (code and scale) under which the first counting block was measured, and the
  digest of predictions and controls. Another test gives other figures, and answers quote figures;
- the **state** of the claim;
- of each prediction and each control, the **decision**, and the **side** of zero on which its interval lies:
  above, below, or on both. (A share of seeds has no side.)

Estimates and ends of intervals are left out digit by digit, as is the number of seeds: one more block of the
same test moves them a little and changes no sentence unless it changes a decision or a side. So is alpha,
which acts through the intervals alone.

A sentence of an overview (`kb.reading.overviews`) carries the same for the claims that it names.

The digest of a debate is made of the digests of the claims that its discriminating experiment and its
readings name; a claim without a verdict counts as such, so its first verdict makes the answer suspect.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from kb.judging.finding import Finding
from kb.judging.judgement import Judgement, SettingJudgement
from kb.reading.base import Base
from kb.reading.overviews import Statement
from kb.records.claims import Claim
from kb.records.debates import Debate
from kb.text.problems import Place
from kb.words.answers import suspicion

DIGITS = 8
"""Hexadecimal digits of a digest."""


class Spoken(NamedTuple):
    """An answer with what it speaks of.

    Attributes:
        record_id: The claim or debate whose record holds the answer, or the overview with the sentence.
        says: The answer or sentence on one line.
        of: The digest that it carries; empty if it carries none.
        now: The digest of today's verdicts; empty if there is no verdict that it could speak of.
        claims: Ids of the claims whose verdicts it speaks of, in alphabetical order.
        place: Where a sentence of an overview stands; None for the answer of a record.
    """

    record_id: str
    says: str
    of: str
    now: str
    claims: tuple[str, ...]
    place: Place | None = None

    @property
    def is_suspect(self) -> bool:
        """Does its digest differ from that of today's verdicts, or are there no verdicts?"""
        return bool(self.suspicion)

    @property
    def suspicion(self) -> str:
        """Return why it is suspect, as a clause; empty if it is not."""
        return suspicion(self.of, self.now)


def spoken_answers(base: Base, judgements: Mapping[str, Judgement]) -> dict[str, Spoken]:
    """Return the answers of all claims and debates that have one, by id: claims first, each in order."""
    records: dict[str, Claim | Debate] = {**base.claims, **base.debates}
    found = (spoken_answer(record_id, record, base, judgements) for record_id, record in records.items())
    return {each.record_id: each for each in found if each is not None}


def spoken_answer(
    record_id: str, record: Claim | Debate, base: Base, judgements: Mapping[str, Judgement]
) -> Spoken | None:
    """Return the answer of one record with what it speaks of, or None if it has no answer."""
    if record.answer is None:
        return None
    claims = _spoken_of(record_id, record, judgements)
    now = _digest_of(claims, base, judgements)
    return Spoken(record_id, " ".join(record.answer.says.split()), record.answer.of or "", now, claims)


def spoken_statements(base: Base, judgements: Mapping[str, Judgement]) -> dict[str, tuple[Spoken, ...]]:
    """Return the sentences of each overview that speak of verdicts, by the overview's id."""
    return {
        overview.id: tuple(
            _spoken_statement(overview.id, each, base, judgements)
            for each in overview.statements
            if each.claims
        )
        for overview in base.overviews.values()
    }


def _spoken_statement(
    overview_id: str, statement: Statement, base: Base, judgements: Mapping[str, Judgement]
) -> Spoken:
    claims = tuple(sorted({i for i in statement.claims if i in judgements}))
    now = _digest_of(claims, base, judgements)
    return Spoken(overview_id, statement.says, statement.of, now, claims, statement.place)


def suspect_answers(base: Base, judgements: Mapping[str, Judgement]) -> tuple[Spoken, ...]:
    """Return the answers, and the sentences of overviews, that do not speak of today's verdicts."""
    sentences = [each for found in spoken_statements(base, judgements).values() for each in found]
    every = (*spoken_answers(base, judgements).values(), *sentences)
    return tuple(each for each in every if each.is_suspect)


def verdict_digest(claim: Claim, judgement: Judgement) -> str:
    """Return the digest of what an answer about a claim speaks of; empty if there is no verdict."""
    main = judgement.main
    if main is None or main.verdict is None or claim.protocol is None or not main.evidence:
        return ""
    others = (each for each in judgement.judged if each is not main)
    further = [line for each in others for line in (f"{each.name} {_first(each)}", *_lines(each))]
    return _digest([f"{_first(main)} {claim.protocol.digest}", judgement.state, *_lines(main), *further])


def _first(found: SettingJudgement) -> str:
    """Return the version of the piece of a setting that was started first."""
    return min(found.evidence, key=lambda piece: (piece.started, piece.version)).version


def _lines(found: SettingJudgement) -> list[str]:
    """Return how each prediction and control came out at a setting with a verdict."""
    verdict = found.verdict
    return [*map(_line, (*verdict.findings, *verdict.controls))] if verdict else []


def _spoken_of(
    record_id: str, record: Claim | Debate, judgements: Mapping[str, Judgement]
) -> tuple[str, ...]:
    """Return the ids of the claims whose verdicts an answer of a record speaks of."""
    if isinstance(record, Claim):
        return (record_id,)
    return tuple(sorted({i for i in record.asked if i in judgements}))


def _digest_of(claims: tuple[str, ...], base: Base, judgements: Mapping[str, Judgement]) -> str:
    return _joined({i: verdict_digest(base.claims[i], judgements[i]) for i in claims})


def _joined(digests: Mapping[str, str]) -> str:
    """Return one digest for the verdicts of several claims; for a single claim, its own digest."""
    if not any(digests.values()):
        return ""
    if len(digests) == 1:
        return next(iter(digests.values()))
    return _digest(f"{claim_id} {digest or 'no verdict'}" for claim_id, digest in sorted(digests.items()))


def _line(finding: Finding) -> str:
    arms = " - ".join(finding.arms)
    return f"{finding.prediction.name} {arms} {finding.decision} {_side(finding)}"


def _side(finding: Finding) -> str:
    """Return on which side of zero an interval lies."""
    lower, upper = finding.interval
    if finding.estimand.is_share:
        return "share"
    return "above" if lower > 0 else "below" if upper < 0 else "both"


def _digest(lines: Iterator[str] | list[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:DIGITS]
