"""Where records, scripts and evidence meet: the state of every claim, recomputed on every build.

A verdict needs evidence of today's test version. Evidence of any other version is stale: it is kept and
shown, and it never counts. Predictions that were changed or added after evidence had been seen are revisions,
counted from the digests that the evidence itself carries, so that nobody can forget to declare one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from kb.evidence.ledger import Evidence, Ledger
from kb.judging.verdict import Verdict, judge
from kb.reading.collector import without_collector
from kb.reading.experiment import Script
from kb.reading.load import Base
from kb.records.claims import Protocol, predictions_digest
from kb.text.problems import Problem

State = Literal[
    "reproduced",
    "contradicted",
    "split",
    "inconclusive",
    "invalid",
    "not run",
    "to be written",
    "stale",
    "not testable",
    "untested",
]


@dataclass(frozen=True)
class Judgement:
    """What the evidence makes of one claim.

    Attributes:
        verdict: The judged protocol, or nothing when there is no current evidence.
        earlier: The same evidence judged under former predictions, oldest first; nothing where today's script
            no longer has their outcomes.
        version: Today's test version; empty when the claim has no protocol or its script is missing.
        evidence: The pieces that count: today's test version, replication 0, arms of this claim.
        stale: Pieces for the same arms of another test version.
    """

    claim_id: str
    state: State
    verdict: Verdict | None = None
    earlier: tuple[Verdict | None, ...] = ()
    version: str = ""
    evidence: tuple[Evidence, ...] = ()
    stale: tuple[Evidence, ...] = ()


def judge_base(base: Base, ledger: Ledger) -> dict[str, Judgement]:
    """Return the judgement of every claim, by id."""
    with without_collector():
        return {claim_id: judge_claim(base, ledger, claim_id) for claim_id in base.claims}


def judge_claim(base: Base, ledger: Ledger, claim_id: str, *, replication: int = 0) -> Judgement:
    """Return the judgement of one claim on one replication's evidence."""
    claim = base.claims[claim_id]
    if claim.protocol is None:
        return Judgement(claim_id, "not testable" if claim.not_testable else "untested")
    script = base.scripts.get(claim.protocol.experiment)
    if script is None:
        return Judgement(claim_id, "to be written" if claim.protocol.planned else "not run")
    today = script.version(claim.protocol.scale)
    evidence = _counting(ledger, claim.protocol, today, replication)
    stale = tuple(
        piece
        for piece in ledger.of_experiment(script.name)
        if (not ledger.is_same(piece.version, today) and piece.scale_name == claim.protocol.scale)
        and piece.arm in claim.protocol.arms
    )
    if not evidence or not _has_outcomes(script, claim.protocol):
        return Judgement(claim_id, "stale" if stale else "not run", version=today, stale=stale)
    values = ledger.values(script.name, today, claim.protocol.arms, replication)
    revision = len(former_digests(claim_id, claim.protocol, evidence))
    verdict = judge(claim.protocol, script.outcomes, values, revision=revision)
    earlier = tuple(
        judge(former, script.outcomes, values, revision=number) if _has_outcomes(script, former) else None
        for number, former in enumerate(_former_protocols(claim.protocol))
    )
    return Judgement(claim_id, verdict.state, verdict, earlier, today, evidence, stale)


def _has_outcomes(script: Script, protocol: Protocol) -> bool:
    """Does the script measure whatever the predictions bound? Where it does not, `repro check` says so."""
    return all(prediction.outcome in script.outcomes for prediction in protocol.predictions)


def _counting(ledger: Ledger, protocol: Protocol, today: str, replication: int) -> tuple[Evidence, ...]:
    pieces = ledger.counting(protocol.experiment, today, replication)
    return tuple(piece for (arm, _), piece in sorted(pieces.items()) if arm in protocol.arms)


def former_digests(claim_id: str, protocol: Protocol, evidence: Iterable[Evidence]) -> set[str]:
    """Return the digests of predictions under which evidence was taken, today's left out.

    Evidence that knew nothing of the claim gives the empty digest: its predictions came after the data.
    """
    return {piece.predictions.get(claim_id, "") for piece in evidence} - {protocol.digest}


def _former_protocols(protocol: Protocol) -> Iterator[Protocol]:
    for revision in protocol.revisions:
        former = {"predictions": revision.predictions, "controls": revision.controls}
        yield protocol.model_copy(update={**former, "revisions": ()})


def undeclared_revisions(base: Base, judgements: Mapping[str, Judgement]) -> Iterator[Problem]:
    """Yield a problem for each claim whose predictions changed after evidence, without saying so."""
    for claim_id, judgement in judgements.items():
        protocol = base.claims[claim_id].protocol
        if protocol is None or not judgement.evidence:
            continue
        declared = {predictions_digest(former.predictions, former.controls) for former in protocol.revisions}
        hidden = former_digests(claim_id, protocol, judgement.evidence) - declared - {""}
        if hidden:
            yield base.problem(
                "undeclared-revision",
                claim_id,
                ("protocol", "predictions"),
                found=f"evidence was taken under other predictions: {', '.join(sorted(hidden))}",
                allowed="predictions as they stood when the evidence was taken, or a declared revision",
                advice="put the former predictions under protocol.revisions with a because, or restore them",
            )
