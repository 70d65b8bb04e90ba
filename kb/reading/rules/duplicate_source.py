"""No two records describe the same source."""

from __future__ import annotations

from collections.abc import Iterator

from kb.reading.base import Base
from kb.records.identifiers import work
from kb.text.problems import Problem

CODES = {"duplicate-source": "Two sources have the same DOI, arXiv number or address."}


FIELDS = ("DOI", "arxiv", "URL")


def check(base: Base) -> Iterator[Problem]:
    """Return a problem for each source with the DOI, arXiv number or address of an earlier one.

    Two spellings of an identifier are one, and an address of doi.org or arxiv.org is the identifier in it.
    """
    seen: dict[tuple[str, str], str] = {}
    for source_id, source in base.sources.items():
        for field in FIELDS:
            value = getattr(source, field)
            if value is None:
                continue
            mark = work(field, value)
            if seen.get(mark, source_id) != source_id:
                yield base.problem(
                    "duplicate-source",
                    source_id,
                    (field,),
                    found=f"the {field} of {seen[mark]}",
                    allowed="one record for each source",
                    advice=f"name {seen[mark]} in the claims, and delete this file",
                )
                break
            seen[mark] = source_id
