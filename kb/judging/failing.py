"""Stored controls of an experiment that failed, which make every claim that rests on it invalid.

What fails here was measured on seeds that never count: an arm broke the contract, a fault imitated with an
arm's values was not refused, arms differ from themselves more often than the rule allows itself, or a
prediction held although there was nothing to learn. The last concerns the claims that make the prediction;
the others concern the experiment, whichever claim it serves. A control that failed stays failed until what
measures is mended, which makes another test version.
"""

from __future__ import annotations

from collections.abc import Iterator

from kb.evidence.ledger import Ledger
from kb.judging.against_itself import comparisons_of, is_beyond_chance
from kb.judging.details import FailedControl
from kb.judging.labels import relabelled
from kb.reading.base import Base
from kb.reading.experiment import Script
from kb.records.protocol import Protocol


def failing(base: Base, ledger: Ledger, script: Script) -> tuple[FailedControl, ...]:
    """Return the stored controls of an experiment's current versions that failed, whatever claim they serve.

    Args:
        base: The records, whose settings say which versions are current.
        ledger: All evidence and controls.
        script: Of the experiment.
    """
    files = [each.controls for each in ledger.controls if each.controls.experiment == script.name]
    if not files:
        return ()
    current = {ledger.origin(script.version_at(setting)) for setting in base.settings(script.name)}
    return tuple(_failing(ledger, script, current))


def _failing(ledger: Ledger, script: Script, current: set[str]) -> Iterator[FailedControl]:
    files = [each.controls for each in ledger.controls if ledger.origin(each.controls.version) in current]
    for controls in files:
        for tried in controls.tried:
            if tried.breach:
                yield FailedControl("contract broken", script.name, tried.arm, tried.breach)
    for controls in files:
        for imitated in controls.imitated:
            if not imitated.refusal:
                yield FailedControl("fault not refused", script.name, imitated.arm, imitated.mutant)
    compared = list(comparisons_of(script, ledger, current)) if files else []
    false = sum(each.is_false for each in compared)
    if is_beyond_chance(false, len(compared)):
        yield FailedControl("differs from itself", script.name, "", f"{false} of {len(compared)}")


def without_labels(
    protocol: Protocol, script: Script, ledger: Ledger, *, alpha: float
) -> tuple[FailedControl, ...]:
    """Return the predictions of a claim that hold with shuffled labels; arguments as `relabelled`."""
    return tuple(
        FailedControl("labels do not matter", script.name, each.arm, each.prediction)
        for each in relabelled(protocol, script, ledger, alpha=alpha)
        if not each.is_passed
    )
