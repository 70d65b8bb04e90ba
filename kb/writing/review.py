"""What a review leaves in the text of a record: digests of what its links and its answer rest on."""

from __future__ import annotations

from kb.reading.base import Base
from kb.reading.overviews import MARK
from kb.records.claims import Review, Seen
from kb.text.yaml_guard import compose
from kb.time.suspects import linked, parts
from kb.writing.edit import with_entry, with_value

FIELD = "reviewed"
"""The key of a review in a claim's record."""


def reviewed(base: Base, claim_id: str, *, day: str, note: str) -> Review:
    """Return the review that says that every link of a claim stands today.

    Args:
        base: All records.
        claim_id: The claim.
        day: Today, such as `2026-01-31`.
        note: What was looked at; one line.
    """
    ids = linked(claim_id, base.claims[claim_id])
    records = {i: base.claims.get(i) or base.sources.get(i) for i in ids}
    seen = (Seen(record=i, **parts(record)) for i, record in records.items() if record is not None)
    return Review(date=day, note=note, seen=tuple(seen))


def with_review(text: str, review: Review) -> str:
    """Return a claim's text with a review in place of the former one, or else after its last field.

    Raises:
        EditError: The record is written in braces.
    """
    value = review.model_dump(exclude_none=True)
    fields = compose(text).value
    if FIELD in fields:
        return with_value(text, (FIELD,), value)
    return with_entry(text, (FIELD,), value, after=[*fields][-1])


def with_digest(text: str, digest: str) -> str:
    """Return the text of a claim or debate whose answer carries the digest of what it speaks of.

    Raises:
        EditError: The answer is not there, or is written in braces.
    """
    answer = compose(text).value.get("answer") or {}
    if "of" in answer:
        return with_value(text, ("answer", "of"), digest)
    return with_entry(text, ("answer", "of"), digest, after="says")


def with_marked_digest(text: str, line: int, digest: str) -> str:
    """Return the text of an overview in which the mark of a line carries the digest of what it speaks of.

    Args:
        text: The whole text.
        line: Number of a line, counted from 1.
        digest: What its sentence speaks of.
    """
    lines = text.split("\n")
    bare = lines[line - 1].rstrip()
    if mark := MARK.search(bare):
        lines[line - 1] = f"{bare[: mark.end('claims')]}: {digest}}}"
    return "\n".join(lines)
