"""A cache of answers: what a reading command printed, kept until a file changes.

Reading, checking and judging everything takes most of a second, and people often repeat a question. The
answers lie in `build/answers/` under a digest of the question and of the size and time of every file that
they depend on. Nothing else reads them; the folder may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

FOLDER = "build/answers"
SETTLED_SECONDS = 2.0
"""A file changed this recently may change again without getting a new time."""
TERMINAL = ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "TERM", "PYTHONIOENCODING")


def answer(root: Path, words: Sequence[str], work: Callable[[], None]) -> None:
    """Print what a reading command prints: from the cache if nothing changed, else by doing the work.

    The output is kept if the work succeeded and printed nothing to standard error.

    Args:
        root: The project's folder.
        words: The command line without the program's name.
        work: Prints the answer and raises SystemExit, with a code other than 0 if it fails.
    """
    state, newest = _state(root)
    kept = root / FOLDER / state / _digest(words, shutil.get_terminal_size(), *_terminal())
    try:
        text = kept.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        text = ""
    if text:
        sys.stdout.write(text)
        return
    printed, aside = _Printed(), _Printed()
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(aside):
            work()
    except SystemExit as ended:
        is_settled = time.time() - newest > SETTLED_SECONDS and _state(root)[0] == state
        if ended.code == 0 and is_settled and not aside.getvalue():
            with contextlib.suppress(OSError):  # the project may be in a read-only folder
                _keep(kept, printed.getvalue())
        raise
    finally:
        sys.stderr.write(aside.getvalue())
        sys.stdout.write(printed.getvalue())


class _Printed(io.StringIO):
    """The printed text, coloured if the terminal has colours."""

    def isatty(self) -> bool:
        return sys.__stdout__ is not None and sys.__stdout__.isatty()


def _keep(path: Path, text: str) -> None:
    for other in path.parents[1].glob("*"):
        if other != path.parent:
            shutil.rmtree(other, ignore_errors=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}-{os.getpid()}")
    unfinished.write_text(text, encoding="utf-8", errors="backslashreplace")
    unfinished.replace(path)


def _state(root: Path) -> tuple[str, float]:
    """Return a digest of every file that answers depend on, and when the newest of them changed."""
    code = Path(__file__).resolve().parents[3]
    folders = {root / name for name in ("claims", "repro")} | {code / name for name in ("kb", "repro")}
    stamps = sorted(stamp for folder in folders for stamp in _stamps(str(folder)))
    return _digest(stamps, sys.version), max((changed for _, _, changed in stamps), default=0) / 1e9


def _stamps(folder: str) -> Iterator[tuple[str, int, int]]:
    """Yield path, size and time of every file; of a folder that cannot be read, that it is there."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        yield folder, 0, 0
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if entry.name != "__pycache__":
                yield from _stamps(entry.path)
        else:
            with contextlib.suppress(FileNotFoundError):  # an editor may have replaced it meanwhile
                found = entry.stat(follow_symlinks=False)
                yield entry.path, found.st_size, found.st_mtime_ns


def _terminal() -> list[str]:
    return [str(sys.stdout.isatty()), *(os.environ.get(name, "") for name in TERMINAL)]


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]
