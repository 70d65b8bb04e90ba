"""A script that is written is planned no longer."""

from __future__ import annotations

from collections.abc import Iterator

from kb.reading.base import Base
from kb.text.problems import Problem

CODES = {"planned-and-written": "A protocol plans an experiment whose script exists already."}


def check(base: Base) -> Iterator[Problem]:
    """Return a problem for each protocol that still says what its script must measure."""
    for claim_id, protocol, script in base.protocols():
        if protocol.planned is not None:
            yield base.problem(
                "planned-and-written",
                claim_id,
                ("protocol", "planned"),
                found=f"a plan for the experiment {script.name}, which has a script",
                allowed="planned only where repro/experiments/ holds no script of that name",
                advice="remove planned; the script's docstring says what it measures",
            )
