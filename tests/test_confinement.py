"""Confinement: each tier denies what it promises, is tried before it is believed, and changes no number."""

import ctypes
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

import pytest

from kb.evidence.record import Machine
from repro import provenance
from repro.engines import Failed, Finished, local
from repro.engines.parts.interrupts import Interrupts
from repro.worker import kernel, private, seccomp, server, tiers
from repro.worker.failures import failure_line
from repro.worker.messages import LINE_BYTES, Failure, Measurement, Ready, read_line
from repro.worker.receiver import Receiver, RefusedLineError
from repro.worker.task import TIERS, UNTRUSTED, arguments
from repro.worker.tiers import TierError, Trial
from tests.test_worker import a_task, measured, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems offer tier S0 only")

ROOT = Path(__file__).parents[1]
NOT_PREVENTED = {
    "S2": {
        "learn that a file exists, its size and its times",
        "learn whether a file may be read",
        "learn where a symbolic link leads",
        "go into a folder of the user",
        "learn how full the disk of the home folder is",
        "fill the disk beyond what one file may hold",
        "learn which processor and how much memory the machine has",
        "learn which libraries are installed",
    },
    "S3": {
        "learn which processor and how much memory the machine has",
        "learn which libraries are installed",
    },
}
"""What the stronger tiers let in, as the page and the decision say."""


@pytest.fixture(scope="module")
def offered():
    """Return the tiers of this machine, tried in a process of their own: this one may have threads."""
    said = told(REPRO, "doctor", "--json")
    return [trial["tier"] for trial in json.loads(said)["tiers"] if trial["holds"]]


REPRO = str(Path(sys.executable).with_name("repro"))


def told(*command):
    """Return what a command prints, run as people run it."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=500)
    return done.stdout


@pytest.fixture(scope="module")
def attempts():
    """Return what came of every attempt at every tier that this machine offers."""
    said = told(sys.executable, "benchmarks/escapes.py", "--json")
    return json.loads(said)


def let_in(attempts, tier):
    """Return the names of the attempts that worked at a tier."""
    return {row["name"] for row in attempts["rows"] if row["let_in"][tier]}


def test_no_tier_lets_in_what_it_promises_to_deny(attempts):
    """More than forty attempts are made at each tier, and each is denied from the tier that says so."""
    rows = attempts["rows"]
    assert len(rows) > 100
    for row in rows:
        promised = TIERS[TIERS.index(row["denied_from"]) :] if row["denied_from"] else ()
        assert [tier for tier in promised if row["let_in"].get(tier)] == [], row


def test_attempts_are_real(attempts):
    """Where nothing holds them back, most of them work."""
    assert len(let_in(attempts, "S0")) > 60


@pytest.mark.parametrize("tier", NOT_PREVENTED)
def test_what_a_tier_lets_in_is_what_its_page_says(attempts, tier):
    """Nothing else is let in, and nothing is said to be that is not."""
    if tier not in attempts["tiers"]:
        pytest.skip(f"this machine does not offer {tier}")
    assert let_in(attempts, tier) == NOT_PREVENTED[tier]


def test_every_tier_gives_the_same_bits_and_is_recorded(tmp_path, offered):
    """Confinement changes no number, and what is recorded is what held."""
    found = {tier: measured(a_task(tmp_path, sandbox=tier))[0] for tier in offered}
    assert {tier: one.sandbox for tier, one in found.items()} == {tier: tier for tier in offered}
    assert len({repr(one.values) for one in found.values()}) == 1


def test_where_no_copy_can_be_had_a_new_program_is_confined_and_gives_the_same_bits(tmp_path, offered):
    """The program that takes the place of a copy may be started, and changes no number either."""
    task, found = a_task(tmp_path), set()
    for tier in offered:
        code = (
            "import sys; from repro.worker import server, task; "
            f"server.watched(task.parse(sys.argv[1:]).task, 1, server.started, {tier!r})"
        )
        (message,) = map(read_line, told(sys.executable, "-P", "-c", code, *arguments(task)).splitlines())
        assert message.sandbox == tier
        found.add(repr(message.values))
    assert len(found) == 1


def test_the_strongest_tier_is_taken(tmp_path, offered):
    """Nobody has to ask for it."""
    assert measured(a_task(tmp_path))[0].sandbox == offered[-1]


FORGES = '''
"""Can a script say what only its keeper knows?"""
from dataclasses import dataclass
import json, os, time
import torch
from repro.lab.outcomes import Outcome
from repro.lab.seeds import Seeds
ARMS = {"tier": "a tier", "stopped": "a stop", "other": "another block", "machine": "a machine"}
OUTCOMES = {"score": Outcome("score", unit="points", better="higher", resolution=0.1)}
@dataclass(frozen=True)
class Scale:
    size: int = 1
MINIMAL = Scale()
LARGE = Scale(size=2)
NUMBERS = {"block": 0, "seconds": 0.0, "values": {"score": [9.0] * 5}, "curves": {}, "peak_memory_bytes": 1}
SAID = {
    "tier": NUMBERS | {"sandbox": "S3"},
    "stopped": {"block": 0, "error": {"kind": "stopped", "message": ""}},
    "other": NUMBERS | {"block": 7},
    "machine": {"versions": ["1", "2", "3"], "machine": {}, "measuring": "0" * 64},
}
def measure(arm, seeds, scale):
    for fd in range(3, 20):
        try:
            os.write(fd, json.dumps(SAID[arm]).encode() + b"\\n")
        except OSError:
            pass
    time.sleep(60)
'''


@pytest.mark.parametrize("arm", ["tier", "stopped", "other", "machine"])
def test_a_script_cannot_say_what_only_its_keeper_knows(tmp_path, arm):
    """A tier, a stop, a block that was not asked for and another machine are refused."""
    (failure,) = measured(a_task(tmp_path, arm, text=FORGES))
    assert isinstance(failure, Failure)
    assert failure.error.kind == "no result"


MACHINE = Machine(system="", cpu="", capability="", blas="", threads=1)
READY = Ready(versions=provenance.Versions("3", "2", "2"), machine=MACHINE, measuring="0" * 64)
NUMBERS = {"block": 3, "seconds": 0.0, "values": {"score": [1.0] * 5}, "curves": {}, "peak_memory_bytes": 1}
SAID = {
    "negative seconds": {**NUMBERS, "seconds": -1.0},
    "seconds that have not passed": {**NUMBERS, "seconds": 1e6},
    "a start": {**NUMBERS, "started": "2001-01-01T00:00:00Z"},
    "memory that is no number": {**NUMBERS, "peak_memory_bytes": "much"},
    "four seeds": {**NUMBERS, "values": {"score": [1.0] * 4}},
    "a timeout": {"block": 3, "error": {"kind": "timeout", "message": ""}},
    "a missing environment": {"block": 3, "error": {"kind": "environment", "message": ""}},
    "its end": {"exit_code": 0},
    "a list": [],
}


@pytest.mark.parametrize("name", SAID)
def test_a_line_that_a_script_may_not_send_is_refused(name):
    """Neither a number out of range nor a fact that the keeper knows better gets through."""
    receive = Receiver("S2")
    assert receive(READY.model_dump_json().encode()) is None
    with pytest.raises(RefusedLineError):
        receive(json.dumps(SAID[name]).encode())


@pytest.mark.parametrize(
    "line", [b"[" * 100_000, b"{", b"NaN", b'{"block": 3, "seconds": Infinity}', b"\xff"]
)
def test_a_line_that_is_no_message_is_refused(line):
    """Whatever it does to a parser."""
    receive = Receiver("S2")
    receive(READY.model_dump_json().encode())
    with pytest.raises(RefusedLineError):
        receive(line)
    with pytest.raises(ValueError, match="the worker sent a line that is not"):
        read_line(line)


def test_numbers_before_readiness_are_refused():
    """They could be of any machine."""
    with pytest.raises(RefusedLineError):
        Receiver("S2")(json.dumps(NUMBERS).encode())


def test_the_keeper_completes_what_the_script_says():
    """Tier and start are the keeper's, and words from the script cannot steer a terminal."""
    receive = Receiver("S2")
    receive(READY.model_dump_json().encode())
    told = receive(json.dumps({**NUMBERS, "notes": ["\x1b]0;title\x07"]}).encode())
    message = read_line(told.line)
    assert isinstance(message, Measurement)
    assert (message.sandbox, message.started[:10], told.block) == ("S2", provenance.now()[:10], 3)
    assert "\x1b" not in message.notes[0]


def test_a_script_may_fail_in_its_own_ways():
    """An exception is passed on, before and after its own lines have run; a new version only before."""
    receive = Receiver("S0")
    assert receive(failure_line(3, "version", "changed").strip()).is_failure
    receive(READY.model_dump_json().encode())
    assert receive(failure_line(3, "exception", "why").strip()).is_failure
    with pytest.raises(RefusedLineError, match="only the runner can tell"):
        receive(failure_line(3, "version", "changed").strip())


def only(*holding):
    """Return a trial of tiers that finds some of them to hold."""

    def tried(tier, **_options):
        return Trial(tier, "" if tier in holding else "the kernel refuses it")

    return tried


@pytest.mark.parametrize(
    ("holding", "choice", "least", "taken"),
    [
        (TIERS, "auto", "S0", "S3"),
        (("S0", "S1"), "auto", "S0", "S1"),
        (("S0", "S2"), "auto", "S2", "S2"),
        (TIERS, "S1", "S0", "S1"),
    ],
)
def test_the_strongest_tier_that_holds_is_taken_or_the_one_asked_for(
    monkeypatch, holding, choice, least, taken
):
    """Kernels that lack something fall back, a choice is a choice."""
    monkeypatch.setattr(tiers, "tried", only(*holding))
    assert tiers.chosen(choice, least) == taken


@pytest.mark.parametrize(
    ("holding", "choice", "least"),
    [(("S0", "S1"), "auto", "S2"), (("S0",), "S3", "S0"), (TIERS, "S1", "S2")],
)
def test_no_weaker_tier_is_taken_in_silence(monkeypatch, holding, choice, least):
    """What is asked for and does not hold is an error, which says why and where to look."""
    monkeypatch.setattr(tiers, "tried", only(*holding))
    with pytest.raises(TierError, match=r"cannot offer confinement .*: S\d.*See repro doctor"):
        tiers.chosen(choice, least)


def test_a_worker_that_cannot_confine_says_so(tmp_path, monkeypatch):
    """The machine lacks something that the task needs: nothing is measured."""
    monkeypatch.setattr(tiers, "tried", only("S0"))
    monkeypatch.setattr(private, "sweep", lambda: 0)
    task = a_task(tmp_path, least=UNTRUSTED)
    read_fd, write_fd = os.pipe()
    words = [*arguments(task), "--result-fd", str(write_fd)]
    assert server.main(words) == 1
    os.close(write_fd)
    with os.fdopen(read_fd, "rb") as lines:
        (failure,) = map(read_line, lines)
    assert failure.error.kind == "environment"
    assert "at least S2" in failure.error.message


def test_trying_a_tier_finds_what_it_lets_in(tmp_path, offered):
    """A tier whose list of folders is too wide does not hold, whatever the kernel can do."""
    if "S2" not in offered:
        pytest.skip("this machine does not offer S2")
    code = (
        "import sys, tempfile; from pathlib import Path; from repro.worker import needs, tiers; "
        "needs.SYSTEM += (tempfile.gettempdir(),); print(tiers.tried('S2').why_not)"
    )
    said = told(sys.executable, "-c", code)
    assert said == "it lets a process read a file of the user\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_an_ordinary_user_is_offered_tiers_as_well(offered):
    """Nothing of it needs root."""
    code = (
        "import os, sys; from repro.worker import needs, sandbox, tiers; tiers.tried('S3'); "
        "os.setgroups([]); os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534); "
        "sandbox.hide(); "
        "needs.reads = lambda script: tuple(map(needs.Path, needs.SYSTEM)); "
        "print(*(tier for tier in tiers.TIERS if tiers.tried(tier).holds))"
    )
    said = told(sys.executable, "-c", code)
    assert said.split() == offered


def numbers_of_calls():
    """Return the number of each call of this architecture, from the headers or from libseccomp."""
    header = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
    if header.exists() and kernel.machine() == "x86_64":
        pairs = re.findall(r"#define __NR_(\w+) (\d+)", header.read_text(encoding="utf-8"))
        return {name: int(number) for name, number in pairs}
    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        pytest.skip("neither headers nor libseccomp are installed")
    names = [*seccomp.DENIED, *seccomp.OF_ITSELF, *seccomp.BY_ARGUMENT, "clone", "clone3", "execve"]
    found = {name: library.seccomp_syscall_resolve_name(name.encode()) for name in names}
    return {name: number for name, number in found.items() if number >= 0}


def test_calls_have_the_numbers_of_the_system():
    """The table is compared with another one, where there is one."""
    known = numbers_of_calls()
    ours = {
        **seccomp.DENIED,
        **seccomp.EXECVE,
        **seccomp.OF_ITSELF,
        **{name: row[0] for name, row in seccomp.BY_ARGUMENT.items()},
        "clone": seccomp.CLONE,
        "clone3": seccomp.CLONE3,
    }
    found = {name: getattr(numbers, kernel.machine()) for name, numbers in ours.items()}
    assert {name: found[name] for name in found if name in known} == {
        name: known[name] for name in found if name in known
    }
    assert len([name for name in found if name in known]) > 80


def test_a_folder_whose_maker_was_killed_is_swept(tmp_path, monkeypatch):
    """One that is still locked stays; one that nobody holds goes, with all that is in it."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    code = (
        "import time; from repro.worker import private\n"
        "with private.folder() as made: print(made, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as maker:
        left = Path(maker.stdout.readline().strip())
        (left / "closed").mkdir(mode=0o000)
        assert private.sweep() == 0
        assert left.exists()
        maker.kill()
    assert private.sweep() == 1
    assert not left.exists()


def test_a_worker_that_is_killed_while_it_tries_a_tier_leaves_nothing_for_good(
    tmp_path, monkeypatch, offered
):
    """Both folders of a trial, the one that may be written and the other, are locked and swept like any."""
    if "S2" not in offered:
        pytest.skip("this machine does not offer S2")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    code = (
        "import os; from repro.worker import tiers; "
        "tiers._read = lambda fd: os.kill(os.getpid(), 9); tiers.tried('S2')"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    assert subprocess.run((sys.executable, "-c", code), env=environment, check=False).returncode == -9
    assert len([*tmp_path.iterdir()]) == 2

    def is_swept():
        private.sweep()  # the trial itself may take a moment to die
        return not [*tmp_path.iterdir()]

    assert wait_until(is_swept)


def test_a_private_folder_is_removed_whatever_was_done_to_it(tmp_path, monkeypatch):
    """Neither closed folders nor links keep it, and what a link leads to stays."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "mine").mkdir()
    with private.folder() as folder:
        (folder / "a/b").mkdir(parents=True)
        (folder / "a").chmod(0o000)
        (folder / "link").symlink_to(tmp_path / "mine")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_worker_that_was_stopped_is_given_up(tmp_path, monkeypatch):
    """Its keeper keeps no time any more, so the engine does."""
    monkeypatch.setattr(local, "GRACE_SECONDS", 0.3)
    pid = tmp_path / "pid"
    code = f"import os, signal; open({str(pid)!r}, 'w').write(str(os.getpid())); os.kill(os.getpid(), 19)"
    task = a_task(tmp_path, timeout_seconds=0.2)
    engine = local.Local(lambda _task, _fd: (sys.executable, "-c", code))
    started = time.monotonic()
    with Interrupts() as interrupts:
        events = list(engine.run(deque([task]), jobs=1, interrupts=interrupts))
    assert time.monotonic() - started < 20
    assert [type(event) for event in events[1:]] == [Failed, Finished]
    assert events[1].kind == "timeout"
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), signal.SIGCONT)


def test_a_line_of_a_result_has_a_length(tmp_path):
    """One that is complete as well as one that never ends."""
    long = FORGES.replace("json.dumps(SAID[arm]).encode()", f"b'x' * {LINE_BYTES + 1}")
    (failure,) = measured(a_task(tmp_path, "tier", text=long))
    assert failure.error.kind == "output"


def test_doctor_says_what_holds_and_what_run_takes(offered):
    """For people: each tier, what it adds and needs, and the one that is taken."""
    said = told(REPRO, "doctor")
    assert f"repro run takes {offered[-1]}" in said
    assert all(f"{tier}  " in said for tier in TIERS)


def test_nothing_survives_a_run_at_any_tier(attempts):
    """A daemon is ended with its task, or, if it kills its keeper, with the run."""
    for tier in attempts["tiers"]:
        assert not {"leave a daemon behind", "leave a daemon behind that kills the keeper"} & let_in(
            attempts, tier
        )
