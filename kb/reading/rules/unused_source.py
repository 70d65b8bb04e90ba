"""Every source is named by some claim."""

from __future__ import annotations

from collections.abc import Iterator

from kb.reading.base import Base
from kb.text.problems import Problem

CODES = {"unused-source": "No claim names a source."}


def check(base: Base) -> Iterator[Problem]:
    """Return a problem for each source that no claim names; silent while some claim cannot be read."""
    if base.unread:
        return
    used = {part.source for claim in base.claims.values() for part in claim.stated_in}
    used |= {part.from_ for claim in base.claims.values() for part in claim.reported}
    for source_id in base.sources:
        if source_id not in used:
            yield base.problem(
                "unused-source",
                source_id,
                (),
                found=f"the source {source_id}, which no claim names",
                allowed="sources that a claim's stated_in or reported names",
                advice="write the claim it states, or delete the file",
            )
