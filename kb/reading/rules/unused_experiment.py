"""Every experiment is named by some claim."""

from __future__ import annotations

from collections.abc import Iterator

from kb.reading.base import Base
from kb.text.problems import Place, Problem

CODES = {"unused-experiment": "No claim names an experiment."}


def check(base: Base) -> Iterator[Problem]:
    """Return a problem for each script that no protocol names; silent while some claim cannot be read."""
    if base.unread:
        return
    used = {claim.protocol.experiment for claim in base.claims.values() if claim.protocol}
    for name, script in base.scripts.items():
        if name not in used:
            yield Problem(
                "unused-experiment",
                Place(script.path, 1, 1),
                f"the experiment {name}, which no claim names",
                "experiments that some claim's protocol names",
                "write the claim it tests, or start the file's name with an underscore",
                source_line=script.source.split("\n", 1)[0],
            )
