"""A source that a claim names must have a record."""

from __future__ import annotations

from collections.abc import Iterator

from kb.reading.base import Base
from kb.text.problems import Problem
from kb.text.spelling import nearest

CODES = {"unknown-source": "A claim names a source that has no record."}


def check(base: Base) -> Iterator[Problem]:
    """Return a problem for each source that a claim names and that has no file."""
    known = {*base.sources, *base.unread}
    for claim_id, claim in base.claims.items():
        named = {("stated_in", i, "source"): part.source for i, part in enumerate(claim.stated_in)}
        named |= {("reported", i, "from"): part.from_ for i, part in enumerate(claim.reported)}
        for keys, source in named.items():
            if source not in known:
                yield base.problem(
                    "unknown-source",
                    claim_id,
                    keys,
                    found=f"the source {source}, which has no record",
                    allowed="the name of a file in claims/sources/, without .yaml",
                    advice=f"correct it, or add claims/sources/{source}.yaml",
                    nearest=nearest(source, base.sources),
                )
