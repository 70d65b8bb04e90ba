"""The tiers of confinement, and which of them hold on this machine: each is tried, none is believed.

To try a tier, a process confines itself as one that measures would, and then attempts what the tier forbids
and what an experiment needs. A version number is never asked for.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, NoReturn

from kb.evidence.record import Tier
from repro.worker import needs, private, sandbox
from repro.worker.task import TIERS, Choice

GIVES: Mapping[Tier, str] = {
    "S0": "a session and a folder of its own, a clean environment, limits, a clock; its children are killed",
    "S1": "no network, no further processes, no reach into other processes",
    "S2": "no file but Python, its libraries and the one script can be read, none written or changed",
    "S3": "no other file or process is even there, and its folder has a size",
}
"""What each tier adds to the one before."""
NEEDS: Mapping[Tier, str] = {
    "S0": "any Python",
    "S1": "Linux with seccomp",
    "S2": "Landlock, in Linux since 5.13",
    "S3": "user namespaces, which some systems switch off",
}
SECONDS = 20.0
"""How long a trial may take; one with a GPU has to start its libraries."""


class Trial(NamedTuple):
    """Whether a tier holds here.

    Attributes:
        why_not: What went wrong; empty if it holds.
    """

    tier: Tier
    why_not: str

    @property
    def holds(self) -> bool:
        """Return whether it holds."""
        return not self.why_not


class TierError(Exception):
    """No tier that was asked for holds on this machine; the text says why and what to do."""


def chosen(choice: Choice, least: Tier, *, script: Path | None = None, device: str = "cpu") -> Tier:
    """Return the tier to confine with: the one asked for, or the strongest that holds here.

    Args:
        choice: A tier, or `auto` for the strongest.
        least: The weakest tier that is acceptable.
        script: The experiment, which must be readable.
        device: A torch device such as `cpu` or `cuda`.

    Raises:
        TierError: What was asked for does not hold here, or is weaker than what is acceptable.
    """
    asked = [tier for tier in reversed(TIERS) if choice in ("auto", tier)]
    reasons = []
    for tier in asked:
        if TIERS.index(tier) < TIERS.index(least):
            reasons.append(f"{tier}: weaker than {least}")
            continue
        trial = tried(tier, script=script, device=device)
        if trial.holds:
            return tier
        reasons.append(f"{tier}: {trial.why_not}")
    wanted = f"confinement {choice}" if choice != "auto" else f"confinement of at least {least}"
    raise TierError(f"this machine cannot offer {wanted}: {'; '.join(reasons)}. See repro doctor")


def tried(tier: Tier, *, script: Path | None = None, device: str = "cpu") -> Trial:
    """Return whether a tier holds; this process must be single-threaded.

    Args:
        tier: What is tried.
        script: An experiment that must be readable.
        device: A torch device that must work, such as `cpu` or `cuda`.
    """
    if tier == "S0":
        return Trial(tier, "")
    with private.folder() as inside, private.folder() as outside:
        secret = outside / "secret"
        secret.write_text("secret", encoding="ascii")
        how = confinement(tier, inside, script=script, device=device)
        how = replace(how, limits=replace(how.limits, memory_bytes=None))
        needed = [path for path in how.reads if os.access(path, os.R_OK)] if tier in ("S2", "S3") else []
        read_fd, write_fd = os.pipe()

        def work() -> NoReturn:
            found = next(_faults(how, needed, secret, device), "")
            os.write(write_fd, b"=" + found.encode())
            os._exit(0)

        child = sandbox.launch(work, how, keeps=write_fd)
        os.close(write_fd)
        said = _read(read_fd)
        words = _read(os.dup(child.output_fd))
        child.end()
        sandbox.kill_descendants()
    if said.startswith("="):
        return Trial(tier, said[1:])
    lines = words.strip().splitlines()
    return Trial(tier, lines[-1] if lines else "the trial gave no answer")


def confinement(
    tier: Tier,
    folder: Path,
    *,
    script: Path | None = None,
    device: str = "cpu",
    environment: Mapping[str, str] | None = None,
    limits: sandbox.Limits | None = None,
    programs: tuple[Path, ...] = (),
) -> sandbox.Confinement:
    """Return how to confine at a tier, with what an experiment needs to read."""
    return sandbox.Confinement(
        environment=environment or sandbox.environment(folder, threads=1, device=device),
        limits=limits or sandbox.Limits(memory_bytes=None, cpu_seconds=60),
        folder=folder,
        tier=tier,
        reads=(*needs.reads(script), *needs.gpu_reads(device)),
        devices=needs.devices(device),
        programs=programs,
        lists=(needs.PACKAGES,) if programs else (),
    )


def _read(fd: int) -> str:
    """Read what a trial says, and close the file descriptor."""
    data = b""
    with os.fdopen(fd, "rb", buffering=0) as file:
        while select.select([file], [], [], SECONDS)[0]:
            more = file.read(2**16)
            if not more:
                break
            data += more
    return data.decode("utf-8", "replace")


def _faults(how: sandbox.Confinement, needed: list[Path], secret: Path, device: str) -> Iterator[str]:
    """Yield what a confined process can do although it must not, or cannot although it must."""
    yield from _missing(how.folder, needed, device)
    for what, attempt in _forbidden(how.tier, secret).items():
        try:
            attempt()
        except (PermissionError, FileNotFoundError):
            continue
        except OSError as error:
            if error.errno in (errno.EROFS, errno.ENOSYS):
                continue
            yield f"{what}: {error}"
        else:
            yield f"it lets a process {what}"


def _missing(folder: Path, needed: list[Path], device: str) -> Iterator[str]:
    try:
        (folder / "file").write_text("own", encoding="ascii")
        (folder / "file").unlink()
        for path in needed:
            os.close(os.open(path, os.O_RDONLY))
        if device != "cpu":
            import torch

            torch.zeros(1, device=device)
    except (OSError, RuntimeError) as error:
        yield f"an experiment could not work: {error}"


def _forbidden(tier: Tier, secret: Path) -> dict[str, Callable[[], object]]:
    attempts: dict[str, Callable[[], object]] = {
        "open a socket for the network": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close(),
        "open a UNIX socket": lambda: socket.socket(socket.AF_UNIX).close(),
        "start another process": _fork,
        "send signals to another process": lambda: os.kill(os.getppid() or 2, 0),
    }
    if tier in ("S2", "S3"):
        attempts |= {
            "read a file of the user": secret.read_bytes,
            "write a file of the user": lambda: secret.write_bytes(b""),
            "write beside a file of the user": lambda: (secret.parent / "new").write_bytes(b""),
            "change the mode of a file": lambda: secret.chmod(0o600),
        }
    if tier == "S3":
        attempts["learn which files the user has"] = secret.stat
    return attempts


def _fork() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)
