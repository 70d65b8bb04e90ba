"""Sentences on findings and verdicts, shared by all outputs; ASCII, so that any terminal shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from kb.judging.bounds import Decision
from kb.judging.details import Caution, Detail
from kb.judging.estimands import LEAST_SEEDS
from kb.judging.finding import Finding
from kb.judging.judgement import Judgement
from kb.judging.verdict import Verdict
from kb.records.claims import Claim, Control, Prediction
from kb.words.bounds import bound_text
from kb.words.failed import failing_clause
from kb.words.measured import measured
from kb.words.numbers import count
from kb.words.settings import at_settings, by_setting, capitalised, in_settings
from kb.words.states import STATES

DETAILS: Mapping[Detail, str] = {
    Detail.NONE: "",
    Detail.OPPOSITE: "the effect goes the other way",
    Detail.NEGLIGIBLE: "no effect shows, and none as large as predicted is left",
    Detail.TOO_SMALL: "smaller than predicted",
    Detail.TOO_LARGE: "larger than predicted",
    Detail.TOO_RARE: "too few seeds meet the limit",
    Detail.DIVERGED: "every seed diverged",
    Detail.DIVERGED_IN_PART: "the seeds that diverged leave it open",
    Detail.DIRECTION: "the direction is as predicted, the size is open",
    Detail.TOO_FEW_SEEDS: f"it needs at least {count(LEAST_SEEDS, 'seed')}",
    Detail.DISAGREE: "the blocks contradict each other, and no interval is left",
    Detail.OUTSIDE: "the estimate lies outside its own interval, so the values may depend on their block",
    Detail.BLOCKS_DIFFER: "the blocks differ more than their seeds, so the values may depend on their block",
}
"""What each detail of a finding means."""
CAUTIONS: Mapping[Caution, str] = {
    Caution.DIVERGED: "{diverged} of {seeds} diverged",
    Caution.SIDES: "most seeds lie on the other side of the limit from their mean",
    Caution.SKEWED: "the values are skewed, and the interval of a mean then errs more often than it says",
}
"""What each caution means; some name the seeds that diverged and all seeds."""
DECISIONS: Mapping[Decision, str] = {"reproduced": "held", "contradicted": "failed", "inconclusive": "open"}
"""How a prediction came out."""
MUST_FAIL: Mapping[Decision, str] = {
    "reproduced": "control failed: the limit holds here, where it must fail, so the test is invalid",
    "contradicted": "control passed",
    "inconclusive": "control open",
}
"""What a decision means for a control whose bound must fail."""
MUST_HOLD: Mapping[Decision, str] = {
    "reproduced": "control passed",
    "contradicted": "control failed: the limit fails here, where it must hold, so the test has no power",
    "inconclusive": "control open",
}
"""What a decision means for a control whose bound must hold."""


def finding_decision(finding: Finding) -> str:
    """Return how a finding came out and why, in half a sentence."""
    details = "; ".join(filter(None, (DETAILS[finding.detail], _likely([finding]))))
    if not finding.is_control:
        return ": ".join(filter(None, (DECISIONS[finding.decision], details)))
    return f"{_control(finding)} ({details})" if details else _control(finding)


def _control(finding: Finding) -> str:
    return (MUST_HOLD if finding.must_hold else MUST_FAIL)[finding.decision]


def control_text(control: Control, prediction: Prediction) -> str:
    """Return what a control requires and why, in one sentence.

    Args:
        control: The control, with a bound of its own or that of a prediction.
        prediction: The prediction whose bound is applied.
    """
    stated = "The same bound" if control.prediction is not None else prediction.says.strip().removesuffix(".")
    if control.prediction is not None:
        verb = "must hold" if control.must == "hold" else "must not hold"
        return f"{stated} {verb} here: {control.because}."
    verb = "This must hold for the test to have power" if control.must == "hold" else "This must not hold"
    return f"{stated}. {verb}: {control.because}."


def finding_decision_in_short(finding: Finding) -> str:
    """Return the same in a few words, for use beside a sentence that says the rest."""
    if finding.is_control:
        return _control(finding).partition(":")[0].removeprefix("control ")
    likely = _likely([finding])
    return ", ".join(
        part for part in (DECISIONS[finding.decision], likely or DETAILS[finding.detail]) if part
    )


def is_good(finding: Finding) -> bool | None:
    """Did a finding come out as the claim needs it? None while it is open; some controls must fail."""
    if finding.decision == "inconclusive":
        return None
    return (finding.decision == "reproduced") == finding.must_hold


def finding_notes(finding: Finding) -> tuple[str, ...]:
    """Return what a reader should also know: cautions, and a spread below the resolution."""
    seeds = {"diverged": finding.nonfinite, "seeds": count(finding.seeds, "seed")}
    notes = [CAUTIONS[caution].format(**seeds) for caution in finding.warnings]
    if finding.is_coarse:
        notes.append(
            "measuring precision was used as the spread of the seeds, although they differ by more than "
            "a factor of ten: it may be too coarse"
        )
    elif finding.is_deterministic:
        notes.append("the seeds agree to measuring precision, which was used as their spread")
    return tuple(notes)


def finding_clause(finding: Finding) -> str:
    """Return a finding as a step of a derivation: what it says, was measured and allowed, how it came out."""
    name = f"{'control: ' if finding.is_control else ''}{_says(finding)}"
    bound = bound_text(finding.prediction, finding.outcome)
    return f"{name}: {measured(finding).text}; limit: {bound}; {finding_decision(finding)}"


def run_clause(experiment: str, seeds: int, blocks: int, where: str = "") -> str:
    """Return what was run, as a step of a derivation."""
    done = f"was run {where}".rstrip()
    return f"{experiment} {done}: {count(seeds, 'seed')}, {count(blocks, 'block')}"


class StateSentence(NamedTuple):
    """The state of a claim in one sentence, in pieces for those who show the state itself beside it.

    Attributes:
        word: The state; empty where the sentence does not name it.
        where: At which setting, such as `in our small setting`; may be empty.
        what: What came out, or what the state means.
    """

    word: str
    where: str
    what: str

    @property
    def text(self) -> str:
        """Return the whole sentence."""
        opening = " ".join(part for part in (self.word, self.where) if part)
        return f"{opening}: {self.what}" if opening else self.what

    @property
    def rest(self) -> str:
        """Return the sentence without the state."""
        return self._replace(word="").text


def state_pieces(claim: Claim, judgement: Judgement) -> StateSentence:
    """Return the state of a claim in one sentence, in pieces: the verdict's if there is one.

    If several settings agree, the first speaks for all; if they do not, each says how it came out.
    """
    if judgement.main is None or judgement.verdict is None:
        return StateSentence("", "", STATES[judgement.state].means)
    pieces = verdict_pieces(claim, judgement.verdict)._replace(where=at_settings(judgement.judged))
    if judgement.state != "varies":
        return pieces
    what = f"{by_setting(judgement)}. {capitalised(at_settings([judgement.main]))}: {pieces.what}"
    return StateSentence(STATES["varies"].word, "", what)


def state_sentence(claim: Claim, judgement: Judgement) -> str:
    """Return the state of a claim in one sentence: the verdict's if there is one."""
    return state_pieces(claim, judgement).text


def verdict_pieces(claim: Claim, verdict: Verdict, setting: str | None = None) -> StateSentence:
    """Return the verdict in one sentence, in pieces: effect, unit, interval, bound and seeds.

    Args:
        claim: The claim that was judged.
        verdict: The verdict of one of its settings.
        setting: Name of that setting; None means the main setting.
    """
    name = setting or (claim.protocol.main.name if claim.protocol else "")
    where = in_settings([name]) if name else ""
    return StateSentence(STATES[verdict.state].word, where, f"{_because(verdict)}.")


def verdict_sentence(claim: Claim, verdict: Verdict, setting: str | None = None) -> str:
    """Return the verdict in one sentence: effect, unit, interval, bound and seeds."""
    return verdict_pieces(claim, verdict, setting).text


def _because(verdict: Verdict) -> str:
    everything = (*verdict.findings, *verdict.controls)
    if verdict.state == "inconclusive":
        opened = [finding for finding in everything if finding.decision == "inconclusive"]
        return _inconclusive(opened, len(verdict.findings))
    if verdict.failing:
        return failing_clause(verdict.failing)
    if verdict.state == "invalid":
        wrong = _weakest([control for control in verdict.controls if control.is_wrong])
        came = f"{'failed' if wrong.must_hold else 'held'} in a control, where it must {wrong.must}"
        because = f" ({wrong.control.because.strip()})" if wrong.control else ""
        return f'"{_says(wrong)}" {came}{because}, {_facts(wrong)}'
    failed = [finding for finding in verdict.findings if finding.decision == "contradicted"]
    if len(verdict.findings) == 1:
        [finding] = verdict.findings
        detail = DETAILS[finding.detail]
        came = f" failed ({detail})" if detail else " failed"
        return f'"{_says(finding)}"{came if failed else " held"}, with {_facts(finding)}'
    weakest = _weakest(failed or verdict.findings)
    return f'{_tally(len(failed), len(verdict.findings))} "{_says(weakest)}", with {_facts(weakest)}'


def _tally(failed: int, total: int) -> str:
    """Say how many predictions hold and fail; what follows is the weakest case of those that decide."""
    if failed in (0, total):
        return f"{_some(total, total)} {'failed' if failed else 'held'}; closest call:"
    held = total - failed
    return f"{_some(held, total)} held and {failed} failed; {'namely' if failed == 1 else 'closest call:'}"


def _some(part: int, total: int) -> str:
    everyone = "both" if total == 2 else f"all {total}"
    return f"{everyone if part == total else f'{part} of {total}'} predictions"


def _inconclusive(opened: Sequence[Finding], total: int) -> str:
    first = opened[0]
    predictions = sum(not finding.is_control for finding in opened)
    where = f'a control is open, "{_says(first)}", with ' if first.is_control else ""
    if predictions and total > 1:
        verb = "is" if predictions == 1 else "are"
        where = f'{_some(predictions, total)} {verb} open; "{_says(first)}", with '
    parts = [where + _facts(first), DETAILS[first.detail], _likely(opened)]
    return "; ".join(part for part in parts if part)


def _likely(opened: Sequence[Finding]) -> str:
    """Say how many seeds would likely decide what is open; empty if that cannot be known."""
    waiting = [f for f in opened if f.decision == "inconclusive" and not f.detail.is_final]
    needed = [finding.seeds_needed for finding in waiting]
    known = [seeds for seeds in needed if seeds is not None]
    if len(known) < len(needed):
        return "more seeds are unlikely to decide"
    return f"about {count(max(known), 'seed')} would be needed" if known else ""


def _facts(finding: Finding) -> str:
    bound = bound_text(finding.prediction, finding.outcome)
    return f"{measured(finding).text} over {count(finding.seeds, 'seed')}; limit: {bound}"


def _says(finding: Finding) -> str:
    return finding.prediction.says.strip().removesuffix(".")


def _weakest(findings: Sequence[Finding]) -> Finding:
    return min(findings, key=lambda finding: finding.log_e)
