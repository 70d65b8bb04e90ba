"""Command lines of ours, as pages and workflows show them: does the program accept them?"""

from __future__ import annotations

import shlex

import click

from repro.cli import cli


def refuse_unknown(line: str) -> None:
    """Raise click's own error if a command line names a command or an option that does not exist.

    Args:
        line: As one would type it, such as `repro run <claim>`; redirections at its end are left out.
    """
    words = shlex.split(line.replace("<", "").replace(">", "") if "<" in line and ">" in line else line)
    words = words[: next((i for i, word in enumerate(words) if word in ("<", ">", ">>", "|")), len(words))]
    group: click.Command | None = cli
    name, rest = "repro", words[1:]
    while isinstance(group, click.Group) and rest:
        found, group, rest = group.resolve_command(click.Context(group, info_name=name), rest)
        name = found or name
    if group is not None and not isinstance(group, click.Group):
        group.make_context(name, list(rest))
