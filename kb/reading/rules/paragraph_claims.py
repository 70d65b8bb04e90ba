"""A source that is read by paragraph agrees with the claims that are stated in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from kb.reading.base import Base
from kb.text.problems import Problem

CODES = {
    "paragraph-not-stated": "A paragraph lists a claim that is not stated in its source.",
    "unlisted-appearance": "No paragraph of a source lists a claim that is stated in it.",
}


def check(base: Base) -> Iterator[Problem]:
    """Return a problem for each claim on one of the two lists only."""
    stated = _stated(base)
    for source_id, source in base.sources.items():
        if source.paragraphs:
            yield from _not_stated(base, source_id, stated[source_id])
            yield from _unlisted(base, source_id, stated[source_id])


def _stated(base: Base) -> Mapping[str, dict[str, int]]:
    """Return by source the claims stated in it, each with the place of its first appearance there."""
    stated: dict[str, dict[str, int]] = defaultdict(dict)
    for claim_id, claim in base.claims.items():
        for i, appearance in enumerate(claim.stated_in):
            stated[appearance.source].setdefault(claim_id, i)
    return stated


def _unlisted(base: Base, source_id: str, stated: Mapping[str, int]) -> Iterator[Problem]:
    listed = {claim_id for part in base.sources[source_id].paragraphs for claim_id in part.stated}
    for claim_id, i in stated.items():
        if claim_id not in listed:
            yield base.problem(
                "unlisted-appearance",
                claim_id,
                ("stated_in", i, "source"),
                found=f"an appearance in {source_id}, of which no paragraph lists the claim",
                allowed=f"claims that {base.paths[source_id]} lists under some paragraph",
                advice="list the claim under the paragraph that states it, or remove the appearance",
            )


def _not_stated(base: Base, source_id: str, stated: Mapping[str, int]) -> Iterator[Problem]:
    for i, paragraph in enumerate(base.sources[source_id].paragraphs):
        for keys, claim_id in paragraph.named:
            if claim_id in base.claims and claim_id not in stated:
                yield base.problem(
                    "paragraph-not-stated",
                    source_id,
                    ("paragraphs", i, *keys),
                    found=f"the claim {claim_id}, which is not stated in {source_id}",
                    allowed="claims whose stated_in names this source",
                    advice=f"add the source to {base.paths[claim_id]}, or correct the id",
                )
