"""The words for verdicts and findings, once for terminals and pages; ASCII, so that any terminal shows them.

A sentence is never stronger than its interval: its ends are rounded outwards, and the bound stands beside it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal

from kb.judging.bounds import decide, rate_target, target
from kb.judging.finding import FINAL, Finding
from kb.judging.stats import WHOLE_LINE, Interval
from kb.judging.verdict import Verdict
from kb.reading.experiment import Outcome
from kb.records.claims import Claim, Prediction

DETAILS = {
    "": "",
    "opposite": "the effect goes the other way",
    "negligible": "no effect shows, and none as large as predicted is left",
    "too small": "it is smaller than predicted",
    "too large": "it is larger than predicted",
    "too rare": "too few seeds meet the bound",
    "diverged": "every seed diverged",
    "diverged in part": "the seeds that diverged leave it open",
    "direction supported": "the direction is as predicted, the size is open",
    "needs at least 5 seeds": "it needs at least 5 seeds",
    "blocks disagree": "the blocks contradict each other, and no interval is left",
}
"""What each detail of a finding means."""
WARNINGS = {
    "some seeds diverged": "some seeds diverged",
    "mean and win rate disagree": "most seeds lie on the other side of the bound than their mean",
}
"""What each warning of a finding means."""
CONTROL = {
    "reproduced": "the bound holds here too, so the test is invalid",
    "contradicted": "the bound fails here, as it must",
    "inconclusive": "open whether the bound fails here",
}
_DIGITS = Context(prec=700)  # enough for any float at any step


def number(value: float, digits: int = 3) -> str:
    """Return a number with so many significant digits, whole digits always shown below ten million."""
    if not math.isfinite(value):
        return "no number" if math.isnan(value) else str(value)
    step = _exponent(value) - digits + 1
    text = _rounded(value, step if abs(value) >= 1e7 else min(step, 0), ROUND_HALF_EVEN)
    mantissa, *power = text.split("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return "e".join([mantissa, *power])


def count(how_many: int, noun: str) -> str:
    """Return a count with its noun, as in `1 seed` and `5 seeds`."""
    return f"{how_many} {noun}" if how_many == 1 else f"{how_many} {noun}s"


def unit(prediction: Prediction, outcome: Outcome) -> str:
    """Return the unit in which a prediction's values, bound and mean are given."""
    return "decades" if prediction.units == "log10" else outcome.unit


def finding_bound(prediction: Prediction, outcome: Outcome | None) -> str:
    """Return what was predicted, such as `at least 10 decades`; of an unwritten experiment without unit."""
    if prediction.at_least is not None:
        bound = f"at least {number(prediction.at_least, 12)}"
    elif prediction.at_most is not None:
        bound = f"at most {number(prediction.at_most, 12)}"
    elif prediction.between is not None:
        bound = "between {} and {}".format(*(number(end, 12) for end in prediction.between))
    else:
        bound = f"within {number(prediction.within or 0, 12)} of {number(prediction.equals or 0, 12)}"
    if outcome is not None:
        bound = f"{bound} {_unit_after(bound, unit(prediction, outcome))}"
    if prediction.estimand == "mean":
        return bound
    share = rate_target(prediction).lower
    return f"{bound} in more than {'half' if share == 0.5 else _percent(share)} of the seeds"


def finding_interval(finding: Finding) -> str:
    """Return the interval, rounded outwards to two digits of its width, such as `[15.9, 17.1]`."""
    if finding.interval == WHOLE_LINE:
        return "no interval yet"
    step = _step(finding)
    lower = _rounded(_shown(finding, finding.interval.lower), step, ROUND_FLOOR)
    upper = _rounded(_shown(finding, finding.interval.upper), step, ROUND_CEILING)
    return f"[{lower}, {upper}]"


def finding_measured(finding: Finding, outcome: Outcome) -> str:
    """Return estimate, unit and interval to the same digits, such as `16.4 decades [15.9, 17.1]`."""
    if math.isnan(finding.estimate):
        return "no finite value" if finding.seeds else "no value"
    estimate = _rounded(_shown(finding, finding.estimate), _step(finding), ROUND_HALF_EVEN)
    kind = unit(finding.prediction, outcome) if finding.prediction.estimand == "mean" else "% of the seeds"
    kind, interval = _unit_after(estimate, kind), finding_interval(finding)
    return f"{estimate} {kind}{', ' if interval[0] != '[' else ' '}{interval}"


def finding_decision(finding: Finding) -> str:
    """Return how a finding came out and why, in half a sentence."""
    decision = CONTROL[finding.decision] if finding.is_control else finding.decision
    parts = [decision, DETAILS[finding.detail], _likely([finding])]
    return ": ".join(part for part in [parts[0], "; ".join(filter(None, parts[1:]))] if part)


def finding_notes(finding: Finding) -> tuple[str, ...]:
    """Return what a reader should know besides: warnings, and a spread below the resolution."""
    notes = [WARNINGS[warning] for warning in finding.warnings]
    if finding.nonfinite:
        notes[0] = f"{finding.nonfinite} of {count(finding.seeds, 'seed')} diverged"
    if finding.is_deterministic:
        notes.append("the seeds differ by less than the outcome's resolution, which was used as their spread")
    return tuple(notes)


def verdict_sentence(claim: Claim, verdict: Verdict, outcomes: Mapping[str, Outcome]) -> str:
    """Return the verdict in one sentence: effect, unit, interval, bound and seeds."""
    scale = f" at {claim.protocol.scale} scale" if claim.protocol else ""
    return f"{verdict.state.capitalize()}{scale}: {_because(verdict, outcomes)}."


def _because(verdict: Verdict, outcomes: Mapping[str, Outcome]) -> str:
    everything = (*verdict.findings, *verdict.controls)
    if verdict.state == "inconclusive":
        opened = [finding for finding in everything if finding.decision == "inconclusive"]
        return _inconclusive(opened, len(verdict.findings), outcomes)
    if verdict.state == "invalid":
        held = _weakest([control for control in verdict.controls if control.decision == "reproduced"])
        arms = " minus ".join(held.arms)
        return (
            f"the bound of {held.prediction.name} holds in its control {arms} too, {_facts(held, outcomes)}"
        )
    failed = [finding for finding in verdict.findings if finding.decision == "contradicted"]
    if len(verdict.findings) == 1:
        [finding] = verdict.findings
        facts = _facts(finding, outcomes)
        return f"{DETAILS[finding.detail]}, {facts}" if failed else f"{_says(finding)} ({facts})"
    weakest = _weakest(failed or verdict.findings)
    tally = _tally(len(failed), len(verdict.findings))
    return f"{tally} {weakest.prediction.name}: {_facts(weakest, outcomes)}"


def _tally(failed: int, total: int) -> str:
    """Say how many predictions hold and fail; what follows is the weakest case of those that decide."""
    if failed in (0, total):
        return f"{_some(total, total)} {'fail' if failed else 'hold'}; least surely"
    held = total - failed
    holds, fails = "holds" if held == 1 else "hold", "fails" if failed == 1 else "fail"
    return f"{_some(held, total)} {holds} and {failed} {fails}; {'namely' if failed == 1 else 'least surely'}"


def _some(part: int, total: int) -> str:
    everyone = "both" if total == 2 else f"all {total}"
    return f"{everyone if part == total else f'{part} of {total}'} predictions"


def _inconclusive(opened: Sequence[Finding], total: int, outcomes: Mapping[str, Outcome]) -> str:
    first = opened[0]
    predictions = sum(not finding.is_control for finding in opened)
    where = f"the control {' minus '.join(first.arms)} is open, " if first.is_control else ""
    if predictions and total > 1:
        verb = "is" if predictions == 1 else "are"
        where = f"{_some(predictions, total)} {verb} open; {first.prediction.name}: "
    parts = [where + _facts(first, outcomes), DETAILS[first.detail], _likely(opened)]
    return "; ".join(part for part in parts if part)


def _likely(opened: Sequence[Finding]) -> str:
    """Say how many seeds would likely decide what is open; nothing where nobody can know."""
    waiting = [f for f in opened if f.decision == "inconclusive" and f.detail not in FINAL]
    needed = [finding.seeds_needed for finding in waiting]
    known = [seeds for seeds in needed if seeds is not None]
    if len(known) < len(needed):
        return "more seeds are unlikely to decide"
    return f"likely {count(max(known), 'seed')} needed in all" if known else ""


def _facts(finding: Finding, outcomes: Mapping[str, Outcome]) -> str:
    outcome = outcomes[finding.prediction.outcome]
    bound = finding_bound(finding.prediction, outcome)
    return f"{finding_measured(finding, outcome)} over {count(finding.seeds, 'seed')}; bound: {bound}"


def _says(finding: Finding) -> str:
    return finding.prediction.says.strip().removesuffix(".")


def _weakest(findings: Sequence[Finding]) -> Finding:
    return min(findings, key=lambda finding: finding.log_e)


def _shown(finding: Finding, value: float) -> float:
    """Return a number as it is printed: a rate in percent."""
    return value if finding.prediction.estimand == "mean" else 100 * value


def _unit_after(text: str, unit_name: str) -> str:
    """Return the unit as it reads after a number: `of labels` for a share, no plural after 1."""
    word, *rest = unit_name.removeprefix("share ").split(" ")
    is_plural = word.endswith("s") and not word.endswith(("ss", "us", "is", "as"))
    if text.rsplit(" ", maxsplit=1)[-1] in ("1", "-1") and is_plural:
        word = word.removesuffix("s")
    return " ".join([word, *rest])


def _percent(share: float) -> str:
    return f"{number(100 * share)} %"


def _step(finding: Finding) -> int:
    """Return the decimal place of the last digit worth printing: the second one of the interval's width."""
    if finding.prediction.estimand != "mean":
        return 0
    width = finding.interval.upper - finding.interval.lower
    if 0 < width < math.inf:
        step = _exponent(width) - 1
        return next((s for s in range(step, step - 4, -1) if not _reaches_bound(finding, s)), step)
    numbers = [*finding.interval, finding.estimate]
    return max(_exponent(value) for value in numbers if math.isfinite(value)) - 2


def _reaches_bound(finding: Finding, step: int) -> bool:
    """Would a decided interval, rounded outwards at this place, seem to reach the bound that it keeps off?"""
    if finding.decision == "inconclusive":
        return False
    lower, upper = finding.interval
    seen = Interval(
        float(_rounded(lower, step, ROUND_FLOOR)),
        float(_rounded(upper, step, ROUND_CEILING)),
    )
    return decide(seen, target(finding.prediction)) != finding.decision


def _exponent(value: float) -> int:
    return math.floor(math.log10(abs(value))) if value else 0


def _rounded(value: float, step: int, rounding: str) -> str:
    """Return a number as text with its last digit at the decimal place `step`."""
    if not math.isfinite(value):
        return str(value)
    place = Decimal((0, (1,), step))
    digits = Decimal(value).quantize(place, rounding=rounding, context=_DIGITS)
    digits = digits or Decimal((0, (0,), min(step, 0)))  # no minus zero
    is_plain = digits == 0 or -5 <= digits.adjusted() < 7
    return f"{digits:f}" if is_plain else f"{digits:e}".replace("e+", "e")
