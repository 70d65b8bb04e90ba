"""Combines records, scripts and evidence: the state of every claim, recomputed on every build.

Each setting of a protocol is judged by itself: a verdict needs evidence of today's test version at that
setting. Evidence of any other version is stale: it is kept and shown, and it never counts for a verdict. It
does count as a test of the claim that was superseded, which halves the level of all findings; so do changed
predictions, by the digests that the evidence itself carries. A stored control of an experiment that failed
leaves no verdict of any claim that rests on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from kb.evidence.ledger import Evidence, Ledger
from kb.evidence.replays import Replay, replays
from kb.judging.details import FailedControl
from kb.judging.failing import failing, without_labels
from kb.judging.superseded import Superseded, superseded
from kb.judging.verdict import Verdict, judge, level_after
from kb.reading.collector import without_collector
from kb.reading.experiment import Script
from kb.reading.load import Base
from kb.records.claims import Protocol, predictions_digest
from kb.records.protocol import Setting
from kb.text.problems import Problem

CODES = {
    "undeclared-revision": "Predictions were changed after evidence was seen, and no revision says so.",
    "coarse-resolution": "The resolution of an outcome hides differences of decades between seeds.",
}
State = Literal[
    "reproduced",
    "contradicted",
    "split",
    "varies",
    "inconclusive",
    "invalid",
    "not run",
    "to be written",
    "stale",
    "not testable",
    "untested",
]
Failed = tuple[FailedControl, ...]
"""Controls of an experiment itself that failed."""


@dataclass(frozen=True)
class Replication:
    """An independent set of seeds of a setting, judged like the first; it never counts for the verdict.

    Attributes:
        number: Its number, from 1.
        agrees: Is its state that of the setting's own verdict?
    """

    number: int
    verdict: Verdict
    agrees: bool


@dataclass(frozen=True)
class SettingJudgement:
    """What the evidence says of a claim at one of its settings.

    Attributes:
        version: Today's test version.
        state: That of the verdict, or else `stale` or `not run`.
        verdict: The judged protocol, or None when there is no current evidence.
        evidence: The pieces that count: today's test version, one replication, arms of this claim.
        stale: Pieces for the same arms, taken at the setting, of another test version.
        replications: Every other set of seeds that was measured, by number.
        replays: Blocks of the claim's arms that were measured again, and whether they agree.
    """

    setting: Setting
    version: str
    state: State
    verdict: Verdict | None = None
    evidence: tuple[Evidence, ...] = ()
    stale: tuple[Evidence, ...] = ()
    replications: tuple[Replication, ...] = ()
    replays: tuple[Replay, ...] = ()

    @property
    def name(self) -> str:
        """Return the name of the setting."""
        return self.setting.name


@dataclass(frozen=True)
class Judgement:
    """What the evidence says of one claim.

    Attributes:
        state: The state of its settings with evidence if they agree, or `varies`.
        settings: One for each setting, the main one first; none if there is no script.
        earlier: The evidence of the main setting judged under former predictions, oldest first; None where
            today's script no longer has their outcomes.
        tests: The superseded tests of the claim, oldest first.
        replication: Which independent set of seeds was judged.
    """

    claim_id: str
    state: State
    settings: tuple[SettingJudgement, ...] = ()
    earlier: tuple[Verdict | None, ...] = ()
    tests: tuple[Superseded, ...] = ()
    replication: int = 0

    @property
    def main(self) -> SettingJudgement | None:
        """Return the setting that is shown when only one can be: the first with a verdict."""
        judged = (setting for setting in self.settings if setting.verdict is not None)
        return next(judged, self.settings[0] if self.settings else None)

    @property
    def judged(self) -> tuple[SettingJudgement, ...]:
        """Return the settings that have a verdict."""
        return tuple(setting for setting in self.settings if setting.verdict is not None)

    @property
    def verdict(self) -> Verdict | None:
        """Return the verdict of the main setting, or None when no setting has current evidence."""
        return self.main.verdict if self.main else None

    @property
    def version(self) -> str:
        """Return the main setting's test version; empty when there is no protocol or no script."""
        return self.main.version if self.main else ""

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Return the pieces that count, of all settings."""
        return tuple(piece for setting in self.settings for piece in setting.evidence)

    @property
    def stale(self) -> tuple[Evidence, ...]:
        """Return the stale pieces of all settings."""
        return tuple(piece for setting in self.settings for piece in setting.stale)

    @property
    def is_stale(self) -> bool:
        """Is there a setting whose evidence is all stale?"""
        return any(setting.state == "stale" for setting in self.settings)

    def at(self, name: str) -> SettingJudgement:
        """Return the judgement of one setting.

        Raises:
            KeyError: There is no such setting.
        """
        return {setting.name: setting for setting in self.settings}[name]


def joined(states: Iterable[State], otherwise: State) -> State:
    """Return the state of a claim from those of its settings that have a verdict.

    Args:
        states: The states of the settings with a verdict.
        otherwise: The state to return if there are none.
    """
    found = {*states}
    if len(found) > 1:
        return "varies"
    return found.pop() if found else otherwise


def judge_base(base: Base, ledger: Ledger) -> dict[str, Judgement]:
    """Return the judgement of every claim, by id."""
    with without_collector():
        return judge_claims(base, ledger, base.claims)


def judge_claim(base: Base, ledger: Ledger, claim_id: str, *, replication: int = 0) -> Judgement:
    """Return the judgement of one claim on one replication's evidence."""
    return judge_claims(base, ledger, [claim_id], replication=replication)[claim_id]


def judge_claims(
    base: Base, ledger: Ledger, claim_ids: Iterable[str], *, replication: int = 0
) -> dict[str, Judgement]:
    """Return the judgements of claims on one replication's evidence, by id.

    What failed of an experiment's controls is looked up once, however many of the claims it serves.
    """
    wanted = dict.fromkeys(claim_ids)
    protocols = [claim.protocol for claim in map(base.claims.__getitem__, wanted) if claim.protocol]
    names = dict.fromkeys(each.experiment for each in protocols if each.experiment in base.scripts)
    failed = {name: failing(base, ledger, base.scripts[name]) for name in names}
    return {claim_id: _judged(base, ledger, claim_id, replication, failed) for claim_id in wanted}


def _judged(
    base: Base, ledger: Ledger, claim_id: str, replication: int, failed: Mapping[str, Failed]
) -> Judgement:
    claim = base.claims[claim_id]
    protocol = claim.protocol
    if protocol is None:
        return Judgement(claim_id, "not testable" if claim.not_testable else "untested")
    script = base.scripts.get(protocol.experiment)
    if script is None:
        return Judgement(claim_id, "to be written" if protocol.planned else "not run")
    versions = [script.version_at(setting) for setting in protocol.settings]
    tests = superseded(claim_id, protocol, script, ledger, versions)
    stale = _stale(claim_id, protocol, script, ledger, map(script.version_at, base.settings(script.name)))
    broken = (
        *failed[script.name],
        *without_labels(protocol, script, ledger, alpha=level_after(len(tests))),
    )
    case = _Case(protocol, script, ledger, len(tests), broken)
    settings = tuple(case.at(setting, stale[setting.name], replication) for setting in protocol.settings)
    state = joined((each.state for each in settings if each.verdict), settings[0].state)
    earlier = case.earlier(replication) if settings[0].verdict else ()
    return Judgement(claim_id, state, settings, earlier, tests, replication)


@dataclass(frozen=True)
class _Case:
    """What is needed to judge the settings of a claim."""

    protocol: Protocol
    script: Script
    ledger: Ledger
    level: int
    failing: Failed

    def at(self, setting: Setting, stale: tuple[Evidence, ...], replication: int) -> SettingJudgement:
        """Return the judgement of one setting."""
        version = self.script.version_at(setting)
        can_judge = _has_outcomes(self.script, self.protocol)
        evidence = self.counting(version, replication) if can_judge else ()
        if not evidence:
            state: State = "stale" if stale else "to be written" if self.script.is_template else "not run"
            return SettingJudgement(setting, version, state, stale=stale)
        verdict = self.verdict(self.protocol, version, replication)
        replications = tuple(
            self.replicated(version, number, verdict)
            for number in self.ledger.replications(self.script.name, version)
            if number not in (0, replication) and self.counting(version, number)
        )
        again = tuple(
            each
            for each in replays(self.ledger, self.script.name, version, replication)
            if each.counting.arm in self.protocol.arms
        )
        return SettingJudgement(
            setting, version, verdict.state, verdict, evidence, stale, replications, again
        )

    def counting(self, version: str, replication: int) -> tuple[Evidence, ...]:
        """Return the pieces that count, by arm and block."""
        pieces = self.ledger.counting(self.script.name, version, replication)
        return tuple(piece for (arm, _), piece in sorted(pieces.items()) if arm in self.protocol.arms)

    def verdict(self, protocol: Protocol, version: str, replication: int) -> Verdict:
        """Return the verdict of one set of seeds."""
        values = self.ledger.values(self.script.name, version, protocol.arms, replication)
        return judge(protocol, self.script.outcomes, values, superseded=self.level, failing=self.failing)

    def replicated(self, version: str, number: int, own: Verdict) -> Replication:
        """Return the judgement of another set of seeds, to show beside the verdict."""
        verdict = self.verdict(self.protocol, version, number)
        return Replication(number, verdict, verdict.state == own.state)

    def earlier(self, replication: int) -> tuple[Verdict | None, ...]:
        """Return how the main setting's evidence is judged under each declared revision."""
        version = self.script.version_at(self.protocol.main)
        return tuple(
            self.verdict(former, version, replication) if _has_outcomes(self.script, former) else None
            for former in _former_protocols(self.protocol)
        )


def _stale(
    claim_id: str, protocol: Protocol, script: Script, ledger: Ledger, versions: Iterable[str]
) -> Mapping[str, tuple[Evidence, ...]]:
    """Return the pieces whose version is not one of today's, by the setting that they were measured at.

    Pieces measured for the claim under a name that none of its settings has belong to the main setting.

    Args:
        claim_id: The claim's id.
        protocol: The claim's protocol.
        script: The script of its experiment.
        ledger: All evidence.
        versions: Every test version at which some claim runs the experiment.
    """
    origins, arms = {ledger.origin(version) for version in versions}, {*protocol.arms}
    found: dict[str, list[Evidence]] = {setting.name: [] for setting in protocol.settings}
    for piece in ledger.of_experiment(script.name):
        if piece.arm not in arms or ledger.origin(piece.version) in origins:
            continue
        if piece.scale_name in found:
            found[piece.scale_name].append(piece)
        elif claim_id in piece.predictions:
            found[protocol.main.name].append(piece)
    return {name: tuple(pieces) for name, pieces in found.items()}


def _has_outcomes(script: Script, protocol: Protocol) -> bool:
    """Does the script measure every outcome that is bounded? If it does not, `repro check` says so."""
    return all(part.outcome in script.outcomes for _, part in protocol.bounded)


def former_digests(claim_id: str, protocol: Protocol, evidence: Iterable[Evidence]) -> set[str]:
    """Return the digests of predictions under which evidence was taken, today's left out.

    Evidence that does not name the claim belongs to no test of it.
    """
    return {piece.predictions.get(claim_id, protocol.digest) for piece in evidence} - {protocol.digest}


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
        hidden = former_digests(claim_id, protocol, judgement.evidence) - declared
        if hidden:
            yield base.problem(
                "undeclared-revision",
                claim_id,
                ("protocol", "predictions"),
                found=f"evidence was taken under other predictions: {', '.join(sorted(hidden))}",
                allowed="predictions as they stood when the evidence was taken, or a declared revision",
                advice="put the former predictions under protocol.revisions with a because, or restore them",
            )


def coarse_resolutions(base: Base, judgements: Mapping[str, Judgement]) -> Iterator[Problem]:
    """Yield a problem for each bound on decades or ratios for which a resolution hides whole decades."""
    for claim_id, judgement in judgements.items():
        protocol = base.claims[claim_id].protocol
        found = judgement.verdict
        if protocol is None or found is None:
            continue
        coarse = {each.prediction.name: each for each in (*found.findings, *found.controls) if each.is_coarse}
        for keys, bounded in protocol.bounded:
            each = coarse.get(bounded.name)
            if each is not None and bounded.units != "linear":
                outcome = each.outcome
                yield base.problem(
                    "coarse-resolution",
                    claim_id,
                    (*keys, "outcome"),
                    found=f"seeds that differ by decades, all below the resolution of {outcome.name}, "
                    f"{outcome.resolution:g}, which widens the interval",
                    allowed="a resolution that is the smallest difference the measurement can show",
                    advice=f"write a finer resolution into OUTCOMES of {protocol.experiment}, or bound the "
                    "values as they are",
                )
