"""The experiment of a protocol must have a script, or say what the script must measure."""

from __future__ import annotations

from collections.abc import Iterator

from kb.reading.base import Base
from kb.text.problems import Problem
from kb.text.spelling import nearest

CODES = {"unknown-experiment": "A protocol names an experiment that has no script."}


def check(base: Base) -> Iterator[Problem]:
    """Return a problem for each protocol whose experiment has no file and is not planned."""
    known = {*base.scripts, *base.unread}
    for claim_id, claim in base.claims.items():
        if claim.protocol and claim.protocol.experiment not in known and claim.protocol.planned is None:
            name = claim.protocol.experiment
            yield base.problem(
                "unknown-experiment",
                claim_id,
                ("protocol", "experiment"),
                found=f"the experiment {name}, which has no script",
                allowed="the name of a file in repro/experiments/, without .py",
                advice=f"correct it, write repro/experiments/{name}.py, "
                "or add `planned:` to say what it must measure",
                nearest=nearest(name, base.scripts),
            )
