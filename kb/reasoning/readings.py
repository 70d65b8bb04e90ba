"""Whether a reading of a debate obtained, told from the verdicts on the predictions that it names."""

from __future__ import annotations

from collections.abc import Mapping

from kb.judging.bounds import Decision
from kb.judging.judgement import Judgement
from kb.records.debates import Condition, Reading
from kb.words.answers import Obtained


def obtained(reading: Reading, judgements: Mapping[str, Judgement]) -> Obtained:
    """Return whether a reading obtained.

    It obtained when every prediction that it names came out as it says, and did not as soon as one came out
    the other way. It is open where a prediction is undecided or not measured, or where none is named.

    Args:
        reading: One result that the debate foresees.
        judgements: Of every claim, by id.
    """
    came_out = [(condition, decision_of(condition, judgements)) for condition in reading.when]
    if any(decision not in (None, condition.is_) for condition, decision in came_out):
        return "not obtained"
    is_whole = bool(came_out) and all(decision == condition.is_ for condition, decision in came_out)
    return "obtained" if is_whole else "open"


def decision_of(condition: Condition, judgements: Mapping[str, Judgement]) -> Decision | None:
    """Return how the prediction of a condition came out, or nothing where nobody can tell yet.

    A claim whose test is invalid tells nothing. A prediction whose bound holds tells nothing either while a
    control of it is open, for the control may yet show that the bound holds everywhere.
    """
    judgement = judgements.get(condition.claim)
    verdict = judgement.verdict if judgement else None
    if verdict is None or verdict.state == "invalid":
        return None
    found = next((each for each in verdict.findings if each.prediction.name == condition.prediction), None)
    if found is None or found.decision == "inconclusive":
        return None
    checks = [each for each in verdict.controls if each.prediction.name == condition.prediction]
    if found.decision == "reproduced" and any(check.decision == "inconclusive" for check in checks):
        return None
    return found.decision
