"""Completions for the shell: ids from file names alone, so that a key press reads no record."""

from __future__ import annotations

from collections.abc import Iterable

import click

from kb.reading.tree import Folder
from repro.cli.parts.errors import project_root


def claims(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return the ids of claims that begin with what was typed."""
    return _begin((claim_id for _, claim_id in _claims(_tree(ctx))), incomplete)


def topics(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return the topics that begin with what was typed."""
    return _begin({topic for topic, _ in _claims(_tree(ctx))}, incomplete)


def targets(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return the claims, experiments and topics that begin with what was typed."""
    tree = _tree(ctx)
    experiments = [name for name in _names(tree, "repro/experiments", ".py") if name[0] != "_"]
    known = _claims(tree)
    folders = {f"{topic}/" for topic, _ in known}
    return _begin([*(claim_id for _, claim_id in known), *experiments, *folders], incomplete)


def _tree(ctx: click.Context) -> Folder:
    return Folder(project_root(ctx.find_root().params.get("root")))


def _claims(tree: Folder) -> list[tuple[str, str]]:
    """Return the topic and the id of every claim."""
    topics = [entry.name for entry in tree.list("claims") if entry.is_folder]
    return [
        (topic, claim_id)
        for topic in topics
        if topic not in ("sources", "debates")
        for claim_id in _names(tree, f"claims/{topic}", ".yaml")
    ]


def _names(tree: Folder, folder: str, ending: str) -> list[str]:
    """Return the names of a folder's files that have a suffix, without the suffix."""
    names = (entry.name for entry in tree.list(folder))
    return [name.removesuffix(ending) for name in names if name.endswith(ending)]


def _begin(names: Iterable[str], incomplete: str) -> list[str]:
    return sorted(name for name in names if name.startswith(incomplete))
