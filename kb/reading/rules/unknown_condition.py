"""A reading of a debate names predictions that its claims make."""

from __future__ import annotations

from collections.abc import Iterator

from kb.reading.base import Base
from kb.text.problems import Problem
from kb.text.spelling import nearest

CODES = {"unknown-condition": "A reading of a debate names a prediction that its claim does not make."}


def check(base: Base) -> Iterator[Problem]:
    """Return a problem for each named prediction that the protocol of its claim lacks."""
    for debate_id, debate in base.debates.items():
        for i, reading in enumerate(debate.readings):
            for k, condition in enumerate(reading.when):
                claim = base.claims.get(condition.claim)
                if claim is None:  # `unknown-claim` says so
                    continue
                names = [each.name for each in claim.protocol.predictions] if claim.protocol else []
                if condition.prediction not in names:
                    yield base.problem(
                        "unknown-condition",
                        debate_id,
                        ("readings", i, "when", k, "prediction"),
                        found=f"the prediction {condition.prediction}, which {condition.claim} does not make",
                        allowed=", ".join(names) or "a prediction of a claim that has a protocol",
                        advice="name a prediction of that claim, or leave the condition out",
                        nearest=nearest(condition.prediction, names),
                    )
