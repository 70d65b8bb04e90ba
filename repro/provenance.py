"""What numbers depend on besides seeds: versions, hardware, time. Evidence gets them only from here."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
import re
import time
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

from kb.evidence.record import EVIDENCE_FOLDER, Machine, canonical_json
from repro.vcs import HistoryError, Repository


class Versions(NamedTuple):
    """The versions of what computes."""

    python: str
    torch: str
    numpy: str


class Commit(NamedTuple):
    """A checkout: its commit, and whether files differ from it; None where that is unknown."""

    sha: str | None
    is_dirty: bool | None


_EARLIEST_ZONE = timedelta(hours=14)
"""How far the clocks of the Line Islands, where each day begins, are ahead of UTC."""


def now() -> str:
    """Return the time in UTC to the second, such as `2026-01-31T23:59:59Z`."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def before_now(seconds: float) -> str:
    """Return the time some seconds ago, as `now` writes it."""
    return (datetime.now(UTC) - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def latest_day() -> str:
    """Return the latest day that has begun anywhere on earth, such as `2026-01-31`."""
    return (datetime.now(UTC) + _EARLIEST_ZONE).strftime("%Y-%m-%d")


def monotonic() -> float:
    """Return the seconds of a clock that only goes forward, for taking differences."""
    return time.monotonic()


def versions() -> Versions:
    """Return the versions of Python, torch and numpy without importing torch or numpy."""
    return Versions(
        platform.python_version(), importlib.metadata.version("torch"), importlib.metadata.version("numpy")
    )


def runner_version() -> str:
    """Return the version of this project."""
    return importlib.metadata.version("assay-kb")


@cache
def measuring() -> str:
    """Return the SHA-256 of the worker's modules and their names: what runs around a script that measures."""
    files = sorted((Path(__file__).parent / "worker").glob("*.py"))
    digests = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    return hashlib.sha256(canonical_json(digests).encode()).hexdigest()


def capability(recorded: str) -> str:
    """Return the `ATEN_CPU_CAPABILITY` with which torch uses no more instructions than were recorded.

    Empty if this processor has no further ones, or does not say which it has.
    """
    try:
        flags = set(Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").split())
    except OSError:
        return ""
    return "avx2" if recorded == "AVX2" and {"avx2", "avx512f"} <= flags else ""


def lock(root: Path) -> str:
    """Return the SHA-256 of `constraints.txt`, or of an empty file if it is missing."""
    try:
        content = (root / "constraints.txt").read_bytes()
    except FileNotFoundError:
        content = b""
    return hashlib.sha256(content).hexdigest()


def commit(root: Path) -> Commit:
    """Return the commit of a checkout and whether it is dirty; new evidence does not make it dirty."""
    repository = Repository(root)
    try:
        sha = repository.head()
    except HistoryError:
        return Commit(None, None)
    try:
        return Commit(sha, repository.is_changed(but=EVIDENCE_FOLDER))
    except HistoryError:
        return Commit(sha, None)


def machine(threads: int, device: str = "cpu") -> Machine:
    """Return everything that the bits of a result may depend on; imports torch.

    Args:
        threads: How many threads the measurement uses.
        device: A torch device such as `cpu` or `cuda`.
    """
    import torch

    return Machine(
        system=f"{platform.system()} {platform.machine()}",
        cpu=_cpu(),
        capability=torch.backends.cpu.get_cpu_capability(),
        blas=_blas(torch.__config__.show()),
        threads=threads,
        gpu=None if torch.device(device).type == "cpu" else torch.cuda.get_device_name(device),
    )


def _cpu() -> str:
    """Return the processor's model, such as `AMD EPYC 7763`."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    fields = (line.partition(":") for line in lines)
    models = [
        value.strip() for name, _, value in fields if name.strip() in ("model name", "Model", "cpu model")
    ]
    return models[0] if models else platform.processor() or platform.machine()


def _blas(configuration: str) -> str:
    """Return the linear-algebra library, with its version if torch's build names it."""
    version = re.search(r"Math Kernel Library Version (\S+)", configuration)
    kind = re.search(r"BLAS_INFO=(\w+)", configuration)
    return " ".join([kind[1] if kind else "unknown", *([version[1]] if version else [])])
