"""What a hostile experiment is let in to: every attempt, at every tier that this machine offers.

Run: python benchmarks/escapes.py
     python benchmarks/escapes.py --write    # and put the table on the page

Each attempt is made by a process confined as one that measures, below a keeper of its own, against a made-up
user. Exits with 1 if a tier lets in what it promises to deny.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import signal
import socket
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, NoReturn

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from workloads.tables import aligned, html, put

from repro import provenance
from repro.worker import private, sandbox, tiers
from repro.worker.task import TIERS
from tests.escape_attempts import ATTEMPTS, SECRET, SHARED_MEMORY, World

PAGE = ROOT / "site/docs/method/trust.md"
SECONDS = 10.0
"""How long an attempt may take."""
FILES = (
    "home/.ssh/id_ed25519",
    "home/notes",
    "home/old",
    "home/draft",
    "home/.bashrc",
    "project/.git/config",
    "project/.git/hooks/sample",
    "project/.github/workflows/ci.yml",
    "project/build/answers.json",
    "project/repro/evidence/a.json",
    "project/repro/lab/a.py",
    "project/repro/experiments/own.py",
    "libraries/torch.py",
    "other/weights",
)
LEFT = (Path(tempfile.gettempdir()) / "left-by-escape", SHARED_MEMORY / "left-by-escape")
AT_THE_KEEPER = ("kill its keeper", "stop its keeper, who keeps the time")
"""Attempts that worked if the keeper did not end by itself."""
HELD = ctypes.create_string_buffer(len(SECRET) + 1)
"""Lies at the same address in all processes that were copied from this one."""


class Row(NamedTuple):
    """What came of one attempt.

    Attributes:
        denied_from: The tier that promises to deny it; empty if none does.
        let_in: By tier, whether it worked.
        why: By tier, what denied it; empty where it worked.
    """

    about: str
    name: str
    denied_from: str
    let_in: dict[str, bool]
    why: dict[str, str]

    @property
    def broken(self) -> list[str]:
        """Return the tiers that promised too much."""
        promised = [tier for tier in TIERS if self.denied_from and tier >= self.denied_from]  # S0 to S3
        return [tier for tier in promised if self.let_in.get(tier)]


class Servers:
    """Listen on this machine for as long as attempts are made."""

    def __init__(self, folder: Path) -> None:
        self.unix, self.abstract = folder / "socket", f"\0assay-{os.getpid()}".encode()
        self._open = [socket.socket(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)]
        self._open += [socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)]
        places: list[object] = [("127.0.0.1", 0), ("127.0.0.1", 0), str(self.unix), self.abstract]
        for server, place in zip(self._open, places, strict=True):
            server.bind(place)  # type: ignore[arg-type]  # each kind of socket has its own kind of address
        for server in (self._open[0], *self._open[2:]):
            server.listen(64)
        self.tcp, self.udp = (server.getsockname()[1] for server in self._open[:2])


def world_in(folder: Path, servers: Servers) -> World:
    """Make a user's files, and a process that stands for another worker."""
    for name in FILES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(SECRET)
    (folder / "home/work").symlink_to("/work")
    results_fd, pipe_fd = os.pipe()
    ready_fd, told_fd = os.pipe()
    victim = os.fork()
    if victim == 0:
        os.setsid()
        HELD.value = SECRET
        os.write(told_fd, b".")
        time.sleep(4 * SECONDS)
        os._exit(0)
    os.read(ready_fd, 1)
    for fd in (results_fd, pipe_fd, ready_fd, told_fd):
        os.close(fd)
    places = {name: folder / name for name in ("home", "project", "libraries", "other")}
    served = {"tcp": servers.tcp, "udp": servers.udp, "unix": servers.unix, "abstract": servers.abstract}
    address = ctypes.addressof(HELD)
    return World(**places, **served, victim=victim, pipe_fd=pipe_fd, address=address)


def is_running(pid: int) -> bool:
    """Does a process still run?"""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def outcome(name: str, tier: str, servers: Servers) -> str:
    """Make one attempt and return what denied it; empty if it worked."""
    with tempfile.TemporaryDirectory(prefix="assay-world-") as folder:
        world = world_in(Path(folder), servers)
        said_fd, say_fd = os.pipe()
        keeper = os.fork()
        if keeper == 0:
            keep(name, tier, world, say_fd)
        os.close(say_fd)
        fate = waited(keeper)
        with os.fdopen(said_fd, "rb") as said:
            os.set_blocking(said.fileno(), False)
            told = (said.read() or b"").decode()
        sandbox.kill_descendants()
        survivors = [path for path in LEFT if path.exists()]
        for path in survivors:
            path.unlink()
    if fate:
        return (
            "" if name in ("kill its keeper", "stop its keeper, who keeps the time") else fate_of(told, fate)
        )
    return fate_of(told, "no answer")


def fate_of(told: str, otherwise: str) -> str:
    """Return what denied an attempt, from what it said itself and, of a process it left, from the system."""
    kind, _, words = told.partition(" ")
    if kind == "left":
        return "" if is_running(int(words)) else "it did not survive the run"
    if kind == "in":
        return ""
    return words or otherwise


def keep(name: str, tier: str, world: World, say_fd: int) -> NoReturn:
    """Be the keeper of one attempt."""
    try:
        sandbox.die_with_parent()
        sandbox.adopt_descendants()
        with private.folder() as folder:
            script = world.project / "repro/experiments/own.py"
            how = tiers.confinement(tier, folder, script=script)  # type: ignore[arg-type]  # one of TIERS
            limits = sandbox.Limits(memory_bytes=2**31, cpu_seconds=20, file_bytes=2**21)
            how = replace(how, limits=limits, reads=(*how.reads, world.libraries))
            child = sandbox.launch(lambda: attempt(name, world, say_fd), how, keeps=say_fd)
            deadline = time.monotonic() + SECONDS
            while not child.poll() and time.monotonic() < deadline:
                time.sleep(0.002)
            child.end()
            sandbox.kill_descendants()
    finally:
        os._exit(0)


def attempt(name: str, world: World, say_fd: int) -> NoReturn:
    """Make the attempt, and say what came of it."""
    if name == "become another program":  # then nothing is left to say it
        os.write(say_fd, b"in")
    try:
        left = ATTEMPTS[name][2](replace(world, private=Path.cwd()))
        said = f"left {left}" if isinstance(left, int) and left > 1 else "in"
    except OSError as error:
        said = f"out {error.strerror or error}"
        if name == "become another program":
            os.write(say_fd, b"\n")
    os.write(say_fd, said.encode())
    os._exit(0)


def waited(keeper: int) -> str:
    """Wait for a keeper, and return what became of it if it did not end by itself."""
    deadline = time.monotonic() + 3 * SECONDS
    while time.monotonic() < deadline:
        ended, status = os.waitpid(keeper, os.WNOHANG | os.WUNTRACED)
        if ended and os.WIFSTOPPED(status):
            os.kill(keeper, signal.SIGKILL)
            os.waitpid(keeper, 0)
            return "the keeper was stopped"
        if ended:
            return "the keeper was killed" if os.WIFSIGNALED(status) else ""
        time.sleep(0.002)
    os.kill(keeper, signal.SIGKILL)
    os.waitpid(keeper, 0)
    return "the keeper did not end"


def every_attempt(offered: list[str]) -> list[Row]:
    """Make every attempt at every tier."""
    sandbox.adopt_descendants()
    with tempfile.TemporaryDirectory(prefix="assay-servers-") as folder:
        servers = Servers(Path(folder))
        found = []
        for name, (about, denied_from, _) in ATTEMPTS.items():
            why = {tier: outcome(name, tier, servers) for tier in offered}
            let_in = {tier: not words for tier, words in why.items()}
            found.append(Row(about, name, denied_from, let_in, why))
        return found


def cells(rows: list[Row], offered: list[str]) -> list[list[str]]:
    """Return the table: an attempt a row, a tier a column."""
    table = [
        [row.about, row.name, *("let in" if row.let_in[t] else "denied" for t in offered)] for row in rows
    ]
    counts = [f"{sum(row.let_in[tier] for row in rows)} of {len(rows)} in" for tier in offered]
    return [*table, ["all", "", *counts]]


def main() -> int:
    """Print the table; return 1 if a tier lets in what it promises to deny."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--json", action="store_true", dest="is_json")
    asked = parser.parse_args()
    offered = [trial.tier for trial in map(tiers.tried, TIERS) if trial.holds]
    rows = every_attempt([*offered])
    if asked.is_json:
        print(json.dumps({"tiers": offered, "rows": [row._asdict() for row in rows]}))
        return 0
    head = ["about", "attempt", *offered]
    table = cells(rows, [*offered])
    print("\n".join(aligned(head, table)))
    broken = [f"{row.name}: let in at {', '.join(row.broken)}" for row in rows if row.broken]
    print("\n".join(broken) or "No tier lets in what it promises to deny.")
    if asked.write:
        who = "root" if os.geteuid() == 0 else "an ordinary user"
        said = f"Made by `python benchmarks/escapes.py --write` on {provenance.now()[:10]}, "
        said += f"Linux {os.uname().release.partition('-')[0]} on {os.uname().machine}, as {who}."
        block = f"{said}\n\n{html(head, table, 'Attempts by tier')}"
        PAGE.write_text(put(PAGE.read_text(encoding="utf-8"), "escapes", block), encoding="utf-8")
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
