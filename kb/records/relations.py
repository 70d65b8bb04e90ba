"""The types of relations between claims, and everything that the code needs to know of each.

To add a type, name it in `RelationType` and give it a row in `RELATIONS`; all other modules use that table.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

RelationType = Literal["depends_on", "supports", "contradicts", "refines", "explains"]
Effect = Literal["base", "against", "support", "none"]
"""What a relation does: its start rests on its end, speaks against it, for it, or neither."""


class RelationWords(NamedTuple):
    """One type of relation.

    Attributes:
        verb: Heading above the ends of such relations, at the claim that states them.
        reverse: Heading above the claims that state them, at their end.
        clause: Words between start and end within a sentence.
        effect: What it does to standings and to what is said for and against a claim.
        points_back: Does its end bear on its start? All others bear on their end.
    """

    verb: str
    reverse: str
    clause: str
    effect: Effect = "none"
    points_back: bool = False

    @property
    def bears(self) -> str:
        """Return the verb from the claim that bears to the one it bears on, for use within a sentence."""
        return (self.reverse if self.points_back else self.verb).lower()


RELATIONS: dict[RelationType, RelationWords] = {
    "depends_on": RelationWords("Relies on", "Relied on by", "depends on", "base", points_back=True),
    "supports": RelationWords("Supports", "Is supported by", "supports", "support"),
    "contradicts": RelationWords("Contradicts", "Is contradicted by", "contradicts", "against"),
    "refines": RelationWords("Refines", "Is refined by", "refines"),
    "explains": RelationWords("Explains", "Is explained by", "explains"),
}
