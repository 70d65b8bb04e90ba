"""What findings and verdicts may say besides decisions: names for programs, which `kb.words` words."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, NamedTuple


class Detail(StrEnum):
    """Why a prediction came out as it did."""

    NONE = ""
    OPPOSITE = "opposite"
    NEGLIGIBLE = "negligible"
    TOO_SMALL = "too small"
    TOO_LARGE = "too large"
    TOO_RARE = "too rare"
    DIVERGED = "diverged"
    DIVERGED_IN_PART = "diverged in part"
    DIRECTION = "direction supported"
    TOO_FEW_SEEDS = "too few seeds"
    DISAGREE = "blocks disagree"
    OUTSIDE = "estimate outside its interval"
    BLOCKS_DIFFER = "blocks differ more than seeds"

    @property
    def is_final(self) -> bool:
        """Is it impossible to say how many seeds would decide?"""
        return self in (Detail.TOO_FEW_SEEDS, Detail.DISAGREE, Detail.OUTSIDE, Detail.BLOCKS_DIFFER)


class Caution(StrEnum):
    """What a reader should also know."""

    DIVERGED = "some seeds diverged"
    SIDES = "mean and win rate disagree"
    SKEWED = "the values are skewed"


FailedKind = Literal["contract broken", "fault not refused", "differs from itself", "labels do not matter"]
"""How a control of an experiment itself can fail."""


class FailedControl(NamedTuple):
    """A control of an experiment itself that failed.

    Attributes:
        arm: The arm that it is of; empty if it is of all.
        what: The breach, the fault, the comparisons as `3 of 40`, or the prediction's name.
    """

    kind: FailedKind
    experiment: str
    arm: str
    what: str
