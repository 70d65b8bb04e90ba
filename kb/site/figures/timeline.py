"""The states that a claim went through, as a row of marks from the oldest to today's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from markupsafe import Markup

from kb.judging.judgement import State
from kb.site.figures.svg import element, figure, icon, path, text
from kb.time.history import Event
from kb.words.numbers import count
from kb.words.states import STATES

STEP, HEIGHT, MIDDLE = 84, 60, 12
MOST = 4
"""The most marks in one figure, the latest ones; the page of the history has them all."""


class Turn(NamedTuple):
    """A state that began, with the seeds behind it and the day."""

    state: State
    seeds: str
    day: str


def turns(events: Sequence[Event]) -> list[Turn]:
    """Return where the state or its number of seeds changed, oldest first."""
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
    """Return the figure as a line of SVG, or None for a claim whose state never changed.

    Args:
        events: Everything that became of the claim, oldest first.
        figure_id: Prefix of the ids inside the figure.
    """
    found = turns(events)
    if len(found) < 2:
        return None
    shown = found[-MOST:]
    before = f"; {count(len(found) - MOST, 'earlier change')} not shown" if len(found) > MOST else ""
    width = STEP * len(shown)
    return figure(
        "timeline",
        width,
        HEIGHT,
        path(f"M{0 if before else 8} {MIDDLE}H{width - STEP + 8}", "axis"),
        *(part for k, turn in enumerate(shown) for part in _mark(turn, STEP * k)),
        figure_id=figure_id,
        title=f"State over time{before}",
        description=f"{'; '.join(' '.join(_lines(turn)) for turn in shown)}.",
        is_sized=True,
    )


def _lines(turn: Turn) -> tuple[str, str, str]:
    return STATES[turn.state].word, turn.seeds, turn.day


def _mark(turn: Turn, x: int) -> Iterator[Markup]:
    state = STATES[turn.state]
    disc = element("circle", cx=x + 8, cy=MIDDLE, r=9)
    yield element("g", disc, icon(state.icon, x, MIDDLE - 8), class_=f"badge--{state.slug}")
    for k, line in enumerate(_lines(turn)):
        yield text(line, x, MIDDLE + 20 + 12 * k)
