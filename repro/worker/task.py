"""One piece of work, as plain data and as the arguments of one command, so that any engine can launch it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from kb.evidence.record import Tier
from kb.evidence.seeds import Stream
from kb.reading.script_syntax import Value

GIBIBYTE = 2**30
Choice = Literal["auto", "S0", "S1", "S2", "S3"]
"""A tier of confinement, or the strongest that holds where the task is measured."""
TIERS: tuple[Tier, ...] = get_args(Tier)
UNTRUSTED: Tier = "S2"
"""The weakest tier at which code runs that nobody has read."""
PYTHON_FLAGS = ("-I", "-B", "-X", "utf8")
"""Isolated from the caller's folder and environment, no caches written, UTF-8 whatever the locale."""


@dataclass(frozen=True)
class Task:
    """Blocks of one arm, which one worker measures one after another.

    Attributes:
        file: The experiment's script.
        version: The test version, all 64 digits, that script and lab must still have.
        scale: `minimal` or `large`, whichever of the script's scales the setting starts from.
        overrides: Fields of that scale that are set to other values.
        threads: How many threads one worker may use.
        timeout_seconds: Wall seconds allowed for each block; a worker's start may take as long again.
        memory_bytes: Address space on the processor; not enforced with a GPU.
        seeds_from: The version whose seeds are drawn, if not `version`.
        capability: The most advanced instructions that torch may use, such as `avx2`; empty for no limit.
        sandbox: The tier of confinement, or `auto` for the strongest that the machine offers.
        least: The weakest tier that is acceptable.
        is_trial: Only try whether the arm keeps the contract of experiments, with seeds that never count.
        has_shuffled_labels: Shuffle the labels of the data first; only on seeds that never count.
    """

    file: Path
    arm: str
    blocks: tuple[int, ...]
    version: str
    scale: str = "minimal"
    overrides: tuple[tuple[str, Value], ...] = ()
    replication: int = 0
    stream: Stream = "evidence"
    device: str = "cpu"
    threads: int = 1
    timeout_seconds: float = 600.0
    memory_bytes: int = 4 * GIBIBYTE
    seeds_from: str | None = None
    capability: str = ""
    is_trial: bool = False
    has_shuffled_labels: bool = False
    sandbox: Choice = "auto"
    least: Tier = "S0"

    @property
    def experiment(self) -> str:
        """Return the experiment's name."""
        return self.file.stem

    @property
    def start(self) -> tuple[object, ...]:
        """Return what a worker's process must have been started for: libraries and tiers are chosen once."""
        return self.threads, self.device, self.capability, self.sandbox, self.least

    @property
    def origin(self) -> str:
        """Return the version whose seeds are drawn."""
        return self.seeds_from or self.version


def arguments(task: Task) -> tuple[str, ...]:
    """Return a task as command-line arguments; `parse` reads them back."""
    blocks = ",".join(str(block) for block in task.blocks)
    overrides = [part for k, v in task.overrides for part in ("--set", f"{k}={json.dumps(v)}")]
    named: dict[str, object] = {
        "--version": task.version,
        "--scale": task.scale,
        "--replication": task.replication,
        "--stream": task.stream,
        "--device": task.device,
        "--threads": task.threads,
        "--timeout": task.timeout_seconds,
        "--memory": task.memory_bytes,
        "--sandbox": task.sandbox,
        "--least": task.least,
    }
    if task.seeds_from:
        named["--seeds-from"] = task.seeds_from
    if task.capability:
        named["--capability"] = task.capability
    options = [str(part) for pair in named.items() for part in pair]
    flags = {TRIAL: task.is_trial, SHUFFLED: task.has_shuffled_labels}
    given = [flag for flag, is_given in flags.items() if is_given]
    return (str(task.file), task.arm, blocks, *options, *given, *overrides)


class Order(NamedTuple):
    """What a worker is launched with.

    Attributes:
        result_fd: The file descriptor that takes its lines.
        has_more: Does the worker take further tasks from its standard input?
    """

    task: Task
    result_fd: int
    has_more: bool


MORE, TRIAL, SHUFFLED = "--more-from-stdin", "--trial", "--shuffled-labels"


def worker_command(task: Task, result_fd: int) -> tuple[str, ...]:
    """Return the command that measures a task and writes one line per block to a file descriptor."""
    module = (sys.executable, *PYTHON_FLAGS, "-m", "repro.worker")
    return (*module, *arguments(task), "--result-fd", str(result_fd))


def lasting_command(task: Task, result_fd: int) -> tuple[str, ...]:
    """Return the command of a worker that then takes more tasks from its standard input."""
    return (*worker_command(task, result_fd), MORE)


def task_line(task: Task) -> bytes:
    """Return a task as a line for the standard input of a worker that takes more tasks."""
    return json.dumps(arguments(task)).encode() + b"\n"


def parse(argv: Sequence[str]) -> Order:
    """Return what the arguments ask of a worker."""
    parser = argparse.ArgumentParser(prog="python -m repro.worker", allow_abbrev=False)
    parser.add_argument("file", type=Path)
    parser.add_argument("arm")
    parser.add_argument("blocks", type=_blocks, help="block numbers, such as 0,1")
    parser.add_argument("--version", required=True)
    parser.add_argument("--scale", choices=("minimal", "large"), default="minimal")
    parser.add_argument("--set", dest="overrides", type=_override, action="append", default=[])
    parser.add_argument("--replication", type=int, default=0)
    parser.add_argument("--stream", choices=("evidence", "explore"), default="evidence")
    parser.add_argument("--seeds-from")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--capability", default="")
    parser.add_argument("--timeout", dest="timeout_seconds", type=float, default=600.0)
    parser.add_argument("--memory", dest="memory_bytes", type=int, default=4 * GIBIBYTE)
    parser.add_argument("--sandbox", choices=("auto", *TIERS), default="auto")
    parser.add_argument("--least", choices=TIERS, default="S0")
    parser.add_argument(TRIAL, dest="is_trial", action="store_true", help="only try the contract")
    parser.add_argument(
        SHUFFLED, dest="has_shuffled_labels", action="store_true", help="shuffle labels first"
    )
    parser.add_argument("--result-fd", type=int, default=1, help="default: standard output")
    parser.add_argument(MORE, dest="has_more", action="store_true", help="JSON lists of arguments")
    found = vars(parser.parse_args(argv))
    result_fd, has_more = found.pop("result_fd"), found.pop("has_more")
    return Order(Task(**{**found, "overrides": tuple(found["overrides"])}), result_fd, has_more)


def _blocks(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


def _override(text: str) -> tuple[str, Value]:
    name, _, value = text.partition("=")
    parsed: Value = json.loads(value)
    return name, parsed
