"""Relations rest on predictions that their own claim makes."""

from __future__ import annotations

from collections.abc import Iterator

from kb.reading.base import Base
from kb.text.problems import Problem
from kb.text.spelling import nearest

CODES = {"unknown-prediction": "A relation rests on a prediction that its own claim does not make."}


def check(base: Base) -> Iterator[Problem]:
    """Return a problem for each name under `on` that is not one of the claim's predictions."""
    for claim_id, claim in base.claims.items():
        names = [prediction.name for prediction in claim.protocol.predictions] if claim.protocol else []
        for i, relation in enumerate(claim.relations):
            for k, name in enumerate(relation.on or ()):
                if name not in names:
                    yield base.problem(
                        "unknown-prediction",
                        claim_id,
                        ("relations", i, "on", k),
                        found=f"the prediction {name}, which this claim does not make",
                        allowed=", ".join(names) or "nothing, as the claim has no protocol",
                        advice="correct it, or remove `on` and let the relation rest on the whole verdict",
                        nearest=nearest(name, names),
                    )
