"""Ways in which storing evidence can go wrong, for tests and the benchmark: errors, kills and power cuts.

`repro.ledger` reaches the system through its name `os`; what stands in for it here disturbs chosen calls.
As a program this prints one JSON line about kills or writers; it forks, so it runs in a process of its own.
"""

from __future__ import annotations

import errno
import itertools
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest.mock import patch

from kb.evidence.ledger import Evidence, read_ledger, to_file
from kb.evidence.seeds import block_seeds
from kb.reading.tree import Folder
from kb.reading.version import version_of
from repro import ledger
from tests.evidence_of import evidence_of

CALLS = ("mkdir", "open", "write", "read", "fsync", "close", "link", "replace", "unlink")
NUMBERS = {name: getattr(errno, name) for name in ("ENOSPC", "EIO", "EINTR", "EROFS")}
ERRORS = {name: OSError(number, os.strerror(number)) for name, number in NUMBERS.items()}
INTERRUPTIONS: dict[str, BaseException] = {**ERRORS, "Ctrl-C": KeyboardInterrupt()}
SCALE = {"flips": 100, "bias": 0.5}
CODES = {version_of(code, SCALE): code for code in ({"coin": "0" * 64}, {"coin": "1" * 64})}
VERSION, OTHER_VERSION = CODES
COIN = SimpleNamespace(name="coin", code=CODES[VERSION], scales={"minimal": SCALE})

Act = Callable[[str, Callable[..., Any], tuple[Any, ...]], Any]
"""Performs a call, given its name, the real function and its arguments."""


def piece(arm: str = "fair", block: int = 0, **changes: Any) -> Evidence:
    """Return a piece of evidence of the experiment `coin`."""
    version = changes.get("version", VERSION)
    seeds = changes.get("seeds") or block_seeds(version, block)
    values = tuple((seed % 1000 + len(arm)) / 7 for seed in seeds)
    made = evidence_of(COIN, version, arm, block, values, code=CODES[version])
    return Evidence.model_validate(made.model_dump() | changes)


@dataclass
class System:
    """Stands in for `os`: passes everything on, but lets `act` perform the call with number `at`."""

    act: Act
    at: int = -1
    log: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        return self._watched(name, real) if name in CALLS else real

    def _watched(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            self.log.append(name)
            is_chosen = self.at in (-1, len(self.log) - 1)
            return self.act(name, real, args) if is_chosen else quickly(name, real, args)

        return call


def quickly(name: str, real: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """Perform a call; syncing is left out, because no power fails here."""
    return None if name == "fsync" else real(*args)


def fails_before(error: BaseException) -> Act:
    """Return an act that fails without having done anything; a file is closed all the same."""

    def act(name: str, real: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        if name == "close":
            real(*args)
        raise error

    return act


def fails_after(error: BaseException) -> Act:
    """Return an act that does what it should, or half of a write, and fails nevertheless."""

    def act(name: str, real: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        quickly(name, real, _halved(args) if name == "write" else args)
        raise error

    return act


def writes_a_little(name: str, real: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """Write seven bytes at a time; perform every other call as it is."""
    return real(args[0], args[1][:7]) if name == "write" else quickly(name, real, args)


def knows_no_links(name: str, real: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """Refuse hard links, as some file systems do."""
    if name == "link":
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))
    return quickly(name, real, args)


def kills_before(name: str, real: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """End this process at once."""
    os.kill(os.getpid(), signal.SIGKILL)


def kills_after(name: str, real: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """End this process after the call, or after half of a write."""
    try:
        real(*(_halved(args) if name == "write" else args))
    finally:
        os.kill(os.getpid(), signal.SIGKILL)


def _halved(args: tuple[Any, ...]) -> tuple[Any, ...]:
    return (args[0], args[1][: len(args[1]) // 2])


class Scene(NamedTuple):
    """A situation in which a piece is stored.

    Attributes:
        before: Pieces stored and acknowledged before.
        has_links: Does the file system know hard links?
    """

    before: tuple[Evidence, ...]
    has_links: bool = True


NEW = piece(block=1)
SCENES = {
    "first piece of all": Scene(()),
    "new block": Scene((piece(),)),
    "same piece again": Scene((piece(), NEW)),
    "no hard links": Scene((piece(),), has_links=False),
    "same piece, no hard links": Scene((piece(), NEW), has_links=False),
}


def calls_of(scene: Scene, root: Path) -> list[str]:
    """Return the names of the system calls that storing the new piece takes."""
    _prepare(scene, root)
    system = System(_usual(scene))
    with patch.object(ledger, "os", system):
        ledger.append(root, NEW)
    return system.log


def _usual(scene: Scene) -> Act:
    return quickly if scene.has_links else knows_no_links


def _prepare(scene: Scene, root: Path) -> None:
    root.mkdir()
    with patch.object(ledger, "os", System(quickly)):
        for evidence in scene.before:
            ledger.append(root, evidence)


def disturb(scene: Scene, root: Path, act: Act, at: int) -> list[str]:
    """Store the new piece while one call is disturbed, then again undisturbed; return what went wrong."""
    _prepare(scene, root)
    usual = _usual(scene)

    def either(name: str, real: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        return (act if len(system.log) - 1 == at else usual)(name, real, args)

    system = System(either)
    promised = list(scene.before)
    with patch.object(ledger, "os", system):
        try:
            ledger.append(root, NEW)
            promised.append(NEW)
        except (ledger.LedgerError, KeyboardInterrupt):
            pass  # nothing was promised
        wrong = lost_or_wrong(root, promised)
        ledger.append(root, NEW)
    return wrong + lost_or_wrong(root, [*scene.before, NEW])


def lost_or_wrong(root: Path, promised: list[Evidence], known: list[Evidence] | None = None) -> list[str]:
    """Return what a reader finds missing, damaged or invented, given the pieces that were acknowledged."""
    found = read_ledger(Folder(root))
    names = {to_file(evidence)[0] for evidence in found.evidence}
    owed = {to_file(evidence)[0] for evidence in promised}
    allowed = owed | {to_file(evidence)[0] for evidence in (NEW, *(known or ()))}
    return (
        [f"lost {name}" for name in owed - names]
        + [f"invented {name}" for name in names - allowed]
        + [problem.found for problem in found.problems]
    )


def every_fault(folder: Path, titles: Iterable[str] = SCENES) -> Iterator[tuple[str, list[str]]]:
    """Yield each injected fault with what it did wrong: every call of every scene, every error, twice."""
    number = itertools.count()
    for title in titles:
        scene = SCENES[title]
        log = calls_of(scene, folder / str(next(number)))
        for at, name in enumerate(log):
            for way, cause in itertools.product((fails_before, fails_after), INTERRUPTIONS):
                root = folder / str(next(number))
                wrong = disturb(scene, root, way(INTERRUPTIONS[cause]), at)
                yield f"{title}: {way.__name__} {name} ({at}) {cause}", wrong


def die_at_every_call(folder: Path) -> dict[str, Any]:
    """Let a writer die before and after each system call of storing a piece; say what was lost or left."""
    scene = SCENES["new block"]
    log = calls_of(scene, folder / "log")
    cases, wrong, left = 0, [], 0
    for at, act in itertools.product(range(len(log)), (kills_before, kills_after)):
        root = folder / f"{at}-{act.__name__}"
        _prepare(scene, root)
        child = os.fork()
        if child == 0:
            ledger.os = System(act, at)  # type: ignore[attr-defined]  # the seam
            ledger.append(root, NEW)
            os._exit(1)
        _, status = os.waitpid(child, 0)
        cases += 1
        if not os.WIFSIGNALED(status):
            wrong.append(f"{root.name} survived")
        wrong += lost_or_wrong(root, list(scene.before))
        left += len(ledger.sweep(root))
        wrong += [f"{path} was not swept" for path in unfinished(root)]
        ledger.append(root, NEW)
        wrong += lost_or_wrong(root, [*scene.before, NEW])
    return {"cases": cases, "wrong": wrong, "swept": left}


def unfinished(root: Path) -> list[Path]:
    """Return the files that readers ignore."""
    return list(root.glob("repro/evidence/*/*/.*"))


def kill_at_random(root: Path, *, rounds: int, seed: int) -> dict[str, Any]:
    """Kill a writer at random moments, round after round in one store; say what it acknowledged and kept."""
    rng = random.Random(seed)
    said: set[str] = set()
    wrong: list[str] = []
    for number in range(rounds):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            _write_until_killed(root, number, writer)
        os.close(writer)
        with os.fdopen(reader, encoding="ascii") as lines:
            heard = list(itertools.islice(lines, rng.randrange(4)))
            time.sleep(rng.uniform(0, 0.005))
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            wrong += [] if os.WIFSIGNALED(status) else [f"writer {number} ended by itself"]
            said.update(line.strip() for line in (*heard, *lines) if line.endswith("\n"))
    left = len(unfinished(root))
    swept = len(ledger.sweep(root))
    found = read_ledger(Folder(root))
    kept = {Path(filed.path).name for filed in found.pieces}
    wrong += [f"lost {name}" for name in said - kept] + [problem.found for problem in found.problems]
    wrong += [f"{path} was not swept" for path in unfinished(root)]
    counts = {"acknowledged": len(said), "kept": len(kept), "left": left, "swept": swept}
    return {"cases": rounds, "wrong": wrong, **counts}


def _write_until_killed(root: Path, number: int, writer: int) -> None:
    for block in itertools.count():
        filed = ledger.append(root, piece(f"arm{number}", block))
        os.write(writer, f"{Path(filed.path).name}\n".encode())


def write_at_once(root: Path, *, writers: int, blocks: int) -> dict[str, Any]:
    """Let several processes store into one folder, each its own arm and all the same shared pieces."""
    children = []
    for number in range(writers):
        child = os.fork()
        if child == 0:
            for block in range(blocks):
                ledger.append(root, piece(f"arm{number}", block))
                ledger.append(root, piece("shared", block))
            os._exit(0)
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    found = read_ledger(Folder(root))
    arms = Counter(evidence.arm for evidence in found.evidence)
    expected = {"shared": blocks} | {f"arm{number}": blocks for number in range(writers)}
    wrong = [f"exit code {code}" for code in codes if code] + [problem.found for problem in found.problems]
    wrong += [] if arms == expected else [f"expected {expected}, found {dict(arms)}"]
    return {"cases": writers, "wrong": wrong + [str(path) for path in unfinished(root)]}


TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    "die": die_at_every_call,
    "kill": kill_at_random,
    "write": write_at_once,
}


if __name__ == "__main__":
    task, folder, *options = sys.argv[1:]
    given = dict(option.split("=") for option in options)
    result = TASKS[task](Path(folder), **{key: int(value) for key, value in given.items()})
    sys.stdout.write(json.dumps(result) + "\n")
