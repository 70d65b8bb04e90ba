"""What a review of a claim's links leaves in its record.

A review says: on this day somebody looked at every link of this claim, with both of its ends as the digests
describe them. `kb.writing.review` makes one; what has changed since is worked out in `kb.time.suspects`.
"""

from __future__ import annotations

from kb.records.fields import Day, Digest, Identifier, Line, Record


class Seen(Record):
    """A record as it was at a review: eight digits of the SHA-256 of each part on which a link may rest."""

    record: Identifier
    """Id of the claim itself, of a claim that it relates to, or of a source that states it."""
    statement: Digest | None = None
    """Of a claim's statement."""
    scope: Digest | None = None
    """Of a claim's scope."""
    protocol: Digest | None = None
    """Of a claim's experiment, scale, predictions and controls."""
    identity: Digest | None = None
    """Of a source's title and address."""


class Review(Record):
    """The last look at all links of a claim; `repro review` writes it."""

    date: Day
    """Day of the review."""
    note: Line
    """What was looked at, and why the links stand."""
    seen: tuple[Seen, ...]
    """The claim and everything it links to, as they were."""
