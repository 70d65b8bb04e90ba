"""Whether a reading of a debate came true, judged by the verdicts on the predictions that it names."""

from __future__ import annotations

from collections.abc import Mapping

from kb.judging.bounds import Decision
from kb.judging.finding import Finding
from kb.judging.judgement import Judgement, SettingJudgement
from kb.records.debates import Condition, Reading
from kb.words.answers import Obtained


def obtained(reading: Reading, judgements: Mapping[str, Judgement]) -> Obtained:
    """Return whether a reading came true.

    It came true if every prediction that it names came out as it says, and did not as soon as one came out
    the other way. It is open if a prediction is undecided or not measured, or if none is named.

    Args:
        reading: One result that the debate foresees.
        judgements: The judgement of every claim, by id.
    """
    came_out = [(condition, decision_of(condition, judgements)) for condition in reading.when]
    if any(decision not in (None, condition.is_) for condition, decision in came_out):
        return "not obtained"
    is_whole = bool(came_out) and all(decision == condition.is_ for condition, decision in came_out)
    return "obtained" if is_whole else "open"


def decision_of(condition: Condition, judgements: Mapping[str, Judgement]) -> Decision | None:
    """Return how the prediction of a condition came out, or None if that is not known yet.

    A claim whose test is invalid tells nothing, nor does one whose power is open because a control that must
    hold is undecided. A prediction whose bound holds tells nothing either as long as a control is open whose
    bound, the same or its own, must fail. Nor does a prediction that came out differently at two settings.
    """
    judgement = judgements.get(condition.claim)
    found = {_decision_at(condition, each) for each in judgement.judged} if judgement else set()
    return found.pop() if len(found) == 1 else None


def _decision_at(condition: Condition, setting: SettingJudgement) -> Decision | None:
    verdict = setting.verdict
    if verdict is None or verdict.state == "invalid":
        return None
    found = next((each for each in verdict.findings if each.prediction.name == condition.prediction), None)
    if found is None or found.decision == "inconclusive":
        return None
    opened = [check for check in verdict.controls if check.decision == "inconclusive"]
    if any(check.must_hold for check in opened):
        return None
    if found.decision == "reproduced" and any(_bears(check, condition) for check in opened):
        return None
    return found.decision


def _bears(check: Finding, condition: Condition) -> bool:
    """Does a control concern a prediction, because it has that prediction's bound or one of its own?"""
    return check.control is None or check.control.prediction in (None, condition.prediction)
