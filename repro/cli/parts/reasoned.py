"""What the commands that reason share: what was read, and how standings, costs and lines look."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

import click

from kb.evidence.ledger import Ledger, read_ledger
from kb.judging.judgement import Judgement, judge_base
from kb.reading.base import Base
from kb.reading.load import load_base
from kb.reading.tree import Folder
from kb.reasoning.cost import Cost
from kb.reasoning.standing import Standing, standings
from repro.cli import Context

WIDTH = 78


@dataclass(frozen=True)
class Known:
    """Records, evidence, and what they come to today."""

    base: Base
    ledger: Ledger
    judgements: Mapping[str, Judgement]
    standings: Mapping[str, Standing]


def read(context: Context) -> Known:
    """Read everything and judge it."""
    base, ledger = load_base(Folder(context.root)), read_ledger(Folder(context.root))
    judgements = judge_base(base, ledger)
    return Known(base, ledger, judgements, standings(base, judgements))


def cost_text(cost: Cost) -> str:
    """Return a cost with where it comes from."""
    if cost.seconds is None:
        return "cost unknown"
    seconds = f"{cost.seconds:.0f}" if cost.seconds >= 10 else f"{cost.seconds:.2g}"
    return f"about {seconds} s, {'as the protocol states' if cost.basis == 'stated' else 'measured'}"


def cost_data(cost: Cost) -> dict[str, object]:
    """Return a cost as plain JSON data."""
    return {"seconds": cost.seconds, "basis": cost.basis}


def hanging(head: str, text: str, *, indent: int = 2, style: str | None = None) -> list[str]:
    """Return text in lines beside a head, such as `  run  ...`; lines after the first are indented alike.

    Args:
        head: What stands before the text, with the spaces between the two.
        text: The text.
        indent: Columns before the head.
        style: Colour of the head.
    """
    first, rest = " " * indent + head, " " * (indent + len(head))
    lines = textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
    return [
        line.replace(head, click.style(head, fg=style), 1) if i == 0 else line for i, line in enumerate(lines)
    ]
