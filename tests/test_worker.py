"""The worker: measures what was planned, refuses everything else, and leaves nothing behind."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from kb.reading.experiment import read_script
from kb.reading.lab import Lab
from kb.reading.tree import Folder
from repro import provenance
from repro.worker import measure as measuring
from repro.worker import sandbox, server
from repro.worker.messages import Measurement, read_line
from repro.worker.task import Task, arguments, parse, worker_command
from repro.worker.values import ContractError, read_outcomes

WATCHER = """
import os, sys, tempfile
from pathlib import Path
from repro import provenance
from repro.worker import sandbox
from repro.worker.watcher import Watcher
body, fd, blocks, timeout = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
with tempfile.TemporaryDirectory() as folder:
    how = sandbox.Confinement(
        sandbox.environment(Path(folder), threads=1),
        sandbox.Limits(memory_bytes=2**30, cpu_seconds=30),
        Path(folder),
        "S0",
    )
    watcher = Watcher(tuple(range(blocks)), fd, timeout_seconds=timeout, grace_seconds=0.3)
    def measuring(fd):
        os.set_inheritable(fd, True)
        os.execve(sys.executable, (sys.executable, "-S", "-c", body, str(fd)), how.environment)
    sys.exit(watcher.watch(measuring, how))
"""
"""A worker whose measuring process is any few lines of Python, so that torch need not start."""
SAY = """
import os, signal, sys, time
fd = int(sys.argv[-1])
def say(block):
    os.write(fd, b'{"block": %d}\\n' % block)
def daemon(path):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            open(path, "w").write(str(os.getpid()))
            time.sleep(60)
        os._exit(0)
    os.wait()
    while not os.path.exists(path) or not open(path).read():
        time.sleep(0.01)
"""


def keep(body, *, blocks=2, timeout=20.0):
    """Start a worker around a body and return it with the reading end of its result pipe."""
    read_fd, write_fd = os.pipe()
    command = (sys.executable, "-c", WATCHER, SAY + body, str(write_fd), str(blocks), str(timeout))
    process = subprocess.Popen(command, pass_fds=(write_fd,), start_new_session=True)
    os.close(write_fd)
    return process, read_fd


def result_of(body, **options):
    """Return a worker's exit code and the messages it sent."""
    process, read_fd = keep(body, **options)
    with os.fdopen(read_fd, "rb") as lines:
        messages = [json.loads(line) for line in lines]
    return process.wait(), messages


def is_running(pid):
    """Does the process still run? One that has ended and waits for its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(condition, seconds=2.0):
    """Wait until a condition holds and return whether it does."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not condition():
        time.sleep(0.02)
    return condition()


FAULTS = {
    "no result": ("pass", 0, "no result", "exit code 0"),
    "only an exit code": ("sys.exit(3)", 0, "no result", "exit code 3"),
    "partial result, then killed": ("say(0); os.kill(os.getpid(), 9)", 1, "killed", "SIGKILL"),
    "crash in native code": ("os.abort()", 0, "killed", "SIGABRT"),
    "output flood": ("while True: os.write(1, b'x' * 65536)", 0, "output", "printed more than"),
    "endless line of errors": ("while True: os.write(2, b'\\0\\xff' * 9999)", 0, "output", "printed more"),
    "endless result": ("while True: os.write(fd, b'9' * 65536)", 0, "output", "line of more than"),
    "binary result": ("os.write(fd, b'\\xff\\x00\\n')", 0, "no result", "not a result"),
    "repeated block": ("say(0); say(0); time.sleep(60)", 1, "no result", "block 0"),
    "block that nobody asked for": ("say(7)", 0, "no result", "block 7"),
    "file too large": ("open('f', 'wb').truncate(2**31)", 0, "no result", "exit code 1"),
    "too many files": ("f = [open('/dev/null') for _ in range(999)]", 0, "no result", "exit code 1"),
    "memory bomb": ("x = bytearray(2**31)", 0, "no result", "exit code 1"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_reported_and_cost_no_earlier_block(name):
    """Whatever the script does, its finished blocks are passed on and the next one is reported."""
    body, done, kind, message = FAULTS[name]
    _, messages = result_of(body)
    assert [m["block"] for m in messages] == list(range(done + 1))
    assert messages[-1]["error"]["kind"] == kind
    assert message in messages[-1]["error"]["message"]


def test_output_of_a_failed_script_is_shown_whatever_its_bytes():
    """The end of what was printed comes with the failure, undecodable bytes replaced."""
    _, messages = result_of("os.write(2, b'why \\xff\\x1b it failed'); sys.exit(1)")
    assert messages[0]["error"]["traceback_tail"] == "why \N{REPLACEMENT CHARACTER}\x1b it failed"


def test_exit_code_after_the_last_result_is_passed_on():
    """Blocks that arrived count; that the process failed later is seen in the exit code."""
    code, messages = result_of("say(0); say(1); sys.exit(7)")
    assert (code, messages) == (7, [{"block": 0}, {"block": 1}])


def test_timeout_kills_what_ignores_sigterm():
    """A loop that ignores SIGTERM is killed after the grace time, and its block reported as timed out."""
    body = "signal.signal(signal.SIGTERM, signal.SIG_IGN); say(0)\nwhile True: pass"
    _, messages = result_of(body, timeout=0.5)
    assert messages[0] == {"block": 0}
    assert messages[1]["error"]["kind"] == "timeout"
    assert "0.5 seconds" in messages[1]["error"]["message"]


def test_a_result_after_its_time_does_not_count():
    """A script that answers to SIGTERM with a result is too late."""
    body = "signal.signal(signal.SIGTERM, lambda *_: say(1)); say(0)\nwhile True: time.sleep(0.01)"
    _, messages = result_of(body, timeout=0.5)
    assert messages[0] == {"block": 0}
    assert [message["error"]["kind"] for message in messages[1:]] == ["timeout"]


def test_a_result_from_a_descendant_that_was_left_behind_does_not_count():
    """When the script has ended without a result, nobody answers in its place."""
    body = "os.fork() or (time.sleep(0.5), say(0), say(1))"
    _, messages = result_of(body)
    assert [message["error"]["kind"] for message in messages] == ["no result"]


def test_timeout_counts_for_each_block():
    """Many quick blocks may together take longer than the timeout of one."""
    body = "for block in range(6): time.sleep(0.4); say(block)"
    _, messages = result_of(body, blocks=6, timeout=2.0)
    assert len(messages) == 6
    assert "error" not in messages[-1]


def test_daemons_are_killed_when_the_script_ends(tmp_path):
    """A grandchild in a session of its own does not outlive the worker."""
    result_of(f"daemon({str(tmp_path / 'pid')!r}); say(0); say(1)")
    assert not is_running(int((tmp_path / "pid").read_text()))


def test_no_orphan_when_the_reader_dies(tmp_path):
    """When the reader of the results is gone, script and daemons end within two seconds."""
    path = tmp_path / "pid"
    process, read_fd = keep(f"daemon({str(path)!r}); time.sleep(60)")
    assert wait_until(lambda: path.exists() and path.read_text(), 5)
    os.close(read_fd)
    assert wait_until(lambda: process.poll() is not None)
    assert not is_running(int(path.read_text()))


def test_script_dies_with_a_killed_worker(tmp_path):
    """When the worker itself is killed, the measuring process dies with it."""
    path = tmp_path / "pid"
    process, read_fd = keep(f"open({str(path)!r}, 'w').write(str(os.getpid())); time.sleep(60)")
    assert wait_until(lambda: path.exists() and path.read_text(), 5)
    process.kill()
    process.wait()
    os.close(read_fd)
    assert wait_until(lambda: not is_running(int(path.read_text())))


def test_sigint_stops_after_the_running_block():
    """SIGINT lets the running block finish, then the rest is reported as stopped."""
    process, read_fd = keep("say(0); time.sleep(1); say(1); time.sleep(60); say(2)", blocks=3)
    with os.fdopen(read_fd, "rb") as lines:
        first = json.loads(lines.readline())
        process.send_signal(signal.SIGINT)
        rest = [json.loads(line) for line in lines]
    process.wait()
    assert [first, rest[0]] == [{"block": 0}, {"block": 1}]
    assert rest[1]["error"]["kind"] == "stopped"


def test_sigterm_ends_at_once():
    """SIGTERM kills script and all."""
    process, read_fd = keep("say(0); time.sleep(60)")
    with os.fdopen(read_fd, "rb") as lines:
        lines.readline()
        process.send_signal(signal.SIGTERM)
        rest = [json.loads(line) for line in lines]
    assert process.wait() != 0
    assert rest[0]["error"]["kind"] == "killed"


def test_environment_is_made_from_nothing(tmp_path, monkeypatch):
    """No variable of the caller reaches a script; hash seed, threads, locale and folder are fixed."""
    monkeypatch.setenv("SECRET_TOKEN", "x")
    found = sandbox.environment(tmp_path, threads=3)
    assert "SECRET_TOKEN" not in found
    assert (found["PYTHONHASHSEED"], found["OMP_NUM_THREADS"], found["TZ"]) == ("0", "3", "UTC")
    assert found["HOME"] == found["TMPDIR"] == str(tmp_path)


def test_gpu_tasks_keep_the_paths_of_their_libraries(tmp_path, monkeypatch):
    """With a GPU the variables that find it are kept, and there is no limit on address space."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert sandbox.environment(tmp_path, threads=1, device="cuda")["CUDA_VISIBLE_DEVICES"] == "1"
    task = Task(tmp_path / "x.py", "a", (0,), "0" * 64, device="cuda")
    assert server.confinement(task, tmp_path, "S0").limits.memory_bytes is None


def test_tasks_survive_the_command_line():
    """What is written as arguments is read back as the same task."""
    overrides = (("width", 8), ("rate", 1e-3), ("name", "a=b c"), ("bias", False))
    task = Task(
        Path("/x/e.py"),
        "arm",
        (3, 4),
        "a" * 64,
        "large",
        overrides,
        2,
        "explore",
        "cuda",
        2,
        9.5,
        77,
        "b" * 64,
        "avx2",
        sandbox="S1",
        least="S1",
    )
    assert parse([*arguments(task), "--result-fd", "7"]) == (task, 7, False)


SCRIPT = '''
"""Do the seeds matter?"""
from dataclasses import dataclass
import os
import torch
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.seeds import Seeds
ARMS = {"good": "draws", "raises": "fails in its second block", "bomb": "takes all memory"}
OUTCOMES = {"score": Outcome("score", unit="points", better="higher", resolution=0.1)}
@dataclass(frozen=True)
class Scale:
    size: int = 400
MINIMAL = Scale()
LARGE = Scale(size=500)
CALLS = []
def measure(arm, seeds, scale):
    CALLS.append(arm)
    if arm == "bomb":
        torch.ones(2**34)
    if arm == "raises" and len(CALLS) == 2:
        raise ArithmeticError("it fell apart")
    a = seeds.normal("a", scale.size, scale.size)
    order = hash("depends on the hash seed") % 97 + 100 * (os.getcwd() == "/")
    return {"score": (a @ a).tanh().sum((1, 2)) + order}
'''


LAB = Lab(Folder(Path(measuring.repro.lab.__path__[0]).parents[1]))


def a_task(folder, arm="good", blocks=(0,), text=SCRIPT, **options):
    """Return a task on a script that is written into a folder."""
    path = folder / "toy.py"
    path.write_text(text)
    script = read_script("toy", text, LAB)
    version = script.version(script.scales[options.get("scale", "minimal")])
    return Task(path, arm, blocks, version, **options)


def measured(task, **options):
    """Return the messages of a real worker."""
    done = subprocess.run(worker_command(task, 1), capture_output=True, check=False, timeout=60, **options)
    assert done.stderr == b""
    return [read_line(line) for line in done.stdout.splitlines()]


def test_a_block_has_the_same_bits_alone_and_in_company_anywhere(tmp_path):
    """Neighbouring blocks, folder, locale, hash seed and time zone of the caller change no bit."""
    both = measured(a_task(tmp_path, blocks=(0, 1)))
    odd = {"LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "77", "TZ": "Asia/Tokyo", "OMP_NUM_THREADS": "2"}
    alone = measured(a_task(tmp_path, blocks=(1,)), cwd="/", env=odd)
    assert [m.block for m in both] == [0, 1]
    assert both[1].values == alone[0].values
    assert both[0].values != both[1].values
    assert both[0].seconds > 0
    assert both[0].peak_memory_bytes > 2**25
    assert both[0].machine.threads == 1


def test_an_exception_names_its_place_and_keeps_the_blocks_before(tmp_path):
    """The error carries experiment, arm and the end of the traceback; block 0 was measured."""
    first, second = measured(a_task(tmp_path, "raises", blocks=(0, 1)))
    assert isinstance(first, Measurement)
    assert second.error.kind == "exception"
    assert second.error.message == "ArithmeticError: it fell apart"
    assert 'raise ArithmeticError("it fell apart")' in second.error.traceback_tail


def test_memory_beyond_the_limit_is_an_infrastructure_failure(tmp_path):
    """What does not fit into --memory is reported as out of memory, not as a fault of the script."""
    (message,) = measured(a_task(tmp_path, "bomb", memory_bytes=2 * 2**30))
    assert message.error.kind == "out of memory"


@pytest.mark.skipif(torch.cuda.is_available(), reason="asks for a GPU where there is none")
def test_a_missing_gpu_is_an_environment_failure(tmp_path):
    """Asked for a GPU where there is none, the worker says so and what to do."""
    (message,) = measured(a_task(tmp_path, device="cuda"))
    assert message.error.kind == "environment"
    assert "finds no GPU for --device cuda; leave --device out" in message.error.message


def test_a_changed_script_is_refused(tmp_path):
    """A script that is not the one planned is not measured."""
    task = a_task(tmp_path)
    task.file.write_text(SCRIPT.replace("0.1", "0.2"))
    with pytest.raises(measuring.TaskError, match=r"planned was .*changed meanwhile"):
        measuring.planned_script(task)


def test_a_missing_script_is_refused(tmp_path):
    """A missing script is named."""
    task = dataclasses.replace(a_task(tmp_path), file=tmp_path / "gone.py")
    with pytest.raises(measuring.TaskError, match=r"script gone cannot be read: .*No such file"):
        measuring.planned_script(task)


AXIS = 'Axis("step", first=0, last="size", points=64)'
CURVE = f'"loss_curve": Curve("loss", unit="nats", better="lower", axis={AXIS})'
SIZE = {"size": 400}
GOOD = {"score": torch.arange(5.0), "loss_curve": torch.zeros(5, 64)}


@pytest.fixture(scope="module")
def outcomes():
    """Return one scalar outcome and one curve, as a script states them."""
    return read_script("toy", SCRIPT.replace("OUTCOMES = {", f"OUTCOMES = {{{CURVE}, "), LAB).outcomes


REFUSED = {
    "no dictionary": ([1.0], "returned of type list"),
    "missing": ({"score": GOOD["score"]}, "no outcome loss_curve"),
    "extra": ({**GOOD, "scor": GOOD["score"]}, "'scor', which OUTCOMES does not name; did you mean score"),
    "too few": ({**GOOD, "score": torch.zeros(4)}, r"score has shape \(4,\); expected is .* shape \(5,\)"),
    "two axes": ({**GOOD, "score": torch.zeros(5, 1)}, r"shape \(5, 1\)"),
    "bool": ({**GOOD, "score": torch.ones(5, dtype=torch.bool)}, "score is a tensor of type bool"),
    "integer": ({**GOOD, "score": torch.ones(5, dtype=torch.int64)}, "type int64"),
    "complex": ({**GOOD, "score": torch.ones(5, dtype=torch.complex64)}, "type complex64"),
    "text": ({**GOOD, "score": ["a"] * 5}, "score is of type list"),
    "array": ({**GOOD, "score": np.zeros(5)}, "score is of type ndarray"),
    "long curve": ({**GOOD, "loss_curve": torch.zeros(5, 65)}, r"shape \(5, 65\).*shape \(5, 64\)"),
    "empty curve": ({**GOOD, "loss_curve": torch.zeros(5, 0)}, r"shape \(5, 0\)"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_one_real_number_per_seed_is_refused(outcomes, name):
    """The message names the outcome, what was found and what is expected."""
    result, message = REFUSED[name]
    with pytest.raises(ContractError, match=message):
        read_outcomes(result, outcomes, 5, SIZE)


def test_divergence_is_an_outcome(outcomes):
    """NaN and infinities survive the pipe, and so does every bit of a number."""
    score = torch.tensor([torch.nan, torch.inf, -torch.inf, 0.1 + 0.2, 5e-324], dtype=torch.float64)
    found = read_outcomes({**GOOD, "score": score}, outcomes, 5, SIZE)
    data = {"block": 0, "started": "", "seconds": 1.0, "peak_memory_bytes": 1, "versions": ("", "", "")}
    machine = {"system": "", "cpu": "", "capability": "", "blas": "", "threads": 1}
    data["sandbox"] = "S2"
    sent = Measurement(**data, machine=machine, values=found.values, curves=found.curves)
    received = read_line(sent.model_dump_json().encode())
    assert repr(received.values["score"]) == repr(tuple(score.tolist()))


def test_one_value_for_all_seeds_is_noted(outcomes):
    """A script that ignores its seeds is not refused, for a closed form may; it is noted."""
    found = read_outcomes({**GOOD, "score": torch.ones(5)}, outcomes, 5, SIZE)
    assert found.notes[0].startswith("every outcome has one value for all seeds")
    assert read_outcomes(GOOD, outcomes, 5, SIZE).notes == ()


def test_seeds_may_be_those_of_another_version(tmp_path):
    """A version that is linked to another draws that one's seeds."""
    task = a_task(tmp_path)
    other = dataclasses.replace(task, seeds_from="b" * 64)
    (own,), (drawn,) = measured(task), measured(other)
    assert own.values != drawn.values
    assert own.measuring == drawn.measuring == provenance.measuring()


def test_torch_uses_no_more_instructions_than_asked(tmp_path):
    """What an older processor measured can be compared to the bit."""
    task = a_task(tmp_path)
    assert task.start == dataclasses.replace(task, arm="raises").start
    (found,) = measured(dataclasses.replace(task, capability="default"))
    assert found.machine.capability == "DEFAULT"
    assert task.start != dataclasses.replace(task, capability="default").start


def test_a_scale_that_is_not_what_its_text_says_is_refused(tmp_path):
    """The version is made of the text, so the text must be what runs."""
    text = SCRIPT.replace("CALLS = []", "CALLS = []\nMINIMAL = Scale(size=3)")
    (message,) = measured(a_task(tmp_path, text=text))
    assert message.error.kind == "contract"
    assert "MINIMAL runs with {'size': 3}, its text says {'size': 400}" in message.error.message


@pytest.mark.parametrize(
    ("act", "found"),
    [
        ("object.__setattr__(self, 'size', 3)", "{'size': 3}"),
        ("object.__setattr__(self, 'size', float(self.size))", "{'size': 400.0}"),
    ],
    ids=["another number", "another type"],
)
def test_a_scale_that_changes_itself_is_refused(tmp_path, act, found):
    """What a scale does once its fields are set is compared with what the driver read, to the type."""
    text = SCRIPT.replace(
        "    size: int = 400\n", f"    size: int = 400\n\n    def __post_init__(self):\n        {act}\n"
    )
    assert text != SCRIPT
    (message,) = measured(a_task(tmp_path, text=text))
    assert message.error.kind == "contract"
    assert f"MINIMAL runs with {found}" in message.error.message


def test_no_number_depends_on_the_text_of_an_arm(tmp_path):
    """A script runs without the texts, which the version leaves out."""
    line = next(line for line in SCRIPT.splitlines() if "order =" in line)
    text = SCRIPT.replace("import os\n", "").replace(line, "    order = len(ARMS[arm])")
    task, other = a_task(tmp_path, text=text), text.replace("draws", "draws numbers")
    (before,) = measured(task)
    (after,) = measured(a_task(tmp_path, text=other))
    assert task.version == a_task(tmp_path, text=other).version
    assert before.values == after.values
