"""What the commands that reason have in common: the look of standings, costs and lines."""

from __future__ import annotations

import textwrap

import click

from kb.reasoning.accounts import Account
from kb.reasoning.cost import Cost
from kb.words.accounts import WEIGHTS
from repro.cli.parts.terminal import columns

WIDTH = 78


def cost_text(cost: Cost) -> str:
    """Return a cost with its origin."""
    if cost.seconds is None:
        return "cost unknown"
    seconds = f"{cost.seconds:.0f}" if cost.seconds >= 10 else f"{cost.seconds:.2g}"
    return f"about {seconds} s, {'as the protocol states' if cost.basis == 'stated' else 'measured'}"


def cost_data(cost: Cost) -> dict[str, object]:
    """Return a cost as plain JSON data."""
    return {"seconds": cost.seconds, "basis": cost.basis}


def account_lines(account: Account) -> list[str]:
    """Return what speaks for and against a claim without a verdict, under a heading for each weight."""
    lines = []
    for weight, row in WEIGHTS.items():
        entries = [entry for entry in account if entry.weight == weight]
        if entries:
            lines += ["", f"{click.style(row.word, bold=True)}: {row.means}"]
        for entry in entries:
            lines += hanging("- ", f"{entry.words} ({entry.because})")
    return lines


def wrapped(text: str, first: str = "", rest: str = "") -> list[str]:
    """Return text in lines that break only between words, after these indents."""
    return textwrap.wrap(
        text, columns(WIDTH), initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    )


def hanging(head: str, text: str, *, indent: int = 2, style: str | None = None) -> list[str]:
    """Return text in lines beside a head, such as `  run  ...`; later lines are indented to match the first.

    Args:
        head: What precedes the text, with the spaces between the two.
        text: The text.
        indent: Columns before the head.
        style: Colour of the head.
    """
    first, rest = " " * indent + head, " " * (indent + len(head))
    lines = wrapped(text, first, rest)
    return [
        line.replace(head, click.style(head, fg=style), 1) if i == 0 else line for i, line in enumerate(lines)
    ]
