"""A worker that stays: every task finds the process that the first one found."""

import json
import os
import resource
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from repro.worker import command
from repro.worker.messages import End, Failure, Measurement, read_line
from repro.worker.task import arguments, lasting_command, task_line
from tests.test_worker import a_task, is_running, measured, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only there a worker copies itself")

SCRIPT = '''
"""What does a task find where it is measured?"""
import json, os, random, resource, signal, sys, tempfile, threading, time
from dataclasses import dataclass
from pathlib import Path
import numpy as np
import torch
from repro.lab.outcomes import Outcome
from repro.lab.seeds import Seeds
ARMS = {
    "tells": "what it finds",
    "spoils": "its process",
    "leaves": "a daemon",
    "prints": "without end",
    "sleeps": "for a minute",
    "stops": "and says so",
}
OUTCOMES = {"score": Outcome("score", unit="points", better="higher", resolution=0.1)}
@dataclass(frozen=True)
class Scale:
    size: int = 1
MINIMAL = Scale()
LARGE = Scale(size=2)
HERE, FILES = Path(__file__).parent, Path("/proc/self/fd")
def found():
    limits = {
        "AS": resource.RLIMIT_AS,
        "CPU": resource.RLIMIT_CPU,
        "FSIZE": resource.RLIMIT_FSIZE,
        "NOFILE": resource.RLIMIT_NOFILE,
        "CORE": resource.RLIMIT_CORE,
    }
    return {
        "fresh": [os.getpid(), os.getcwd(), tempfile.gettempdir()],
        "draws": [random.random(), np.random.rand(), torch.rand(1).item()],
        "process": [os.getppid(), Path("/proc/self/cmdline").read_text(), os.getsid(0) == os.getpid()],
        "files": {link.name: os.readlink(link) for link in list(FILES.iterdir()) if link.is_symlink()},
        "variables": {k: v for k, v in os.environ.items() if k not in ("HOME", "TMPDIR")},
        "private": [os.environ["HOME"] == os.environ["TMPDIR"] == os.getcwd(), os.listdir()],
        "limits": {name: resource.getrlimit(number) for name, number in limits.items()},
        "signals": [str(signal.getsignal(n)) for n in (2, 13, 15)] + [len(signal.pthread_sigmask(0, ()))],
        "threads": [threading.active_count(), torch.get_num_threads(), torch.get_num_interop_threads()],
        "torch": [torch.ones(1).item(), str(torch.get_default_dtype())],
        "python": [hash("seed"), sys.path, sys.flags.utf8_mode, sorted(sys.modules), len("abc")],
    }
def spoil():
    torch.ones, torch.Tensor.sum = torch.zeros, None
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(1)
    np.random.seed(1)
    os.environ.update(OMP_NUM_THREADS="7", LEFT="behind")
    sys.path.insert(0, "/left")
    sys.modules["left"] = sys
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Path("left").write_text("behind")
    open("left")
    threading.Thread(target=time.sleep, args=(60,)).start()
def leave():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            (HERE / "daemon").write_text(str(os.getpid()))
            time.sleep(60)
        os._exit(0)
    os.wait()
    while not (HERE / "daemon").exists() or not (HERE / "daemon").read_text():
        time.sleep(0.01)
def measure(arm, seeds, scale):
    if arm == "tells":
        (HERE / "found.json").write_text(json.dumps(found()))
    if arm == "stops":
        sys.exit("enough")
    if arm == "sleeps":
        time.sleep(60)
    while arm == "prints":
        os.write(1, b"x" * 65536)
    {"spoils": spoil, "leaves": leave}.get(arm, int)()
    return {"score": seeds.normal("a", 3).sum(1)}
'''


class Lasting:
    """A worker that waits for more tasks.

    Args:
        folder: Where its script lies, and what the script writes.
    """

    def __init__(self, folder, **options):
        self.folder = folder
        self.task = a_task(folder, "tells", text=SCRIPT, sandbox="S0", **options)  # it writes what it finds
        result_fd, worker_fd = os.pipe()
        self.process = subprocess.Popen(
            lasting_command(self.task, worker_fd),
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            pass_fds=(worker_fd,),
        )
        os.close(worker_fd)
        self.lines = os.fdopen(result_fd, "rb")
        self.said = self.read()
        assert isinstance(self.said[0], Measurement), self.said
        self.first = self.found()

    def read(self):
        """Return all that it says of one task."""
        said = []
        for line in self.lines:
            said.append(read_line(line))
            if isinstance(said[-1], End):
                break
        return said

    def give(self, arm="tells", blocks=(0,), **options):
        """Give it another task and return what it says."""
        self.process.stdin.write(task_line(replace(self.task, arm=arm, blocks=blocks, **options)))
        return self.read()

    def found(self):
        """Return what the last task found that tells."""
        return json.loads((self.folder / "found.json").read_text())

    def close(self):
        """Let it end and return its exit code."""
        self.process.stdin.close()
        code = self.process.wait(10)
        self.lines.close()
        self.process.stderr.close()
        return code


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    """Return one worker for many tests, which is what it is made for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECRET_TOKEN", "of the caller")
        lasting = Lasting(tmp_path_factory.mktemp("script"))
    yield lasting
    assert lasting.close() == 0


@pytest.fixture
def own(tmp_path):
    """Return a worker that a test may end."""
    lasting = Lasting(tmp_path)
    yield lasting
    lasting.process.kill()
    lasting.close()


NEW = ("fresh", "draws", "files")
"""What differs between processes that are treated alike."""


def kinds(said):
    """Return the types of messages, or what failed."""
    return [m.error.kind if isinstance(m, Failure) else type(m) for m in said]


def test_each_task_is_measured_by_a_copy_of_its_own(worker):
    """Worker and program are the same, torch is loaded there, and the process that measures is another."""
    assert kinds(worker.give(blocks=(0, 1))) == [Measurement, Measurement, End]
    before, now = worker.first, worker.found()
    assert now["process"] == before["process"]
    assert now["process"][0] == worker.process.pid
    assert "libtorch" in Path(f"/proc/{worker.process.pid}/maps").read_text()
    assert now["fresh"][0] != before["fresh"][0]
    assert not is_running(now["fresh"][0])


def test_nothing_that_a_task_does_to_its_process_meets_the_next(worker):
    """Torch, variables, modules, signals, threads and files are as the first task of all found them."""
    assert kinds(worker.give("spoils")) == ["exception", End]
    assert kinds(worker.give()) == [Measurement, End]
    found = worker.found()
    assert {**worker.first, **dict.fromkeys(NEW)} == {**found, **dict.fromkeys(NEW)}
    assert "SECRET_TOKEN" not in found["variables"]


def test_what_is_nobodys_to_know_is_drawn_afresh(worker):
    """Folders and unseeded draws of Python, NumPy and torch differ from task to task."""
    worker.give()
    for kind in ("fresh", "draws"):
        assert not {*worker.first[kind]} & {*worker.found()[kind]}


def test_a_task_sees_no_file_but_its_own(tmp_path):
    """Input, output and the pipe for results are open, and nothing of the worker's or its caller's."""
    with (tmp_path / "secret").open("w") as secret:
        os.set_inheritable(secret.fileno(), True)  # as a careless caller would
        task = a_task(tmp_path, "tells", text=SCRIPT, sandbox="S0")
        subprocess.run(lasting_command(task, 1), capture_output=True, check=True, close_fds=False, input=b"")
    files = json.loads((tmp_path / "found.json").read_text())["files"]
    assert files.pop("0") == "/dev/null"
    assert files.pop("1") == files.pop("2")
    (results,) = files.values()
    assert results.startswith("pipe:")


def test_limits_bind_the_copy_and_not_the_worker(worker):
    """What an experiment may use is bounded; the worker's own limits are its caller's."""
    worker.give(memory_bytes=2**32, timeout_seconds=7.0)
    limits = worker.found()["limits"]
    assert limits == {
        "AS": [2**32] * 2,
        "CPU": [67] * 2,
        "FSIZE": [2**30] * 2,
        "NOFILE": [256] * 2,
        "CORE": [0] * 2,
    }
    for name in limits:
        number = getattr(resource, f"RLIMIT_{name}")
        assert resource.prlimit(worker.process.pid, number) == resource.getrlimit(number)


def test_a_daemon_is_gone_before_the_next_task(worker):
    """When the end of a task is told, nothing of it runs any more."""
    assert kinds(worker.give("leaves")) == [Measurement, End]
    assert not is_running(int((worker.folder / "daemon").read_text()))


def test_later_tasks_are_watched_as_the_first(worker):
    """Output is capped and time is up, also for a second task, and a third is measured."""
    assert kinds(worker.give("prints")) == ["output", End]
    assert kinds(worker.give("sleeps", timeout_seconds=0.3)) == ["timeout", End]
    assert kinds(worker.give()) == [Measurement, End]


def test_a_script_that_exits_is_told_with_its_words(worker):
    """As from the interpreter: the words go to the output, and the exit code is 1."""
    failure, end = worker.give("stops")
    assert "exit code 1" in failure.error.message
    assert failure.error.traceback_tail == "enough\n"
    assert end.exit_code == 1


def test_no_private_folder_stays(worker):
    """Each task's folder is removed with what it wrote there."""
    worker.give("spoils")
    worker.give()
    assert not Path(worker.found()["fresh"][1]).exists()


def test_an_interrupt_between_two_tasks_holds_for_the_next(worker):
    """SIGINT that comes while the worker waits stops the next task after its first block."""
    worker.process.send_signal(signal.SIGINT)
    assert kinds(worker.give(blocks=(0, 1))) == [Measurement, "stopped", End]
    assert kinds(worker.give(blocks=(0, 1))) == [Measurement, Measurement, End]


def test_sigterm_ends_a_worker_that_waits(own):
    """Nothing has to be cleaned up, so it ends by the signal."""
    own.process.terminate()
    assert own.process.wait(10) == -signal.SIGTERM


def test_sigterm_in_a_task_ends_task_and_worker(own):
    """The block is reported as killed, and no further task is taken."""
    own.process.stdin.write(task_line(replace(own.task, arm="sleeps")))
    assert wait_until(lambda: Path(f"/proc/{own.process.pid}/task/{own.process.pid}/children").read_text())
    own.process.terminate()
    assert kinds(own.read()) == ["killed"]
    assert own.process.wait(10) == 128 + signal.SIGKILL


def test_a_task_for_other_threads_is_refused(own):
    """Libraries read their number of threads when they are loaded."""
    assert own.give(threads=2) == []
    assert own.process.wait(10) == 1
    assert own.process.stderr.read() == b"this worker was started for 1 threads on cpu\n"


CALLER = "import subprocess, sys, time; print(subprocess.Popen(sys.argv[1:]).pid, flush=True); time.sleep(60)"


def test_a_worker_that_chooses_a_tier_dies_with_its_caller(tmp_path):
    """Trying what the machine offers takes a while, in which nobody watches the results yet."""
    task = a_task(tmp_path, "tells", text=SCRIPT, sandbox="auto")
    code = (
        "import sys, time; from pathlib import Path; from repro.worker import server, tiers\n"
        "def chosen(*_, **__): Path(sys.argv[1]).touch(); time.sleep(60)\n"
        "tiers.chosen = chosen; server.main(sys.argv[2:])"
    )
    words = (sys.executable, "-c", code, str(tmp_path / "tried"), *arguments(task), "--result-fd", "1")
    line = (sys.executable, "-c", CALLER, *words)
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as caller:
        pid = int(caller.stdout.readline())
        assert wait_until((tmp_path / "tried").exists, 30)
        caller.kill()
        assert wait_until(lambda: not is_running(pid), 1)


def test_a_worker_that_still_loads_dies_with_its_caller(tmp_path):
    """Before anybody watches the results, the system does."""
    task = a_task(tmp_path, "tells", text=SCRIPT, sandbox="S0")
    line = (sys.executable, "-c", CALLER, *lasting_command(task, 1))
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as caller:
        pid = int(caller.stdout.readline())
        assert wait_until(lambda: "libtorch" in Path(f"/proc/{pid}/maps").read_text(), 20)
        caller.kill()
        assert wait_until(lambda: not is_running(pid), 1)
    assert not (tmp_path / "found.json").exists()


def test_where_no_copy_can_be_had_a_new_program_gives_the_same_bits(tmp_path):
    """It finds what a copy finds, but for its own command line and what the worker had loaded."""
    task = a_task(tmp_path, "tells", text=SCRIPT, sandbox="S0")
    (copied,) = measured(task)
    before = json.loads((tmp_path / "found.json").read_text())
    code = (
        "import sys; from repro.worker import server, task; "
        "server.watched(task.parse(sys.argv[1:]).task, 1, server.started, 'S0')"
    )
    line = (sys.executable, *command.FLAGS, "-c", code, *arguments(task))
    done = subprocess.run(line, capture_output=True, check=True, env=command.environment(task), timeout=60)
    now = json.loads((tmp_path / "found.json").read_text())
    assert read_line(done.stdout.strip()).values == copied.values
    for key in ("variables", "limits", "private", "signals", "threads", "torch"):
        assert now[key] == before[key]
