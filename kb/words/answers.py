"""What terminal, pages and API say of a suspect answer, and of whether a reading of a debate came true."""

from __future__ import annotations

from typing import Literal

from kb.judging.bounds import Decision

Obtained = Literal["obtained", "not obtained", "open"]

OBTAINED: dict[Obtained, str] = {
    "obtained": "Obtained: this is what came out.",
    "not obtained": "Excluded: this is not what came out.",
    "open": "Open: not measured, or not decided yet.",
}
"""Whether a reading came true, as a sentence."""
CAME_OUT: dict[Decision | None, str] = {
    "reproduced": "Held",
    "contradicted": "Failed",
    "inconclusive": "Not decided yet",
    None: "Not decided yet",
}
"""How a prediction came out, by the result of `kb.reasoning.readings.decision_of`."""


def suspicion(of: str, now: str) -> str:
    """Return why an answer is suspect, as a clause; empty if it is not.

    Args:
        of: The digest that it carries; empty if it carries none.
        now: The digest of today's verdicts; empty if there are none.
    """
    if not now:
        return "there is no verdict that it could speak of"
    if not of:
        return "nobody has confirmed it beside the verdict yet"
    return "" if of == now else "the test, or what came out of it, is no longer what it was confirmed for"
