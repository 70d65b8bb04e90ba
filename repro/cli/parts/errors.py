"""What the command line says when it cannot go on: what was found, what is allowed, what to do."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from kb.text.spelling import near
from repro.cli.parts import entry

USAGE, ENVIRONMENT, SOME_FAILED, DIFFERENT, INTERRUPTED = 2, 4, 5, 10, entry.INTERRUPTED
"""Exit codes besides those of verdicts; different values exit like a verdict that came out differently."""


class UsageProblem(click.ClickException):
    """Something typed or written is wrong; exit code 2."""

    exit_code = USAGE


class EnvironmentProblem(click.ClickException):
    """Something that is needed is missing; exit code 4."""

    exit_code = ENVIRONMENT


def unknown(what: str, name: str, known: Iterable[str]) -> UsageProblem:
    """Return the error for an unknown name, with up to three similar ones."""
    alike = near(name, known, cutoff=0.5)
    hint = f" Did you mean {' or '.join(alike)}?" if alike else ""
    return UsageProblem(f"there is no {what} {name!r}.{hint}")


def project_root(given: Path | None) -> Path:
    """Return the folder that holds `claims/`: the one given, one above here, or our own clone."""
    from kb.reading.root import NoProjectError, find_root

    if given is not None:
        if not (given / "claims").is_dir():
            raise UsageProblem(f"{given} has no folder claims/; give --root the project's folder.")
        return given.resolve()
    try:
        return find_root(Path.cwd())
    except NoProjectError:
        installed = Path(__file__).resolve().parents[3]
        if (installed / "claims").is_dir():
            return installed
        raise EnvironmentProblem(
            "no folder claims/ here or above; go to a clone of the project or give --root."
        ) from None
