"""What a command must be told: given as options, asked for in a terminal, or else listed all at once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import click

from repro.cli.parts.errors import UsageProblem


@dataclass(frozen=True)
class Question:
    """One thing that a command must know.

    Attributes:
        option: The option as it is typed, such as `--title`.
        asks: The question, without a question mark.
        choices: The possible answers; if empty, any text.
        is_number: Is the answer a number?
        is_count: Is it a whole number from 1?
        is_list: Is the answer a list of words on one line, separated by commas?
        complete: What the shell offers as completions.
    """

    option: str
    asks: str
    choices: tuple[str, ...] = ()
    is_number: bool = False
    is_count: bool = False
    is_list: bool = False
    complete: Callable[[click.Context, click.Parameter, str], list[str]] | None = None

    @property
    def name(self) -> str:
        """Return the option's name in Python."""
        return self.option.lstrip("-").replace("-", "_").lower()

    def as_option(self, command: Callable[..., Any]) -> Callable[..., Any]:
        """Give a command the option."""
        names = {self.is_number: "X", self.is_count: "N", self.is_list: "A,B"}
        metavar = None if self.choices else names.get(True, "TEXT")
        return click.option(
            self.option, type=self.kind, metavar=metavar, shell_complete=self.complete, help=f"{self.asks}."
        )(command)

    @property
    def kind(self) -> click.ParamType[Any] | type:
        """Return what reads the answer."""
        if self.choices:
            return click.Choice(self.choices)
        return click.IntRange(1) if self.is_count else float if self.is_number else str


def is_terminal() -> bool:
    """Is there a user who can answer?"""
    return sys.stdin.isatty() and sys.stderr.isatty()


def answered(
    given: Mapping[str, Any], questions: Iterable[Question], *, proposals: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return what was given, together with an answer to each question that was still open.

    Args:
        given: Options by name; None where one was not given.
        questions: In the order in which they are asked.
        proposals: Answers that only have to be confirmed.

    Raises:
        UsageProblem: Nobody can be asked; the message names every missing option.
    """
    missing = [question for question in questions if given.get(question.name) is None]
    if missing and not is_terminal():
        lines = "\n".join(f"  {_option(question)}  {question.asks}" for question in missing)
        raise UsageProblem(f"these options are missing, and there is no terminal to ask in:\n{lines}")
    proposed = proposals or {}
    return {**given, **{question.name: _asked(question, proposed.get(question.name)) for question in missing}}


def _option(question: Question) -> str:
    if question.choices:
        return f"{question.option} {'|'.join(question.choices)}"
    return question.option


def _asked(question: Question, proposal: str | None) -> Any:
    """Ask until there is an answer; standard output stays free for the command's own output."""
    return click.prompt(question.asks, type=question.kind, default=proposal, err=True)


def words(text: str) -> tuple[str, ...]:
    """Return the parts of a text between its commas, without spaces around them."""
    return tuple(part.strip() for part in text.split(",") if part.strip())
