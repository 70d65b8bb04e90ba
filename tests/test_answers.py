"""Reading commands answer from the cache, and only while nothing that the answers depend on has changed."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path

import pytest

from repro.cli.parts import answers


@pytest.fixture
def asked(tmp_path, capsys):
    """Return a function that asks and returns (what was printed, whether the work was done for it)."""
    for name in ("claims", "repro"):
        (tmp_path / name).mkdir()
    claim = tmp_path / "claims" / "one.yaml"
    claim.write_text("title: one\n", encoding="utf-8")
    settle(claim)

    def ask(*words: str, code: int = 0) -> tuple[str, bool]:
        done = []

        def work() -> None:
            done.append(True)
            sys.stdout.write(claim.read_text(encoding="utf-8"))
            sys.exit(code)

        with contextlib.suppress(SystemExit):
            answers.answer(tmp_path, words or ("list",), work)
        return capsys.readouterr().out, bool(done)

    ask.claim = claim
    return ask


def settle(path: Path) -> None:
    """Make a file look as if it had changed a minute ago; each call one second later than the last."""
    settle.calls = getattr(settle, "calls", 0) + 1
    then = time.time() - 3600 + settle.calls
    os.utime(path, (then, then))


def test_same_question_is_answered_from_memory(asked, monkeypatch):
    """The second time no work is done, and the same text is printed."""
    monkeypatch.setattr(answers, "SETTLED_SECONDS", -1)
    assert asked() == ("title: one\n", True)
    assert asked() == ("title: one\n", False)


def test_another_question_or_terminal_is_worked_out(asked, monkeypatch):
    """Words, width and colours belong to the question."""
    monkeypatch.setattr(answers, "SETTLED_SECONDS", -1)
    asked("list")
    assert asked("list", "optimisation")[1]
    monkeypatch.setenv("COLUMNS", "40")
    assert asked("list")[1]


def test_a_changed_file_is_read_again(asked, monkeypatch):
    """A change of any file makes the old answers useless; they are removed."""
    monkeypatch.setattr(answers, "SETTLED_SECONDS", -1)
    asked()
    asked.claim.write_text("title: two\n", encoding="utf-8")
    settle(asked.claim)
    assert asked() == ("title: two\n", True)
    folder = asked.claim.parents[1] / answers.FOLDER
    assert len(list(folder.iterdir())) == 1


def test_failures_are_not_kept(asked, monkeypatch):
    """An answer that ended with an error is worked out again."""
    monkeypatch.setattr(answers, "SETTLED_SECONDS", -1)
    asked(code=2)
    assert asked(code=2)[1]


def test_an_answer_with_a_note_beside_it_is_not_kept(asked, tmp_path, monkeypatch, capsys):
    """What goes to standard error is said each time, so the work is done each time."""
    monkeypatch.setattr(answers, "SETTLED_SECONDS", -1)
    assert asked()[1]
    for _ in range(2):

        def work() -> None:
            sys.stderr.write("note: it has moved\n")
            sys.exit(0)

        with contextlib.suppress(SystemExit):
            answers.answer(tmp_path, ("show", "old"), work)
        assert capsys.readouterr().err == "note: it has moved\n"


def test_answers_about_files_that_just_changed_are_not_kept(asked):
    """A file may change twice within the resolution of its time."""
    asked.claim.write_text("title: new\n", encoding="utf-8")
    asked()
    assert asked() == ("title: new\n", True)


def test_a_folder_that_cannot_be_written_only_costs_time(asked, monkeypatch):
    """If nothing can be kept, the answer is printed all the same."""
    monkeypatch.setattr(answers, "SETTLED_SECONDS", -1)
    (asked.claim.parents[1] / "build").write_text("a file in the way", encoding="utf-8")
    assert asked() == ("title: one\n", True)
    assert asked() == ("title: one\n", True)
