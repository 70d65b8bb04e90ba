"""Labels of the data shuffled: what a prediction says of learning must then not come out reproduced.

A prediction may say that an arm does well, or as well as another: its bound then lies on the side of the
outcome that is the better one. The labels are shuffled in the data of that arm, on ten seeds that never
count, while the other arm keeps its own. An arm that does as well without anything to learn was not measured
by what it learned; the test data may have leaked into the training, or the outcome may not depend on either.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import NamedTuple

from kb.evidence.controls import FIRST_SET, sets_of, shuffled_of
from kb.evidence.ledger import Ledger
from kb.judging.bounds import Decision, target
from kb.judging.details import Detail
from kb.judging.estimands import LEAST_SEEDS
from kb.judging.finding import Values, find
from kb.reading.experiment import Script
from kb.records.claims import Prediction
from kb.records.protocol import Protocol


class Relabelled(NamedTuple):
    """A prediction judged with the labels of one arm shuffled.

    Attributes:
        arm: Whose labels were shuffled.
        version: The test version that was measured.
    """

    prediction: str
    arm: str
    version: str
    decision: Decision
    detail: Detail

    @property
    def is_passed(self) -> bool:
        """Did it not come out reproduced?"""
        return self.decision != "reproduced"


def learner(prediction: Prediction, script: Script) -> str | None:
    """Return the arm that a prediction says does well, or as well as another; None if it says neither.

    Of two arms that are said to differ by no more than a range holds, both do, and it is the first. A range
    with two ends for one arm says how it does, not that it does well. An outcome that the script declares to
    be the same for any labels says nothing about learning.

    Args:
        prediction: A prediction of a claim on the script.
        script: Declares which way each outcome is better.
    """
    outcome = script.outcomes[prediction.outcome]
    if outcome.better == "neither" or outcome.name in script.any_labels:
        return None
    bound = target(prediction)
    arms, sign = prediction.arms, 1 if outcome.better == "higher" else -1
    has_floor, has_ceiling = bound.lower > -inf, bound.upper < inf
    if has_floor and has_ceiling:
        return arms[0] if len(arms) > 1 else None
    if has_floor == (sign > 0):
        return arms[0]
    return arms[1] if len(arms) > 1 else None


def relabelled(protocol: Protocol, script: Script, ledger: Ledger, *, alpha: float) -> Iterator[Relabelled]:
    """Yield each prediction that was measured with shuffled labels, at today's version of any setting.

    Args:
        protocol: Of a claim.
        script: Of its experiment.
        ledger: All evidence and controls.
        alpha: Error probability of an interval.
    """
    origins = {ledger.origin(script.version_at(setting)) for setting in protocol.settings}
    files = [each for each in ledger.controls if ledger.origin(each.controls.version) in origins]
    for version in sorted({each.controls.version for each in files}):
        shuffled = shuffled_of(files, version)
        right = sets_of(files, version).get(FIRST_SET, {})
        for prediction in protocol.predictions:
            arm = learner(prediction, script) if prediction.outcome in script.outcomes else None
            if arm is None or arm not in shuffled:
                continue
            values: Values = {
                each: shuffled[arm] if each == arm else right.get(each, {}) for each in prediction.arms
            }
            found = find(prediction, None, script.outcomes, values, alpha=alpha)
            if found.seeds >= LEAST_SEEDS:
                yield Relabelled(prediction.name, arm, version, found.decision, found.detail)
