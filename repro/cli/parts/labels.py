"""States and standings as coloured words for lists."""

from __future__ import annotations

from collections.abc import Mapping

import click

from kb.words.standings import NO_STANDING, STANDINGS
from kb.words.states import DIM, STATES

_STATES: Mapping[str, str] = {state: row.colour for state, row in STATES.items()}
_STANDINGS: Mapping[str, str] = {name: row.colour for name, row in STANDINGS.items()}


def state_label(state: str, width: int = 0) -> str:
    """Return a state, padded to a width, coloured where the terminal has colours."""
    return click.style(state.ljust(width), fg=_STATES.get(state, DIM))


def standing_label(standing: str | None, width: int = 0) -> str:
    """Return a standing or its absence, padded to a width, coloured where the terminal has colours."""
    standing = standing or NO_STANDING
    return click.style(standing.ljust(width), fg=_STANDINGS.get(standing, DIM))
