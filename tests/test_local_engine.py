"""The local engine: a limited number of workers, lost blocks once more, and a clean end at any moment."""

import json
import os
import signal
import sys
import time
from collections import deque
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from repro.engines import Failed, Finished, Interrupted, Measured, Started
from repro.engines.local import Local
from repro.engines.parts.interrupts import Interrupts
from repro.engines.parts.retries import retrying
from repro.worker.task import Task

MEASURED = {
    "started": "2026-01-31T00:00:00Z",
    "seconds": 0.5,
    "values": {"score": [0.0, 1.0, 2.0, 3.0, 4.0]},
    "curves": {},
    "peak_memory_bytes": 1,
    "versions": ["3", "2", "2"],
    "machine": {"system": "", "cpu": "", "capability": "", "blas": "", "threads": 1},
    "sandbox": "S2",
}
WORKER = f"""
import json, os, signal, sys, time
fd, blocks, folder = int(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3]
def say(block):
    os.write(fd, json.dumps({{"block": block, **{MEASURED!r}}}).encode() + b"\\n")
def fail(kind):
    error = {{"kind": kind, "message": "why", "traceback_tail": "where"}}
    os.write(fd, json.dumps({{"block": blocks[0], "error": error}}).encode() + b"\\n")
def is_first():
    try:
        return os.mkdir(folder + "/been") is None
    except FileExistsError:
        return False
"""
"""A worker command without torch; what follows decides how it goes."""


def a_task(arm="a", blocks=(0, 1)):
    """Return a task on a script that is never opened."""
    return Task(Path("/nowhere/toy.py"), arm, blocks, "0" * 64)


def engine(tasks, body, folder, *, jobs=1, interrupts=None):
    """Return the engine at work on tasks whose worker is a few lines of Python."""

    def command(task, fd):
        return sys.executable, "-S", "-c", WORKER + body, str(fd), json.dumps(task.blocks), str(folder)

    return retrying(Local(command), deque(tasks), jobs=jobs, interrupts=interrupts or Interrupts())


def events_of(tasks, body, folder, **options):
    """Return all events of a short life."""
    return list(engine(tasks, body, folder, **options))


def only(events, kind):
    """Return the events of one kind."""
    return [event for event in events if isinstance(event, kind)]


def test_blocks_are_told_as_they_come(tmp_path):
    """A worker starts, gives its blocks in order, and finishes."""
    events = events_of([a_task()], "say(0); say(1)", tmp_path)
    assert [type(event) for event in events] == [Started, Measured, Measured, Finished]
    assert [event.measurement.block for event in only(events, Measured)] == [0, 1]
    assert [a.status for a in events[1].attempts] == ["measured"]


def test_no_more_workers_run_than_jobs(tmp_path):
    """Of five tasks at most two run at any time."""
    running, most = 0, 0
    for event in engine([a_task(str(i), (0,)) for i in range(5)], "say(0)", tmp_path, jobs=2):
        running += isinstance(event, Started) - isinstance(event, Finished)
        most = max(most, running)
    assert (running, most) == (0, 2)


def test_tasks_may_follow_while_it_works(tmp_path):
    """Tasks appended to the queue meanwhile are done as well."""
    queue = deque([a_task("first", (0,))])
    command = [sys.executable, "-S", "-c", WORKER + "say(0)"]
    done = []
    engine = Local(lambda _, fd: [*command, str(fd), "[0]", ""])
    for event in engine.run(queue, jobs=1, interrupts=Interrupts()):
        if isinstance(event, Finished):
            done.append(event.task.arm)
            queue.extend([a_task("second", (0,))] if len(done) == 1 else [])
    assert done == ["first", "second"]


def test_a_lost_block_is_tried_once_more(tmp_path):
    """After a kill only the blocks that are missing are measured again, and both attempts are told."""
    body = "is_first() and (say(0), os.kill(os.getpid(), 9)); say(blocks[-1])"
    events = events_of([a_task()], body, tmp_path)
    assert [e.task.blocks for e in only(events, Started)] == [(0, 1), (1,)]
    assert [(f.block, f.kind, f.will_retry) for f in only(events, Failed)] == [(1, "killed", True)]
    assert [a.status for a in only(events, Measured)[1].attempts] == ["killed", "measured"]


def test_a_worker_that_takes_too_long_to_start_ran_out_of_time(tmp_path):
    """Its own clock ends it while it loads, and the failure says so."""
    events = events_of([a_task()], "os.kill(os.getpid(), signal.SIGALRM)", tmp_path)
    failed = only(events, Failed)[0]
    assert (failed.kind, failed.message) == ("timeout", "the worker took longer than 600 seconds to start")


@pytest.mark.parametrize("kind", ["timeout", "out of memory", "killed"])
def test_a_block_lost_twice_has_failed(tmp_path, kind):
    """There is no third attempt."""
    events = events_of([a_task()], f"fail({kind!r})", tmp_path)
    assert [f.will_retry for f in only(events, Failed)] == [True, False]
    assert only(events, Measured) == []


@pytest.mark.parametrize("kind", ["exception", "contract", "no result", "output", "environment", "version"])
def test_what_the_script_did_is_never_tried_again(tmp_path, kind):
    """Only failures of the machine earn a second try."""
    (failed,) = only(events_of([a_task()], f"fail({kind!r})", tmp_path), Failed)
    assert (failed.kind, failed.message, failed.traceback_tail, failed.will_retry) == (
        kind,
        "why",
        "where",
        False,
    )


SENSELESS = {
    "os.write(fd, b'no json\\n')": "not JSON",
    "os.write(fd, b'[' * 10_000 + b'\\n')": "not JSON",
    "os.write(fd, b'{\"a\":' * 10_000 + b'\\n')": "not JSON",
    "os.write(fd, b'[]\\n')": "not a message",
    'os.write(fd, b\'{"block": 0, "values": 3}\\n\')': "not a message: started",
    "say(5)": "block 5 was not its turn",
    "say(0); say(0)": "block 0 was not its turn",
    "sys.exit('cannot even start')": "exit code 1",
}


@pytest.mark.parametrize("body", SENSELESS)
def test_a_worker_that_makes_no_sense_has_failed(tmp_path, body):
    """Whatever comes instead of a measurement is reported, and the engine goes on."""
    events = events_of([a_task(), a_task("other")], body, tmp_path)
    assert [SENSELESS[body] in failed.message for failed in only(events, Failed)] == [True, True]
    assert len(only(events, Finished)) == 2


def test_why_a_worker_did_not_start_is_told(tmp_path):
    """The end of what the worker itself wrote comes with the failure."""
    (failed,) = only(events_of([a_task()], "sys.exit('cannot even start')", tmp_path), Failed)
    assert failed.traceback_tail == "cannot even start\n"


def test_a_bad_end_after_all_results_is_noted(tmp_path):
    """The blocks count; that the worker failed afterwards is told."""
    events = events_of([a_task()], "say(0); say(1); sys.exit(7)", tmp_path)
    assert only(events, Failed) == []
    assert events[-1].note == "measured all, then ended with exit code 7"


SLOW = """
stop = []
signal.signal(signal.SIGINT, lambda *_: stop.append(1))
signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
for block in blocks:
    until = time.monotonic() + (0.3 if block == 0 else 60)
    while time.monotonic() < until:
        time.sleep(0.02)
    say(block)
    if stop:
        blocks = [next(b for b in blocks if b > block)]
        fail("stopped")
        sys.exit(1)
"""
"""A worker that, as the real one does, stops after its running block when told to."""


def test_the_first_ctrl_c_lets_running_blocks_finish(tmp_path):
    """Block 0 was running: it is measured. Nothing new starts."""
    with Interrupts() as interrupts:
        events = []
        for event in engine([a_task(), a_task("next")], SLOW, tmp_path, interrupts=interrupts):
            events.append(event)
            if isinstance(event, Started):  # before the worker can take a signal
                os.kill(os.getpid(), signal.SIGINT)
    assert [type(event) for event in events] == [Started, Interrupted, Measured, Failed, Finished]
    assert events[3].kind == "stopped"
    assert interrupts.stopped_by == signal.SIGINT


NAMED = "open('{}/pid', 'w').write(str(os.getpid()))"
"""A worker's note of its own process id."""


def is_gone(folder):
    """Has the worker that noted its process id in this folder ended and been waited for?"""
    return not Path(f"/proc/{(folder / 'pid').read_text()}").exists()


@pytest.mark.parametrize("signals", [[signal.SIGINT, signal.SIGINT], [signal.SIGTERM], [signal.SIGHUP]])
def test_the_second_ctrl_c_and_sigterm_end_at_once(tmp_path, signals):
    """Running workers are ended, though their blocks would take a minute."""
    start = time.monotonic()
    body = f"{NAMED.format(tmp_path)}; say(0); time.sleep(60)"
    with Interrupts() as interrupts:
        for event in engine([a_task()], body, tmp_path, interrupts=interrupts):
            if isinstance(event, Measured):
                for number in signals:
                    os.kill(os.getpid(), number)
    assert time.monotonic() - start < 5
    assert is_gone(tmp_path)


def test_a_worker_that_ignores_the_end_is_killed(tmp_path):
    """Leaving the iteration ends all workers, also those that do not listen to SIGTERM."""
    body = f"signal.signal(signal.SIGTERM, signal.SIG_IGN); {NAMED.format(tmp_path)}; say(0); time.sleep(60)"
    with closing(engine([a_task()], body, tmp_path)) as events:
        next(event for event in events if isinstance(event, Measured))
    assert is_gone(tmp_path)


def test_handlers_are_as_before_afterwards():
    """Outside of a run Ctrl-C does what it did."""
    former = signal.getsignal(signal.SIGINT)
    with Interrupts():
        assert signal.getsignal(signal.SIGINT) != former
    assert signal.getsignal(signal.SIGINT) == former


LASTING = """
def end(code=0):
    os.write(fd, b'{"exit_code": %d}\\n' % code)
def tasks():
    yield blocks
    for line in sys.stdin:
        yield json.loads("[%s]" % json.loads(line)[2])
for turn, blocks in enumerate(tasks()):
    open(folder + "/pids", "a").write(f"{os.getpid()}\\n")
"""
"""What a worker does that waits for more tasks; the end of the line says how it goes with each."""


def lasting(tasks, body, folder, **options):
    """Return the engine at work with workers that wait for more tasks."""
    return engine(tasks, LASTING + "    " + body, folder, **options)


def pids(folder):
    """Return which worker had each of the tasks, in order of their starts."""
    return [int(line) for line in (folder / "pids").read_text().split()]


def is_there(pid):
    """Does a process exist that nobody has waited for?"""
    return Path(f"/proc/{pid}").exists()


GOOD = "[say(block) for block in blocks]; end()"
FOUR = [a_task(arm) for arm in ("a", "b", "c", "d")]


def test_a_worker_that_waits_gets_the_next_task(tmp_path):
    """One worker has them all, and the events are those of four workers."""
    events = list(lasting(FOUR, GOOD, tmp_path))
    assert len({*pids(tmp_path)}) == 1
    assert [type(event) for event in events] == [Started, Measured, Measured, Finished] * 4
    assert [event.task.arm for event in only(events, Finished)] == ["a", "b", "c", "d"]
    assert [event.is_new_worker for event in only(events, Started)] == [True, False, False, False]


def test_workers_wait_until_the_iteration_is_closed(tmp_path):
    """Tasks may follow as long as somebody iterates; then no worker is left."""
    with closing(lasting(FOUR[:2], GOOD, tmp_path, jobs=2)) as events:
        for _ in range(2):
            next(event for event in events if isinstance(event, Finished))
        assert all(is_there(pid) for pid in pids(tmp_path))
    assert not any(is_there(pid) for pid in pids(tmp_path))


@pytest.mark.parametrize("other", [{"threads": 2}, {"device": "cuda"}])
def test_a_worker_takes_no_task_for_other_threads_or_another_device(tmp_path, other):
    """It ends, for there may be no more workers than jobs, and a new one has the task."""
    for event in lasting([*FOUR[:2], replace(FOUR[2], **other)], GOOD, tmp_path):
        if isinstance(event, Measured) and event.task.arm == "c":
            assert not is_there(pids(tmp_path)[0])
    one, same, another = pids(tmp_path)
    assert one == same != another


def test_a_worker_that_died_waiting_is_replaced(tmp_path):
    """Nothing fails, for it had nothing in hand."""
    seen = []
    for event in lasting(FOUR[:2], GOOD, tmp_path):
        seen.append(event)
        if isinstance(event, Finished) and event.task.arm == "a":
            os.kill(pids(tmp_path)[0], signal.SIGKILL)
            os.waitid(os.P_PID, pids(tmp_path)[0], os.WEXITED | os.WNOWAIT)
    assert [type(event) for event in seen] == [Started, Measured, Measured, Finished] * 2
    assert len({*pids(tmp_path)}) == 2


def test_a_task_lost_with_its_worker_is_tried_on_another(tmp_path):
    """The worker dies in its second task; the block it was at is measured by the next worker."""
    dies = "turn and block and is_first() and os.kill(os.getpid(), 9)"
    events = list(lasting(FOUR[:2], GOOD.replace("say", f"{dies} or say"), tmp_path))
    assert [(f.block, f.kind, f.will_retry) for f in only(events, Failed)] == [(1, "killed", True)]
    assert [e.task.blocks for e in only(events, Started)] == [(0, 1), (0, 1), (1,)]
    assert len({*pids(tmp_path)}) == 2


TASKS_THAT_FAIL = {
    "fail('exception'); end(1)": ("exception", "why"),
    "os.write(fd, b'no json\\n'); end()": ("no result", "not JSON"),
    "end(3)": ("no result", "exit code 3"),
    'os.write(fd, b\'{"exit_code": 0, "block": 0}\\n\'); end()': ("no result", "not a message: block"),
}


@pytest.mark.parametrize("body", TASKS_THAT_FAIL)
def test_a_worker_goes_on_after_a_task_that_failed(tmp_path, body):
    """The failure is told with its task, and the same worker has the next one."""
    kind, message = TASKS_THAT_FAIL[body]
    events = list(lasting(FOUR[:2], body, tmp_path))
    assert [type(event) for event in events] == [Started, Failed, Finished] * 2
    assert all(f.kind == kind and message in f.message for f in only(events, Failed))
    assert len({*pids(tmp_path)}) == 1


def test_a_bad_end_of_a_task_is_noted(tmp_path):
    """The blocks count; that the process which measured failed afterwards is told."""
    events = list(lasting(FOUR[:1], GOOD.replace("end()", "end(7)"), tmp_path))
    assert events[-1].note == "measured all, then ended with exit code 7"
