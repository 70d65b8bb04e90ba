"""What the shell completes: ids from file names alone, so that a key press reads no record."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from repro.cli.parts.errors import project_root


def claims(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return the ids of claims that begin with what was typed."""
    return _begin(_claims(_root(ctx)), incomplete)


def topics(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return the topics that begin with what was typed."""
    return _begin({path.parent.name for path in _claim_files(_root(ctx))}, incomplete)


def targets(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return the claims, experiments and topics that begin with what was typed."""
    root = _root(ctx)
    experiments = [path.stem for path in root.glob("repro/experiments/[!_]*.py")]
    folders = {f"{path.parent.name}/" for path in _claim_files(root)}
    return _begin([*_claims(root), *experiments, *folders], incomplete)


def _root(ctx: click.Context) -> Path:
    return project_root(ctx.find_root().params.get("root"))


def _claims(root: Path) -> list[str]:
    return [path.stem for path in _claim_files(root)]


def _claim_files(root: Path) -> list[Path]:
    return [path for path in root.glob("claims/*/*.yaml") if path.parent.name not in ("sources", "debates")]


def _begin(names: Iterable[str], incomplete: str) -> list[str]:
    return sorted(name for name in names if name.startswith(incomplete))
