"""What a source does with a claim, in words."""

from __future__ import annotations

from kb.records.claims import Stance

STANCES: dict[Stance, str] = {
    "asserts": "Asserted by",
    "disputes": "Disputed by",
    "qualifies": "Qualified by",
    "reports": "Reported by",
}
"""In the passive, so that one author and several read well."""
