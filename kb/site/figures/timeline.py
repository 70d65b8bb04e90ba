"""The states that a claim went through, as a row of marks from the oldest to today's."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from markupsafe import Markup

from kb.judging.judgement import State
from kb.site.figures.seeds import NAMESPACE
from kb.time.history import Event
from kb.words.findings import count
from kb.words.states import STATES

STEP, HEIGHT, MIDDLE = 84, 60, 12
MOST = 4
"""Marks in one figure, the latest; the page of the history has all."""


class Turn(NamedTuple):
    """A state that began, with the seeds behind it and the day."""

    state: State
    seeds: str
    day: str


def turns(events: Sequence[Event]) -> list[Turn]:
    """Return where the state or its seeds became others than before, the oldest first."""
    return [
        Turn(
            event.state,
            count(event.seeds, "seed") if event.seeds else "no seeds",
            event.time[:10] if event.commit else "not committed",
        )
        for event in events
        if event.is_turn and event.state is not None
    ]


def timeline(events: Sequence[Event], *, figure_id: str) -> Markup | None:
    """Return the figure as a line of SVG, or nothing of a claim whose state never changed.

    Args:
        events: Everything that became of the claim, the oldest first.
        figure_id: Prefix of the ids inside.
    """
    found = turns(events)
    if len(found) < 2:
        return None
    shown = found[-MOST:]
    names = f'role="img" aria-labelledby="{figure_id}-title {figure_id}-desc"'
    size = f'width="{STEP * len(shown)}" height="{HEIGHT}" viewBox="0 0 {STEP * len(shown)} {HEIGHT}"'
    before = f"; {count(len(found) - MOST, 'earlier change')} not shown" if len(found) > MOST else ""
    parts = [
        f'<svg class="timeline" {names} {size} xmlns="{NAMESPACE}">',
        f'<title id="{figure_id}-title">State over time{before}</title>',
        f'<desc id="{figure_id}-desc">{escape("; ".join(" ".join(_lines(turn)) for turn in shown))}.</desc>',
        f'<path class="axis" d="M{0 if before else 8} {MIDDLE}H{STEP * (len(shown) - 1) + 8}"/>',
        *(_mark(turn, STEP * k) for k, turn in enumerate(shown)),
        "</svg>",
    ]
    return Markup("".join(parts))  # noqa: S704 # every text in it is escaped


def _lines(turn: Turn) -> tuple[str, str, str]:
    return STATES[turn.state].word, turn.seeds, turn.day


def _mark(turn: Turn, x: int) -> str:
    state = STATES[turn.state]
    texts = "".join(
        f'<text x="{x}" y="{MIDDLE + 20 + 12 * k}">{escape(line)}</text>'
        for k, line in enumerate(_lines(turn))
    )
    disc = f'<circle cx="{x + 8}" cy="{MIDDLE}" r="9"/>'
    icon = f'<path class="icon" transform="translate({x} {MIDDLE - 8})" d="{state.icon}"/>'
    return f'<g class="badge--{state.slug}">{disc}{icon}</g>{texts}'
