"""The command line, one command per file: parse, call, print, exit.

Commands are found by their files and imported when they are called, so that `--help` and `list` start without
torch.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kb.reading.collector import without_collector
from kb.reading.root import NoProjectError, find_root
from kb.reading.tree import Folder
from repro.cli.parts import answers, entry, overview
from repro.cli.parts.paths import PathWord
from repro.cli.parts.terminal import is_plain

if TYPE_CHECKING:
    from kb.evidence.order import Order
    from kb.project import Project


@dataclass(frozen=True)
class Context:
    """What every command needs: the project's root folder."""

    root: Path

    @property
    def tree(self) -> Folder:
        """Return the project's files."""
        return Folder(self.root)

    def project(self, *, today: str | None = None, order: Order | None = None) -> Project:
        """Return the project, read now and judged on first use.

        Args:
            today: Date as `2026-01-31`; if given, sources issued later are problems.
            order: Tells which of two pieces of evidence came first in the history; by default git does.
        """
        from kb.project import read
        from repro.evidence_history import order_of

        return read(self.tree, today=today, order=order or order_of(self.root))


class Commands(click.Group):
    """A group that imports a command's module only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in workflow order."""
        return [command.name for command in overview.overview()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, or None if the name is unknown."""
        if cmd_name not in overview.command_names():
            return None
        with without_collector():
            command: click.Command = importlib.import_module(f"repro.cli.commands.{cmd_name}").command
        entry.tidy_when_interrupted()
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; Ctrl-C ends it with the exit code of a shell, and without a word."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise SystemExit(entry.INTERRUPTED) from None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Resolve a command; an unknown name is answered with the nearest one."""
        name = args[0] if args else ""
        if name and name not in (known := overview.command_names()):
            from repro.cli.parts.errors import unknown

            raise unknown("command", name, known)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands' one-line descriptions without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(command.name, command.summary) for command in overview.overview()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--root", type=PathWord(is_folder=True), help="Project folder; default: found from here upward."
)
@click.version_option(package_name="assay-kb")
@click.pass_context
def cli(ctx: click.Context, root: Path | None) -> None:
    """Put the claims of the deep-learning alchemy debate to the test."""
    from repro.cli.parts.errors import project_root

    if is_plain():
        ctx.color = False  # inherited by every command
    ctx.obj = Context(project_root(root))


def main() -> None:
    """Run the command line; the console script calls this."""
    entry.die_when_interrupted()
    sys.exit(entry.ended(_answer_or_run))


def _answer_or_run() -> None:
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # looking for plugins takes 30 ms, for none
    words = sys.argv[1:]
    if words and overview.is_remembered(words[0]):
        with contextlib.suppress(NoProjectError):  # `run` itself says so
            return answers.answer(find_root(Path.cwd()), words, run)
    return run()


def run() -> None:
    """Parse, call, print and exit."""
    cli(prog_name="repro")
    sys.exit(0)
