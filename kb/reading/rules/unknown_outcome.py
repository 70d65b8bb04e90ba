"""Predictions bound an outcome that their experiment measures."""

from __future__ import annotations

from collections.abc import Iterator

from kb.reading.base import Base
from kb.text.problems import Problem
from kb.text.spelling import nearest

CODES = {"unknown-outcome": "A prediction names an outcome that the experiment does not have."}


def check(base: Base) -> Iterator[Problem]:
    """Return a problem for each outcome that is not among the script's OUTCOMES."""
    for claim_id, protocol, script in base.protocols():
        numbers = [name for name, outcome in script.outcomes.items() if not outcome.is_curve]
        for keys, prediction in protocol.bounded:
            if prediction.outcome not in script.outcomes:
                yield base.problem(
                    "unknown-outcome",
                    claim_id,
                    (*keys, "outcome"),
                    found=f"the outcome {prediction.outcome}, which experiment {script.name} does not have",
                    allowed=", ".join(numbers),
                    advice=f"correct it, or let repro/experiments/{script.name}.py measure it",
                    nearest=nearest(prediction.outcome, numbers),
                )
