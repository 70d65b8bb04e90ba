"""Commands are found by their files, and known without being imported."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from repro.cli import cli, commands
from repro.cli.parts import overview

TOY = '''"""`repro toy`: nothing at all."""

import click

PLACE = 15
IS_REMEMBERED = True


@click.command()
def command():
    """Say that there is nothing to say."""
    click.echo("nothing")
'''


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """Add a command: one file."""
    (tmp_path / "toy.py").write_text(TOY, encoding="utf-8")
    monkeypatch.setattr(commands, "__path__", [*commands.__path__, str(tmp_path)])
    yield tmp_path / "toy.py"
    sys.modules.pop("repro.cli.commands.toy", None)


@pytest.mark.usefixtures("toy")
def test_a_command_is_one_file():
    """It answers, stands at its place in the overview and in the README's table, and may be remembered."""
    assert CliRunner().invoke(cli, ["toy"]).output == "nothing\n"
    assert [command.name for command in overview.overview()][:3] == ["list", "toy", "show"]
    assert "| `repro toy` | nothing at all |" in overview.table()
    assert overview.is_remembered("toy")
    assert "  toy        nothing at all" in CliRunner().invoke(cli, ["--help"]).output


@pytest.mark.usefixtures("toy")
def test_the_shell_completes_a_new_command():
    """Completion asks the same overview."""
    found = [
        item.value for item in cli.shell_complete(cli.make_context("repro", [], resilient_parsing=True), "t")
    ]
    assert "toy" in found


def test_a_command_without_a_place_comes_last(toy):
    """Nothing but the first line is required of a command's file."""
    toy.write_text(TOY.replace("PLACE = 15\nIS_REMEMBERED = True\n", ""), encoding="utf-8")
    assert overview.overview()[-1] == (overview.LAST, "toy", "nothing at all", False)


def test_a_file_that_does_not_say_what_it_is_for_is_named(toy):
    """The error says which file, and what is required of it."""
    toy.write_text('"""A toy."""\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"toy\.py:1: the docstring of a command opens with `repro toy`:"):
        overview.overview()


def test_the_overview_imports_no_command():
    """Help is printed from the heads of files."""
    code = (
        "import sys\nfrom repro.cli import cli\ncli(['--help'], standalone_mode=False)\n"
        "assert not [name for name in sys.modules if name.startswith('repro.cli.commands.')]"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
