"""The process that measures: it loads a script, runs its blocks and sends one line for each.

The worker loads this module once, and for each task `run` takes over a confined copy of the worker; if no
copy can be made, it runs as a program of its own. It is the only module of the runner that imports torch, and
it computes nothing before a task runs. It judges nothing; it only refuses what is not one real number per
seed and outcome.
"""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import os
import resource
import sys
import traceback
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import torch

import repro.lab
from kb.evidence.seeds import block_seeds
from kb.reading.experiment import Script, read_script
from kb.reading.lab import Lab
from kb.reading.script_syntax import ScriptError, Value
from kb.reading.texts import read_text
from kb.reading.tree import Folder
from kb.reading.version import without_texts
from kb.text.guarded_text import GuardError
from repro import provenance
from repro.lab.seeds import Seeds
from repro.worker.contract import refuse_breach
from repro.worker.failures import FailureKind, failure_line
from repro.worker.labels import Drawn, shuffle_labels
from repro.worker.messages import Numbers, Ready
from repro.worker.task import Task, arguments, parse
from repro.worker.values import ContractError, Outcomes, read_outcomes

TRACEBACK_LINES = 12
RSS_UNIT_BYTES = 1 if sys.platform == "darwin" else 1024  # getrusage(2) of each


class TaskError(Exception):
    """The task cannot be measured here as requested."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Reporter:
    """Sends lines and, at the end, what went wrong.

    Attributes:
        block: The block to which a failure belongs.
    """

    def __init__(self, task: Task, result_fd: int) -> None:
        self.block = task.blocks[0]
        self._result_fd = result_fd

    def send(self, line: bytes) -> None:
        """Write a whole line."""
        while line:
            line = line[os.write(self._result_fd, line) :]

    def report(self, error: BaseException) -> None:
        """Send what went wrong."""
        own = isinstance(error, TaskError | ContractError | ScriptError)
        tail = "" if own else "".join(traceback.format_exception(error)[-TRACEBACK_LINES:])
        text = str(error) if own else "".join(traceback.format_exception_only(error)).strip()
        self.send(failure_line(self.block, failure_kind(error), text, tail))


def failure_kind(error: BaseException) -> FailureKind:
    """Return which kind of failure an exception is."""
    if isinstance(error, TaskError):
        return error.kind
    if isinstance(error, ContractError):
        return "contract"
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error):
        return "out of memory"
    return "exception"


def run(task: Task, result_fd: int) -> NoReturn:
    """Measure a task and end this process, whatever happens."""
    sys.argv = [__file__, *arguments(task)]
    torch.default_generator.seed()  # or every copy of a worker would make the same unseeded draws
    reporter = Reporter(task, result_fd)
    code: object = 1
    try:
        measure(task, reporter)
        code = None
    except SystemExit as asked:
        code = asked.code
    except BaseException as error:  # noqa: BLE001  # whatever it is, it is told
        reporter.report(error)
    finally:
        with contextlib.suppress(OSError, ValueError):  # the script may have closed it
            sys.stdout.flush()
        os._exit(exit_status(code))  # shutting torch down properly takes longer than many blocks do


def exit_status(code: object) -> int:
    """Return the exit status that the interpreter derives from the argument of `sys.exit`."""
    if isinstance(code, int):
        return code & 0xFF
    if code is not None:
        os.write(2, f"{code}\n".encode())
    return int(code is not None)


def measure(task: Task, reporter: Reporter) -> None:
    """Measure the blocks of a task, one after another.

    Raises:
        TaskError: The task asks for shuffled labels on seeds that count, or its script has changed.
    """
    if task.has_shuffled_labels and task.stream != "explore":
        raise TaskError("version", "labels are shuffled on seeds that never count, and on no others")
    script = planned_script(task)
    configure(task)
    reporter.send(readiness(task).model_dump_json().encode() + b"\n")
    drawn = shuffle_labels(script) if task.has_shuffled_labels else Drawn()
    module = load(script, task.file)
    if task.is_trial:
        require_declarations(script, module)
    scale = running_scale(script, module, task)
    for block in task.blocks:
        reporter.block = block
        before = drawn.count
        numbers = measure_block(task, script, module, scale, block)
        numbers = numbers.model_copy(update={"shuffled_sets": drawn.count - before})
        reporter.send(numbers.model_dump_json().encode() + b"\n")


def readiness(task: Task) -> Ready:
    """Return with what a task will be measured, to be told before the script could tell otherwise."""
    return Ready(
        versions=provenance.versions(),
        machine=provenance.machine(task.threads, task.device),
        measuring=provenance.measuring(),
    )


def planned_script(task: Task) -> Script:
    """Return the script, provided that it and the lab are still those the task was planned for.

    Raises:
        TaskError: They have changed, or the script is gone.
        ScriptError: The script does not keep the contract.
    """
    try:
        source = read_text(Folder(task.file.parent), task.file.name)
        lab = Lab(Folder(Path(repro.lab.__path__[0]).parents[1]))
        script = read_script(task.experiment, source, lab)
    except GuardError as error:
        raise TaskError("version", f"the script {task.experiment} cannot be read: {error}") from error
    found = script.version({**script.scales[task.scale], **dict(task.overrides)})
    if found == task.version:
        return script
    message = (
        f"the test version is {found[:12]}, planned was {task.version[:12]}: the script or the lab changed "
        "meanwhile, or the lab that is installed is not this project's; run again"
    )
    raise TaskError("version", message)


def configure(task: Task) -> None:
    """Pin threads and ask for deterministic kernels, through the call that does not load torch's compiler.

    Raises:
        TaskError: The device is not there.
    """
    torch.set_num_threads(task.threads)
    torch.set_num_interop_threads(1)
    torch.set_deterministic_debug_mode("error")
    if task.device.startswith("cuda") and not torch.cuda.is_available():
        found = f"torch {torch.__version__} finds no GPU for --device {task.device}"
        raise TaskError("environment", f"{found}; leave --device out, or run where there is one")


def load(script: Script, file: Path) -> Any:
    """Return the script as a module, made from the text whose hash was checked, without the texts of arms."""
    module = types.ModuleType(f"repro.experiments.{script.name}")
    module.__file__ = str(file)
    sys.modules[module.__name__] = module  # dataclasses look their module up
    tree = ast.parse(script.source)
    tree.body = [without_texts(node) for node in tree.body]
    exec(compile(tree, str(file), "exec"), vars(module))  # noqa: S102  # running it is our task
    return module


def running_scale(script: Script, module: Any, task: Task) -> Any:
    """Return the scale that a task is measured at, with the fields that the test version is made of.

    Raises:
        ContractError: It differs from what the script's text shows, on which the test version is based.
    """
    declared = getattr(module, task.scale.upper())
    _require_fields(declared, script.scales[task.scale], task.scale)
    overrides = dict(task.overrides)
    scale = dataclasses.replace(declared, **overrides)  # runs what Scale does after its fields are set
    _require_fields(scale, {**script.scales[task.scale], **overrides}, task.scale)
    return scale


def require_declarations(script: Script, module: Any) -> None:
    """Compare what a script declares while it runs with what its text shows.

    Raises:
        ContractError: Arms, outcomes or a scale differ.
    """
    for name, shown in {"ARMS": list(script.arms), "OUTCOMES": list(script.outcomes)}.items():
        found = list(getattr(module, name))
        if found != shown:
            raise ContractError(
                f"{name} holds {', '.join(map(str, found))} when the script runs, and its text says "
                f"{', '.join(shown)}; assign it once, as a dictionary written out"
            )
    for name, fields in script.scales.items():
        _require_fields(getattr(module, name.upper()), fields, name)


def _require_fields(scale: Any, expected: Mapping[str, Value], name: str) -> None:
    found = {field.name: getattr(scale, field.name) for field in dataclasses.fields(scale)}
    if _with_types(found) != _with_types(expected):
        raise ContractError(
            f"{name.upper()} runs with {found}, its text says {dict(expected)}; "
            f"assign it once, as a call of Scale with literal fields"
        )


def _with_types(fields: Mapping[str, object]) -> dict[str, tuple[type, object]]:
    """Return fields in such a way that 1, 1.0 and True differ, as they do in the hash of a test version."""
    return {name: (type(value), value) for name, value in fields.items()}


def measure_block(task: Task, script: Script, module: Any, scale: Any, block: int) -> Numbers:
    """Measure one block, or try the contract with its seeds.

    Raises:
        ContractError: The script returned something other than one real number for each seed and outcome.
    """

    def seeds_of(number: int) -> tuple[int, ...]:
        return block_seeds(task.origin, number, replication=task.replication, stream=task.stream)

    def measured(values: tuple[int, ...]) -> Outcomes:
        result = module.measure(task.arm, Seeds(values, task.device), scale)
        return read_outcomes(result, script.outcomes, len(values), dataclasses.asdict(scale))

    start = provenance.monotonic()
    if task.is_trial:
        found = refuse_breach(task.arm, script, (seeds_of(block), seeds_of(block + 1)), measured)
    else:
        found = measured(seeds_of(block))
    seconds = provenance.monotonic() - start
    is_known = task.arm in script.constant and not task.is_trial  # that seeds make no difference
    return Numbers(
        block=block,
        seconds=seconds,
        values=found.values,
        curves=found.curves,
        peak_memory_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * RSS_UNIT_BYTES,
        notes=() if is_known else found.notes,
    )


if __name__ == "__main__":
    order = parse(sys.argv[1:])
    run(order.task, order.result_fd)
