"""Arms in words: readers meet what a script says of an arm, never its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Texts = Mapping[str, str]
"""What a script says of each arm, by the arm's name."""


def arm_text(arm: str, texts: Texts) -> str:
    """Return what an arm is; of one that no script describes, its name as words."""
    return texts.get(arm) or arm.replace("_", " ")


def compared(arms: Sequence[str], texts: Texts) -> str:
    """Return what is compared: the text of one arm, or those of the first minus the second."""
    return " minus ".join(arm_text(arm, texts) for arm in arms)
