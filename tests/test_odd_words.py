"""Whatever somebody types as a path, a name or a number: a clear error with its exit code, no traceback."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from repro.cli import cli
from tests.conftest import write_project
from tests.test_new import ABOUT, MEASURE

ODD = {
    "a path of 5,000 characters": "x" * 5000,
    "a path of 3,000 folders": "x/" * 3000,
    "a long way up": "../" * 2000,
    "a name of 300 characters": "y" * 300 + "/",
    "nothing": "",
    "a NUL": "a\0b",
    "a byte that is not UTF-8": "\udcff",
    "a line end": "a\nb",
    "an escape": "\x1b[2J",
    "a path through a file": "claims/toys/toy-claim.yaml/x",
    "a link to itself": "loop",
    "another user's home": "~nobody/x",
    "a dash": "-",
}
LINES = (
    "check {}",
    "check claims {}",
    "check --fix {}",
    "--root {} list",
    "list {}",
    "list --state {}",
    "show {}",
    "status {}",
    "why {}",
    "whatif {}",
    "whatif toy-claim={}",
    "graph --claim {}",
    "graph --topic {}",
    "conflicts {}",
    "next --limit {}",
    "plan {}",
    "plan {}/",
    "plan toy-claim --memory {}",
    "plan toy-claim --timeout {}",
    "run {} --dry-run",
    "run toy-claim --dry-run --set {}",
    "run toy-claim --dry-run --set flips={}",
    "run toy-claim --dry-run --setting {}",
    "run toy-claim --dry-run --device {}",
    "run toy-claim --explore --engine {}",
    "verify {}",
    "verify --same {}",
    "log {}",
    "diff {}",
    "diff HEAD {}",
    "impact {}",
    "review {}",
    "review toy-claim --note {}",
    "export {}",
    "export api --to {}",
    "site export {}",
    "new claim {}",
    "new source {} --claim toy-claim",
    "new experiment {}",
    "{}",
)
REFUSED_PATHS = (
    "a path of 5,000 characters",
    "a path of 3,000 folders",
    "a long way up",
    "a name of 300 characters",
    "a NUL",
    "a path through a file",
)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Return a small project with a link to itself, as one goes into it."""
    root = write_project(tmp_path_factory.mktemp("odd") / "project")
    (root / "mkdocs.yml").write_text("site_name: Toys\n", encoding="utf-8")
    (root / "loop").symlink_to("loop")
    return root


def invoked(root, line, odd):
    """Return what becomes of a command line with an odd word, typed in a project's folder."""
    words = [word.replace("{}", odd) for word in line.split()]
    where = [] if line.startswith("--root") else ["--root", str(root)]
    return CliRunner().invoke(cli, [*where, *words], input="")


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("what", ODD)
def test_an_odd_word_ends_no_command_in_a_traceback(written, monkeypatch, line, what):
    """It is refused, or taken for what it says; the exit code is one of those that are documented."""
    monkeypatch.chdir(written)
    done = invoked(written, line, ODD[what])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    assert done.exit_code in (0, 2, 4)


@pytest.mark.parametrize("line", ["check {}", "--root {} list", "export api --to {}", "site export {}"])
@pytest.mark.parametrize("what", REFUSED_PATHS)
def test_what_cannot_be_a_path_is_a_mistake_in_typing(written, monkeypatch, line, what):
    """Exit code 2, the reason of the system, and only the start of a long word."""
    monkeypatch.chdir(written)
    done = invoked(written, line, ODD[what])
    assert done.exit_code == 2
    assert "cannot be a path here: " in done.output
    assert len(done.output) < 500


@pytest.mark.parametrize("word", [b"x" * 5000, b"\xff\xfe", b"../" * 2000])
@pytest.mark.parametrize("command", ["check", "show", "plan", "list"])
def test_bytes_of_a_shell_end_no_command_in_a_traceback(written, command, word):
    """The same through the door by which people come."""
    line = [sys.executable, "-c", "from repro.cli import main; main()", command, word]
    done = subprocess.run(line, cwd=written, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith(("Error: ", "Usage: "))


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1e999", "0", "-1", "2.5", "9" * 5000, "x"])
def test_a_paragraph_is_a_whole_number(written, number):
    """Anything else is refused before a record is made of it."""
    words = ["new", "claim", "many-draws", *ABOUT, "--untested", "A minute.", "--paragraph", number]
    done = CliRunner().invoke(cli, ["--root", str(written), *words], input="")
    assert (done.exit_code, "Invalid value for '--paragraph'" in done.output) == (2, True), done.output


@pytest.mark.parametrize("option", ["--at-least", "--resolution"])
@pytest.mark.parametrize("number", ["nan", "inf", "1e999", "x"])
def test_a_bound_is_a_number_that_a_record_can_hold(written, option, number):
    """What no value can meet is refused, and nothing is written."""
    bet = [
        "--scope",
        "s",
        "--arms",
        "few,many",
        "--outcome",
        "error",
        "--because",
        "why",
        "--control",
        "none",
    ]
    numbers = {"--at-least": "0.05", "--resolution": "0.001", option: number}
    words = [*ABOUT, *bet, *MEASURE[:-2], *(word for pair in numbers.items() for word in pair)]
    line = ["--root", str(written), "new", "experiment", "drawing", "--claim", "many-draws", *words]
    assert CliRunner().invoke(cli, line, input="").exit_code == 2
    assert not Path(written, "repro/experiments/drawing.py").exists()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *(("--memory", size) for size in ("0G", "0.0K", "9" * 400 + "G", "99999999999G", "-1G", "4")),
        *(("--timeout", seconds) for seconds in ("0", "-1", "nan", "inf", "1e308", "1e8")),
        *(("--jobs", number) for number in ("0", "-1", "1.5")),
        *(("--seeds", number) for number in ("0", "401", "9" * 5000)),
    ],
)
def test_limits_that_no_machine_can_keep_are_refused(written, option, value):
    """Before a worker fails at them."""
    done = CliRunner().invoke(cli, ["--root", str(written), "plan", "toy-claim", option, value])
    assert (done.exit_code, f"Invalid value for '{option}'" in done.output) == (2, True), done.output
