"""What a command does where something around it is missing: a stream, a folder, a right, a colour, a core."""

import contextlib
import fcntl
import os
import pty
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from kb.evidence.ledger import digests, read_ledger
from kb.project import read
from kb.reading.tree import Entry, Folder, is_passed_over
from kb.site.export import tree
from repro.cli import cli
from repro.cores import available_cores
from tests.conftest import EXPERIMENT, write_project
from tests.measured import measure
from tests.test_new import SOURCE

ROOT = Path(__file__).parents[1]
REPRO = (sys.executable, "-P", "-c", "from repro.cli import main; main()")
READING = (("list",), ("check",), ("graph",), ("plan", "--all"), ("--help",))
"""Commands that print: with a remembered answer and without, through click and through rich."""
NAMES = [" ".join(words) for words in READING]


def typed(root, *words, **options):
    """Run a command line in a process of its own, as one would type it."""
    options = {"stdout": subprocess.PIPE, "cwd": root, **options}
    return subprocess.run(
        (*REPRO, *words), stderr=subprocess.PIPE, text=True, check=False, timeout=100, **options
    )


def shell(root, line, **variables):
    """Run a line of a shell in which `$REPRO` is the program."""
    words = ("sh", "-c", line.replace("$REPRO", " ".join(f"'{word}'" for word in REPRO)))
    environment = {**os.environ, **variables}
    return subprocess.run(
        words, cwd=root, capture_output=True, text=True, check=False, timeout=100, env=environment
    )


@pytest.mark.parametrize("words", READING, ids=NAMES)
def test_a_full_device_is_told_in_one_line(project, words):
    """With exit code 4, and never as a traceback."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = typed(project, *words, stdout=full)
    assert (done.returncode, done.stderr) == (
        4,
        "Error: standard output cannot be written: No space left on device.\n",
    )


@pytest.mark.parametrize("words", READING, ids=NAMES)
def test_a_closed_output_is_told_in_one_line(project, words):
    """Before anything is done, so that no run is spent on a report that nobody gets."""
    done = shell(project, f"$REPRO {' '.join(words)} >&-")
    said = "Error: standard output is closed; send it somewhere, for instance to /dev/null.\n"
    assert (done.returncode, done.stderr) == (4, said)


@pytest.mark.parametrize("words", READING, ids=NAMES)
def test_a_reader_that_is_gone_ends_a_command_with_141(project, words):
    """As the shell reports any program whose reader stopped; silently."""
    reading, writing = os.pipe()
    os.close(reading)
    done = typed(project, *words, stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize("words", READING, ids=NAMES)
def test_a_terminal_that_is_gone_ends_a_command_with_129(project, words):
    """Nobody is left to be told anything."""
    here, there = pty.openpty()
    os.close(here)
    done = typed(project, *words, stdout=there, stdin=there)
    os.close(there)
    assert (done.returncode, done.stderr) == (129, "")


def test_a_run_whose_terminal_is_closed_ends_with_129(tmp_path):
    """What was measured is kept."""
    root = write_project(tmp_path / "project")
    slow = EXPERIMENT.replace('"""Flip one coin for each seed."""', "for _ in range(300_000): torch.zeros(1)")
    (root / "repro/experiments/coin.py").write_text(slow, encoding="utf-8")
    here, there = pty.openpty()
    command = (*REPRO, "--root", str(root), "run", "toy-claim", "--jobs", "1")
    with subprocess.Popen(command, stdin=there, stdout=there, stderr=subprocess.PIPE) as process:
        os.close(there)
        seen = b""
        while b"blocks" not in seen or not list(root.rglob("*.json")):
            seen += os.read(here, 1000)
        os.close(here)
        process.send_signal(signal.SIGHUP)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (129, b"")
    assert read_ledger(Folder(root)).problems == ()


INTERRUPTED = {
    "while it starts": ("repro.cli.parts.overview", "command_names", -signal.SIGINT),
    "while it reads": ("kb.project", "read", 130),
}


@pytest.mark.parametrize("words", [["check"], ["show", "toy-claim"], ["run", "--all"], ["graph"]])
@pytest.mark.parametrize("moment", INTERRUPTED)
def test_ctrl_c_ends_a_command_without_a_word(project, words, moment):
    """A shell shows 130 in either case: the signal itself ends it, or its exit code once it has begun."""
    module, name, code = INTERRUPTED[moment]
    line = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "  # as in a terminal
        f"import os, {module}; from repro.cli import main; "
        f"{module}.{name} = lambda *_, **__: os.kill(os.getpid(), signal.SIGINT); main()"
    )
    done = subprocess.run(
        (sys.executable, "-P", "-c", line, "--root", str(project), *words), capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (code, b"")


def test_a_slow_reader_that_does_not_block_gets_everything(project):
    """Some programs leave the pipe that they give us in that mode."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    command = (*REPRO, "--root", str(ROOT), "export", "schema", "--help")
    listed = (*REPRO, "--root", str(ROOT), "list", "--json")
    assert subprocess.run(command, stdout=writing, check=False).returncode == 0
    with subprocess.Popen(listed, stdout=writing) as process:
        os.close(writing)
        with open(reading, "rb") as pipe:  # noqa: PTH123  # a number, not a path
            assert pipe.read().endswith(b"}\n")
        assert process.wait() == 0


@pytest.mark.parametrize("closed", ["2>&-", "<&-", "<&- 2>&-"])
def test_other_closed_streams_change_nothing_of_an_answer(project, closed):
    """No file that is opened later takes the number of a stream."""
    found = shell(project, f"$REPRO list {closed}")
    assert (found.returncode, found.stdout.startswith("toys\n")) == (0, True)
    assert shell(project, f"$REPRO show nothing {closed}").returncode == 2


def test_a_folder_that_is_gone_is_told_in_one_line(project, tmp_path):
    """Also where --root says which project is meant: paths on the command line would lead nowhere."""
    gone = tmp_path / "gone"
    for words in ("list", f"--root {project} check"):
        gone.mkdir()
        done = shell(gone, f"rmdir {gone}; $REPRO {words}")
        assert (done.returncode, done.stderr) == (
            4,
            "Error: the folder that you are in does not exist any more; go to another one.\n",
        )


def test_python_without_docstrings_is_refused(project):
    """The help and the schemas are made of them; without asserts alone everything is as ever."""
    done = shell(project, "$REPRO run --help", PYTHONOPTIMIZE="2")
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith("Error: Python runs without docstrings")
    assert shell(project, "$REPRO list", PYTHONOPTIMIZE="1").returncode == 0


def test_characters_that_an_encoding_lacks_are_written_as_escapes(project):
    """In the report of a run, too, which does not go through click."""
    record = project / "claims/toys/toy-claim.yaml"
    record.write_text(record.read_text(encoding="utf-8").replace("A loaded coin", "Ein Münzwurf"), "utf-8")
    for words in ("list", "show toy-claim", "run toy-claim --exit-zero"):
        done = shell(project, f"$REPRO {words}", PYTHONIOENCODING="ascii")
        assert (done.returncode, done.stderr) == (0, "")


def repro(root, *words, **environment):
    """Run a command line in this process."""
    return CliRunner().invoke(cli, ["--root", str(root), *words], env=environment)


@pytest.fixture
def site_project(project):
    """Return the tiny project with everything that its site is built from."""
    shutil.copytree(ROOT / "site", project / "site")
    shutil.copy(ROOT / "mkdocs.yml", project)
    return project


def read_only(folder):
    """Return the start of a command line for which nothing in a folder can be written."""
    if os.geteuid() == 0:
        script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && cd "$0" && exec "$@"'
        words = ("unshare", "--mount", "sh", "-c", script, str(folder))
        if subprocess.run((*words, "true"), capture_output=True, check=False).returncode != 0:
            pytest.skip("nothing can be mounted here, and everything is writable for its owner")
        return words
    for path in [*folder.rglob("*"), folder]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    return ("env",)


@pytest.mark.parametrize(
    "words",
    [
        ("site", "build"),
        ("site", "export", "out"),
        ("export", "feeds"),
        ("export", "schema"),
        ("review", "toy-claim", "--note", "looked at"),
        ("new", "source", "gosset", "--claim", "toy-claim", *SOURCE, "--stance", "reports", "--page", "3"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_a_checkout_that_cannot_be_written_is_told_in_one_line(site_project, words):
    """With the file or folder that was to be written, and exit code 4."""
    command = (*read_only(site_project), *REPRO, *words)
    done = subprocess.run(command, cwd=site_project, capture_output=True, text=True, check=False)
    *_, last = done.stderr.splitlines()
    assert (done.returncode, last.startswith("Error: "), "Traceback" in done.stderr) == (4, True, False)
    assert last.endswith((": Read-only file system.", ": Permission denied."))


@pytest.mark.parametrize("target", ["/etc/hostname", "/etc", "nowhere", "../../claims"])
@pytest.mark.parametrize("words", [("site", "build"), ("site", "export", "out")], ids=" ".join)
def test_links_among_the_pages_are_refused(site_project, words, target):
    """Whoever builds the site would publish what they lead to."""
    (site_project / "site/docs/decisions/linked.md").symlink_to(target)
    found = repro(site_project, *words)
    assert found.exit_code == 2
    assert "site/docs/decisions/linked.md:1:1: error[linked-page]: a symbolic link" in found.output
    assert not any((site_project / name).exists() for name in ("build/site", "out"))


@pytest.mark.parametrize("words", [("site", "build"), ("site", "export", "out")], ids=" ".join)
def test_pages_are_not_built_while_the_check_fails_on_verdicts(site_project, words):
    """A bound that was moved after the evidence, without saying so, reaches no page."""
    measure(site_project)
    claim = site_project / "claims/toys/toy-claim.yaml"
    claim.write_text(claim.read_text(encoding="utf-8").replace("at_least: 0.1", "at_least: 0.2"))
    assert "error[undeclared-revision]" in repro(site_project, "check").output
    found = repro(site_project, *words)
    assert (found.exit_code, "error[undeclared-revision]" in found.output) == (2, True)


def test_a_second_build_at_the_same_time_is_refused(site_project):
    """Two would empty each other's folder; the lock ends with its process, however that ends."""
    lock = site_project / "build/.site.lock"
    lock.parent.mkdir()
    with lock.open("w", encoding="utf-8") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        found = repro(site_project, "site", "build")
    assert (found.exit_code, found.stdout) == (4, "")
    assert f"Error: another build is writing {site_project}/build/site" in found.stderr
    assert not (site_project / "build/site").exists()


def test_a_folder_that_cannot_be_read_is_a_problem(project, monkeypatch):
    """Below evidence, and anywhere else; reading commands go on without it."""
    measure(project)
    scan = os.scandir

    def refuse(path):
        if str(path).endswith("repro/evidence/coin") or str(path).endswith("repro/lab"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    (project / "repro/lab").mkdir()
    monkeypatch.setattr(os, "scandir", refuse)
    found = read(Folder(project))
    assert {(problem.code, problem.place.path) for problem in found.problems} == {
        ("evidence-file", "repro/evidence/coin"),
        ("bad-script", "repro/experiments/coin.py"),
    }
    assert digests(Folder(project)) == {
        "repro/evidence/coin": "a folder that cannot be read: Permission denied"
    }
    assert repro(project, "list").exit_code == 0


@pytest.fixture
def unreadable_name(project):
    """Return a project with files whose names are no text."""
    for folder in ("claims/toys", "claims", "repro/experiments", "repro/evidence/coin"):
        (project / folder).mkdir(parents=True, exist_ok=True)
        Path(os.fsdecode(os.fsencode(project / folder) + b"/\xff.yaml")).touch()
    return project


@pytest.mark.parametrize("form", ["text", "json", "github", "sarif"])
def test_names_that_are_not_utf8_are_problems(unreadable_name, form):
    """Each format writes them in its own way, an address with the very bytes."""
    words = ("check", *(("--format", form) if form != "text" else ()))
    done = typed(unreadable_name, *words)
    assert (done.returncode, done.stderr.partition("Traceback")[1]) == (2, "")
    shown = "claims/toys/%FF.yaml" if form == "sarif" else "\\udcff"
    assert shown in done.stdout


def test_an_answer_that_was_kept_as_no_text_is_made_anew(project):
    """Whatever lies in the folder of answers, it can be replaced."""
    for path in (project / "claims").rglob("*"):
        os.utime(path, (1, 1))
    for path in (project / "repro").rglob("*"):
        os.utime(path, (1, 1))
    first = typed(project, "list").stdout
    kept = list((project / "build/answers").glob("*/*"))
    for path in kept:
        path.write_bytes(b"\xff\xfe")
    assert typed(project, "list").stdout == first


def test_a_page_whose_name_is_not_utf8_is_named(site_project):
    """No address can hold it."""
    Path(os.fsdecode(os.fsencode(site_project) + b"/site/docs/\xff.md")).touch()
    found = repro(site_project, "site", "build")
    assert found.exit_code == 2
    assert r"site/docs/'\udcff.md': a name that is not UTF-8; rename the file." in found.stderr


LEFT = (
    "toy-claim.yaml~",
    "#toy-claim.yaml#",
    ".#toy-claim.yaml",
    "toy-claim.yaml.orig",
    "toy-claim.yaml.rej",
    "toy-claim.yaml.bak",
    ".toy-claim.yaml.swp",
    "toy-claim.yaml.tmp",
    "toy-claim.yaml___jb_tmp___",
    "toy-claim.yaml___jb_old___",
    "4913",
    "Thumbs.db",
    ".DS_Store",
    "index.md~",
    "#index.md#",
)
"""What editors, merges and file managers leave beside a file."""
FOLDERS = ("claims", "claims/toys", "claims/sources", "repro/experiments", "repro/evidence", "site/docs")


def test_what_editors_leave_is_passed_over(site_project):
    """Beside records, scripts, evidence and pages: in checks, lists, pages and exports."""
    (site_project / "repro/evidence").mkdir()
    before = {path for path, _ in tree_of(site_project)}
    for folder in FOLDERS:
        for name in LEFT:
            (site_project / folder / name).write_text("title: [\n", encoding="utf-8")
    assert read(Folder(site_project)).problems == ()
    assert repro(site_project, "list").output.endswith("1 claim, 0 with current evidence\n")
    assert {path for path, _ in tree_of(site_project)} == before
    found = repro(site_project, "site", "build", "--quiet")
    assert found.exit_code == 0, found.output
    assert [path for path in (site_project / "build/site").rglob("*") if path.name in LEFT] == []


def tree_of(root):
    """Return the files of the exported site."""
    from kb.exports.published import Site

    return tree(Site(read(Folder(root)), root))


@pytest.mark.parametrize("name", ["notes.txt", "toy-claim.yml", "4913.yaml", "a#b", "x.yaml.json"])
def test_what_people_put_there_is_not_passed_over(name):
    """A file that somebody means to be read is a problem, not silently left out."""
    assert not is_passed_over(Entry(name, is_folder=False))


def test_folders_are_never_leftovers():
    """What lies in them would be lost with them."""
    assert not is_passed_over(Entry("topic~", is_folder=True))


def test_git_ignores_what_is_passed_over():
    """Or a backup file would make a checkout dirty, and its evidence with it."""
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    for name in LEFT:
        assert any(Path(name).match(line.removeprefix("\\")) for line in ignored), name


def seen_in_a_terminal(root, *words, **variables):
    """Return what a command prints in a terminal."""
    here, there = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", **variables}
    environment.pop("NO_COLOR", None) if "NO_COLOR" not in variables else None
    with subprocess.Popen(
        (*REPRO, *words), cwd=root, stdin=there, stdout=there, stderr=there, env=environment
    ) as process:
        os.close(there)
        found = b""
        with contextlib.suppress(OSError):  # how a terminal says that nobody writes any more
            while piece := os.read(here, 10_000):
                found += piece
        os.close(here)
        process.wait()
    return found.decode()


@pytest.mark.parametrize("words", [("list",), ("next",), ("show", "toy-claim"), ("run", "toy-claim")])
def test_colours_are_left_out_where_they_are_not_wanted(project, words):
    """`NO_COLOR` and `TERM=dumb` hold for every command, as for the one that says so itself."""
    if words[0] == "run":
        measure(project)
    assert "\x1b[" in seen_in_a_terminal(project, *words)
    for variables in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\x1b[" not in seen_in_a_terminal(project, *words, **variables)
    assert "\x1b[" in seen_in_a_terminal(project, *words, NO_COLOR="")


@pytest.mark.parametrize("columns", [40, 50, 60, 80])
def test_narrow_terminals_show_what_was_decided(project, columns):
    """The decision of every prediction and control stands whole in a line; no line is too long."""
    measure(project)
    found = repro(project, "run", "toy-claim", COLUMNS=str(columns)).output
    lines = [
        line for line in found.splitlines() if not line.startswith(("evidence", "page", "Nothing is due"))
    ]
    assert max(map(len, lines)) <= columns
    assert "…" not in found
    assert sum(line.rstrip().endswith("held") for line in lines) == 1
    assert sum(line.rstrip().endswith("passed") for line in lines) == 1


@pytest.mark.parametrize("columns", [40, 60])
def test_texts_wrap_at_the_width_of_the_terminal(project, columns):
    """Words, not lines of 78 columns that the terminal breaks anywhere."""
    (project / "claims/toys/wrong.yaml").write_text(
        "title: A title that goes on for long enough to be cut\nnothing: 1\n", "utf-8"
    )
    for words in (("show", "toy-claim"), ("why", "toy-claim"), ("next",), ("check",)):
        found = repro(project, *words, COLUMNS=str(columns)).output
        long = [line for line in found.splitlines() if len(line) > columns]
        assert [line for line in long if not line.startswith(("claims/", "4 problems"))] == [], words


def group(root, version, path, quota):
    """Write the files of a control group with a quota below a folder."""
    if version == 2:
        folder = root / "sys/fs/cgroup" / path
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cpu.max").write_text(f"{quota or 'max'} 100000\n", encoding="utf-8")
        return
    folder = root / "sys/fs/cgroup/cpu" / path
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cpu.cfs_quota_us").write_text(f"{quota or -1}\n", encoding="utf-8")
    (folder / "cpu.cfs_period_us").write_text("100000\n", encoding="utf-8")


@pytest.fixture
def many_cores(monkeypatch):
    """Let this process be bound to eight cores."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)


@pytest.mark.parametrize(
    ("version", "quotas", "expected"),
    [
        (2, {"": 0}, 8),
        (2, {"": 100_000}, 1),
        (2, {"a/b": 300_000}, 3),
        (2, {"a": 250_000, "a/b": 400_000}, 2),
        (2, {"a/b": 50_000}, 1),
        (1, {"": 100_000}, 1),
        (1, {"a": 0, "a/b": 200_000}, 2),
        (1, {"a/b": 0}, 8),
        (2, {"a/b": 10_000_000}, 8),
    ],
)
@pytest.mark.usefixtures("many_cores")
def test_a_quota_counts_as_cores(tmp_path, version, quotas, expected):
    """The smallest of the groups above a process, in whole cores, one at least."""
    (tmp_path / "proc/self").mkdir(parents=True)
    lines = "0::/a/b\n" if version == 2 else "9:name=systemd:/x\n4:cpu,cpuacct:/a/b\n0::/\n"
    (tmp_path / "proc/self/cgroup").write_text(lines, encoding="utf-8")
    for path, quota in quotas.items():
        group(tmp_path, version, path, quota)
    assert available_cores(tmp_path) == expected


@pytest.mark.usefixtures("many_cores")
def test_without_control_groups_the_bound_cores_count(tmp_path):
    """As on other systems than Linux."""
    assert available_cores(tmp_path) == 8
