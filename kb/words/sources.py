"""What a source does with a claim, and how much of a source was read, in words."""

from __future__ import annotations

from kb.records.claims import Stance
from kb.records.sources import Verified

STANCES: dict[Stance, str] = {
    "asserts": "Asserted by",
    "disputes": "Disputed by",
    "qualifies": "Qualified by",
    "reports": "Reported by",
    "cites": "Pointed to by",
}
"""Verbs for stances, in the passive so that they fit one author and several."""
DOES: dict[Stance, str] = {
    "asserts": "assert",
    "qualifies": "qualify",
    "disputes": "dispute",
    "reports": "report",
    "cites": "point to",
}
"""The same as verbs, in the order of a scorecard."""
CHECKED: dict[Verified, str] = {
    "text": "Its text was read.",
    "abstract": "Its abstract was read, and of the rest at most what its note says.",
    "secondary": "It is known here through other sources only.",
    "memory": "It is cited from memory and still has to be checked.",
}
