"""Answers: what people say of verdicts, in words that no program could write.

An answer carries the digest of what it speaks of (`of`), which `repro review` writes. `kb.reasoning.answers`
defines what the digest is made of, and when an answer becomes suspect.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from kb.records.fields import TEXT, Digest, Line, Record


class Answer(Record):
    """What came out for a claim, in one reviewed sentence or two."""

    says: Line
    """What came out, with the setting in which it did; no stronger than the intervals."""
    of: Digest | None = None
    """Digest of the verdict that it speaks of, from `repro review`."""


class DebateAnswer(Record):
    """What the verdicts say so far on the question of a debate, in one reviewed paragraph."""

    says: Annotated[str, StringConstraints(min_length=1, max_length=1500, pattern=TEXT)]
    """What they say, with the settings; no stronger than the intervals."""
    of: Digest | None = None
    """Digest of the verdicts that it speaks of, from `repro review`."""
