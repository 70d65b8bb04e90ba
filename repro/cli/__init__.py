"""The command line, one command a file in workflow order: parse, call, print, exit.

Commands are imported when they are called, so that `--help` and `list` start without torch.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from kb.reading.collector import without_collector
from kb.reading.root import NoProjectError, find_root
from repro.cli.parts import answers

COMMANDS = {
    "list": "claims with their verdicts",
    "show": "one claim: who says it, what is predicted, what came out",
    "run": "measure what is due and judge",
    "plan": "what a run would measure, why, and how long it takes",
    "status": "what is current, stale, undecided or missing",
    "why": "how a claim comes to its standing, step by step",
    "whatif": "standings that would change under other verdicts",
    "conflicts": "claims that cannot all stand, and what would decide",
    "next": "runs and unwritten experiments, the most telling first",
    "graph": "claims, sources, people and runs as one graph",
    "new": "a claim, a source or an experiment, written with you",
    "check": "problems in records, scripts and evidence",
    "review": "links of a claim to look at again after a change",
    "log": "what became of a claim, commit by commit",
    "diff": "what changed between two revisions",
    "impact": "what a branch changes, for its review",
    "site": "build or serve the website",
    "export": "records in other formats",
}


@dataclass(frozen=True)
class Context:
    """What every command needs: the project's root folder."""

    root: Path


class Commands(click.Group):
    """A group that imports a command's module only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in workflow order."""
        return [*COMMANDS]  # `list` is the module of that command once it has been imported

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, or nothing when the name is unknown."""
        if cmd_name not in COMMANDS:
            return None
        with without_collector():
            command: click.Command = importlib.import_module(f"repro.cli.commands.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Resolve a command; an unknown name is answered with the nearest one."""
        name = args[0] if args else ""
        if name and name not in COMMANDS:
            from repro.cli.parts.errors import unknown

            raise unknown("command", name, COMMANDS)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands' one-line descriptions without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([*COMMANDS.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--root", type=click.Path(path_type=Path), help="Project folder; default: found from here upward."
)
@click.version_option(package_name="assay-kb")
@click.pass_context
def cli(ctx: click.Context, root: Path | None) -> None:
    """Put the claims of the deep-learning alchemy debate to the test."""
    from repro.cli.parts.errors import project_root

    ctx.obj = Context(project_root(root))


def main() -> None:
    """Run the command line; the console script calls this."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # looking for plugins takes 30 ms, for none
    words = sys.argv[1:]
    if words and words[0] in answers.READING:
        with contextlib.suppress(NoProjectError):  # `run` itself says so
            return answers.answer(find_root(Path.cwd()), words, run)
    return run()


def run() -> None:
    """Parse, call, print and exit."""
    cli(prog_name="repro")
    sys.exit(0)
