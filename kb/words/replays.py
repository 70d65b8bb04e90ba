"""Replays in words, once for terminal, page and API."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from kb.evidence.replays import Agreement, Replay
from kb.words.numbers import count
from kb.words.settings import listed

AGREEMENT: Mapping[Agreement, str] = {
    "exact": "equal to the bit",
    "predicted": "inside what the arm's seeds predict",
    "different": "different",
}
"""How a block that was measured again agrees with the piece that counts."""


def replays_sentence(found: Sequence[Replay]) -> str:
    """Return what became of the blocks that were measured again; empty where none was."""
    if not found:
        return ""
    counts = Counter(each.agreement for each in found)
    machines = len({each.again.machine.fingerprint for each in found})
    how = listed([f"{counts[name]} {words}" for name, words in AGREEMENT.items() if counts[name]])
    return f"{count(len(found), 'block')} measured again on {count(machines, 'machine')}: {how}."
