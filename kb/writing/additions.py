"""New records and scripts, all written together, and only if they cause no problem."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kb.reading.base import Base
from kb.reading.load import load_base
from kb.reading.tree import Folder
from kb.text.problems import Problem


class AdditionError(Exception):
    """The addition breaks a rule; nothing was written.

    Attributes:
        problems: What would be wrong.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{problem.place}: {problem.found}" for problem in problems))


def add(root: Path, base: Base, texts: Mapping[str, str], *, today: str) -> Base:
    """Write files into a project and return the resulting project.

    Args:
        root: The project's folder.
        base: The project as it is before.
        texts: The whole new text of each file, by its path relative to the project's root.
        today: The date, such as `2026-01-31`, for the rules that need one.

    Raises:
        AdditionError: The files would cause a problem; every file is then as it was.
        OSError: A file cannot be written; those written before it are restored.
    """
    before = {path: _content(root / path) for path in texts}
    try:
        for path, text in texts.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="\n")
        after = load_base(Folder(root), today=today)
        _refuse_new_problems(base, after)
    except BaseException:
        _restore(root, before)
        raise
    return after


def _refuse_new_problems(before: Base, after: Base) -> None:
    known = {_what(problem) for problem in before.problems}
    new = tuple(problem for problem in after.problems if _what(problem) not in known)
    if new:
        raise AdditionError(new)


def _content(file: Path) -> bytes | None:
    return file.read_bytes() if file.is_file() else None


def _what(problem: Problem) -> tuple[str, str, str]:
    """Return a problem without line and column, which move when something is added above."""
    return problem.code, problem.place.path, problem.found


def _restore(root: Path, contents: Mapping[str, bytes | None]) -> None:
    for path, content in contents.items():
        file = root / path
        if content is not None:
            file.write_bytes(content)
        elif file.is_file():
            file.unlink()
            if not any(file.parent.iterdir()):
                file.parent.rmdir()
