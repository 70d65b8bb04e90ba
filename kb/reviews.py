"""What a review of a claim's links leaves in its record, and how it is written there.

A review says: on this day somebody looked at every link of this claim, with both of its ends as the digests
describe them. `repro review` writes it; what has changed since is worked out in `kb.suspects`.
"""

from __future__ import annotations

import json
import re

from kb.record_fields import Day, Digest, Identifier, Line, Record

FIELD = "reviewed"
"""The key of a review in a claim's record."""
_TOP_KEY = re.compile(r"[^\s#-]")


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


def with_review(text: str, review: Review) -> str:
    """Return a record's text with a review in the place of the former one, or else at its end.

    Every other line stays as it is. The record must be a block mapping, as all of ours are; whoever writes
    the result to a file should read it first.
    """
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    start = next((i for i, line in enumerate(lines) if line.startswith(f"{FIELD}:")), len(lines))
    after = (i for i in range(start + 1, len(lines)) if _TOP_KEY.match(lines[i]))
    end = next(after, len(lines))
    while end > start and not lines[end - 1].startswith((" ", FIELD)):
        end -= 1  # comments and empty lines before the next key belong to it
    return "".join([*lines[:start], *_block(review), *lines[end:]])


def _block(review: Review) -> list[str]:
    """Return a review as lines of YAML; texts are in quotes, because some digests read as numbers."""
    head = [
        f"{FIELD}:\n",
        f"  date: {_quoted(review.date)}\n",
        f"  note: {_quoted(review.note)}\n",
        "  seen:\n",
    ]
    return [*head, *(f"    - {_seen(seen)}\n" for seen in review.seen)]


def _seen(seen: Seen) -> str:
    parts = seen.model_dump(exclude={"record"}, exclude_none=True)
    fields = [
        f"record: {_quoted(seen.record)}",
        *(f"{name}: {_quoted(part)}" for name, part in parts.items()),
    ]
    return "{" + ", ".join(fields) + "}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
