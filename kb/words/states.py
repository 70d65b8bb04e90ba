"""The words and icons of the ten states a claim can be in, in the order in which lists show them."""

from __future__ import annotations

from typing import NamedTuple

from kb.judging.judgement import State


class StateWords(NamedTuple):
    """How a state is shown.

    Attributes:
        word: What the badge says.
        slug: What style sheets and anchors call it.
        icon: Path data on a 16 by 16 grid, drawn as strokes.
        means: The sentence of the legend; also what a claim without a verdict says of itself.
    """

    word: str
    slug: str
    icon: str
    means: str


_RING = "M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0 -13"

STATES: dict[State, StateWords] = {
    "reproduced": StateWords(
        "Reproduced", "reproduced", f"{_RING}M5 8.2l2.2 2.3L11.2 6", "Every prediction held in our runs."
    ),
    "contradicted": StateWords(
        "Contradicted",
        "contradicted",
        f"{_RING}M5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8",
        "Every prediction failed in our runs.",
    ),
    "split": StateWords(
        "Split", "split", f"{_RING}M8 1.5v13M4.5 6v4M6.2 4.5v7", "Some predictions held and some failed."
    ),
    "inconclusive": StateWords(
        "Inconclusive",
        "inconclusive",
        f"{_RING}M4.5 8.8c1.2 -2 2.4 -2 3.5 -.8s2.3 1.2 3.5 -.8",
        "The interval still holds both answers.",
    ),
    "invalid": StateWords(
        "Invalid",
        "invalid",
        "M8 2L15 14H1zM8 6.5v3.5M8 12v.2",
        "A control failed, so the test tells nothing about the claim.",
    ),
    "stale": StateWords(
        "Stale",
        "stale",
        f"{_RING}M8 4.5V8l2.5 1.8",
        "The code changed after the last run, so the stored values no longer count.",
    ),
    "not run": StateWords(
        "Not run",
        "not-run",
        f"{_RING}M6.5 5.2v5.6L11 8z",
        "The predictions are fixed; nothing is measured yet.",
    ),
    "to be written": StateWords(
        "To be written",
        "to-be-written",
        f"{_RING}M5.2 10.8l.5 -2.2 4 -4 1.7 1.7 -4 4z",
        "The predictions are fixed; the script that measures them is still to be written.",
    ),
    "untested": StateWords(
        "Untested", "untested", "M8 1.5a6.5 6.5 0 0 1 6.5 6.5M8 14.5A6.5 6.5 0 0 1 1.5 8", "No protocol yet."
    ),
    "not testable": StateWords(
        "Not testable", "not-testable", f"{_RING}M5 8h6", "No measurement could decide it."
    ),
}


class Group(NamedTuple):
    """States that a reader in a hurry takes together.

    Attributes:
        word: What the count says.
        slug: What addresses call it.
        states: In the order of lists; the groups in their order hold every state once.
        means: One sentence.
    """

    word: str
    slug: str
    states: tuple[State, ...]
    means: str


GROUPS = (
    Group("stand", "stand", ("reproduced",), "Every prediction held."),
    Group("fall", "fall", ("contradicted",), "Every prediction failed."),
    Group("split", "divided", ("split",), "Some held, some failed."),
    Group(
        "wait",
        "wait",
        ("inconclusive", "invalid", "stale", "not run", "to be written", "untested"),
        "No decision yet.",
    ),
    Group("untestable", "beyond", ("not testable",), "No measurement could decide."),
)
"""Every state once, in the order of `STATES`."""
GROUP_OF = {state: group.slug for group in GROUPS for state in group.states}
