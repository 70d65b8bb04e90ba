"""People and groups who make works, named as in CSL."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from kb.records.fields import Flaw, PersonName, Record, mixed_scripts

CODES = {"person-name": "A person has no name, or two kinds of name."}

PARTS = ("given", "dropping_particle", "non_dropping_particle", "family", "suffix")
"""The parts of a person's name in the order in which they are read aloud."""
BESIDE_FAMILY = tuple(part for part in PARTS if part != "family")


class Person(Record):
    """A name as in CSL: `family` with its other parts, or `literal` for a group."""

    family: PersonName | None = None
    """Family name."""
    given: PersonName | None = None
    """Given names or initials."""
    dropping_particle: PersonName | None = Field(default=None, alias="dropping-particle")
    """Particle before the family name that is left out where only that is given."""
    non_dropping_particle: PersonName | None = Field(default=None, alias="non-dropping-particle")
    """Particle that stays with the family name, such as van der."""
    suffix: PersonName | None = None
    """What follows the name, such as Jr. or III."""
    comma_suffix: bool = Field(default=False, alias="comma-suffix")
    """Whether a comma stands before the suffix."""
    literal: PersonName | None = None
    """The whole name of a group; a pen name of one person is a family name."""

    @property
    def full(self) -> str:
        """Return the name as it is read aloud."""
        if self.literal:
            return self.literal
        *parts, suffix = (getattr(self, part) for part in PARTS)
        name = " ".join(part for part in parts if part)
        return f"{name}{', ' if self.comma_suffix else ' '}{suffix}" if suffix else name

    def flaws(self) -> Iterator[Flaw]:
        """Return what is wrong with the choice of names, and with their letters."""
        beside = any(getattr(self, part) for part in BESIDE_FAMILY)
        given = [name for name in type(self).model_fields if name in self.model_fields_set]
        if (self.literal is None) == (self.family is None) or (self.literal and beside):
            yield Flaw(
                "person-name",
                "a person with " + (" and ".join(given) or "no name"),
                "family, with given where there is one; or literal for a group",
                "write {family: Doe, given: Jane} or {literal: The Doe Group}",
            )
        elif self.literal is None:
            letters = "".join(getattr(self, part) or "" for part in PARTS).replace(" ", "")
            flaw = mixed_scripts(self.full, letters)
            if flaw:
                yield flaw
