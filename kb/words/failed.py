"""Controls of an experiment itself that failed, in words, once for terminal, page and API."""

from __future__ import annotations

from collections.abc import Sequence

from kb.judging.details import FailedControl
from kb.words.numbers import count


def in_words(name: str) -> str:
    """Return a name that only the code knows as words."""
    return name.replace("-", " ").replace("_", " ")


def failed_clause(failed: FailedControl) -> str:
    """Return what failed, as a clause that names the arm or the prediction."""
    match failed.kind:
        case "contract broken":
            found, _, _ = failed.what.partition(";")  # what follows is advice for whoever mends it
            return found
        case "fault not refused":
            return f"the trial of arm {in_words(failed.arm)} did not refuse the fault “{failed.what}”"
        case "differs from itself":
            return f"{failed.what} comparisons of an arm with itself found a difference"
        case "labels do not matter":
            held, arm = in_words(failed.what), in_words(failed.arm)
            return f"{held} held although the labels of arm {arm} were shuffled"


def failing_clause(failing: Sequence[FailedControl]) -> str:
    """Return why no claim of an experiment has a verdict, as a clause: the first control that failed."""
    first, *others = failing
    rest = f"; {count(len(others), 'control')} of it failed besides" if others else ""
    return f"a control of {first.experiment} itself failed: {failed_clause(first)}{rest}"
