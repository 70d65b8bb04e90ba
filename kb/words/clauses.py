"""Clauses that name claims, in pieces: a terminal shows the id, a page shows the title with its link."""

from __future__ import annotations


class ClaimName(str):
    """The id of a claim within a clause."""

    __slots__ = ()


Clause = tuple[str, ...]
"""Pieces in their order, spaces included; those that name a claim are a `ClaimName`."""


def clause_text(clause: Clause) -> str:
    """Return a clause as text, in which ids stand for claims."""
    return "".join(clause)
