"""A locator counts paragraphs as its source does, where the source lists them."""

from __future__ import annotations

from collections.abc import Iterator

from kb.reading.base import Base
from kb.text.problems import Problem

CODES = {"wrong-paragraph": "A locator names a paragraph that does not list the claim."}


def check(base: Base) -> Iterator[Problem]:
    """Return a problem for each locator whose paragraph is not among those that list the claim."""
    for claim_id, claim in base.claims.items():
        for i, appearance in enumerate(claim.stated_in):
            number, source = appearance.locator.paragraph, base.sources.get(appearance.source)
            if number is None or source is None:
                continue
            listing = [k for k, part in enumerate(source.paragraphs, 1) if claim_id in part.stated]
            if listing and number not in listing:
                yield base.problem(
                    "wrong-paragraph",
                    claim_id,
                    ("stated_in", i, "locator", "paragraph"),
                    found=f"paragraph {number} of {appearance.source}, which does not list the claim",
                    allowed=f"the paragraphs that do: {', '.join(map(str, listing))}",
                    advice="correct the number, or list the claim under that paragraph",
                )
