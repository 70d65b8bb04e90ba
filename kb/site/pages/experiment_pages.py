"""Experiments: the script as it runs, its cost, its evidence by machine, its raw values to download."""

from __future__ import annotations

import csv
import io
import json
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from kb.evidence.ledger import Evidence
from kb.exports import heads
from kb.reading.experiment import Outcome, Script
from kb.site.figures.curves import Curve, curves_figure, curves_of
from kb.site.figures.doses import doses_of
from kb.site.page import Page, Site
from kb.site.pages.experiment_page import experiment_page

SEED = ("experiment", "protocol", "scale", "replication", "arm", "seed_index", "seed")
"""Columns that say of which seed a line is."""


class Drawn(NamedTuple):
    """A figure of lines with what its table needs."""

    figure: Markup
    curve: Curve
    outcome: Outcome


class Group(NamedTuple):
    """Pieces of evidence that one machine measured under one protocol."""

    fingerprint: str
    machine: str
    protocol: str
    is_current: bool
    scale: str
    replication: int
    arms: int
    seeds: int
    seconds: float
    first: str
    last: str


def pages(site: Site) -> Iterator[Page]:
    """Yield the overview and a page for each script."""
    title, description = "Experiments", "Every script with its question and its claims."
    serving: dict[str, list[str]] = defaultdict(list)
    for claim_id, claim in site.base.claims.items():
        if claim.protocol:
            serving[claim.protocol.experiment].append(claim_id)
    planned = {name: ids for name, ids in sorted(serving.items()) if name not in site.base.scripts}
    yield site.page(
        "experiments/index.md",
        "experiments",
        title,
        description,
        hide=("navigation", "toc"),
        serving=serving,
        planned=planned,
        seconds={name: _block_seconds(site.ledger.of_experiment(name)) for name in site.base.scripts},
    )
    for name, script in site.base.scripts.items():
        yield _experiment(site, name, script)


def files(site: Site) -> dict[str, str]:
    """Return the raw values of each experiment as CSV and as JSON, by path."""
    found = {}
    for name in site.base.scripts:
        pieces = site.ledger.of_experiment(name)
        if pieces:
            found[f"experiments/{name}.csv"] = as_csv(pieces)
            found[f"experiments/{name}.json"] = as_json(name, pieces)
        if any(piece.curves for piece in pieces):
            found[f"experiments/{name}-curves.csv"] = as_curves_csv(pieces)
    return found


def as_csv(pieces: Sequence[Evidence]) -> str:
    """Return one line a seed and outcome, for any program that reads tables."""
    lines = (
        [*seed, outcome, repr(value), piece.machine.fingerprint]
        for piece in pieces
        for outcome, values in sorted(piece.values.items())
        for seed, value in zip(_seeds(piece), values, strict=True)
    )
    return _csv([[*SEED, "outcome", "value", "machine"], *lines])


def as_curves_csv(pieces: Sequence[Evidence]) -> str:
    """Return one line a seed and curve with all its points; shorter curves leave their last columns empty."""
    longest = max(len(line) for piece in pieces for lines in piece.curves.values() for line in lines)
    points = [f"point_{k}" for k in range(1, longest + 1)]
    lines = (
        [*seed, curve, piece.machine.fingerprint, *map(repr, values), *[""] * (longest - len(values))]
        for piece in pieces
        for curve, of_seeds in sorted(piece.curves.items())
        for seed, values in zip(_seeds(piece), of_seeds, strict=True)
    )
    return _csv([[*SEED, "curve", "machine", *points], *lines])


def _seeds(piece: Evidence) -> Iterator[tuple[object, ...]]:
    """Yield for each seed of a piece the columns that name it."""
    facts = (piece.experiment, piece.protocol[:12], piece.scale_name, piece.replication, piece.arm)
    for k, seed in enumerate(piece.seeds, start=piece.block * len(piece.seeds)):
        yield (*facts, k, seed)


def _csv(lines: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()


def as_json(name: str, pieces: Sequence[Evidence]) -> str:
    """Return the evidence of an experiment with its provenance; curves are a file of their own."""
    items = [piece.model_dump(mode="json", exclude={"curves"}) for piece in pieces]
    document = {"schema": "assay/evidence/1", "licence": "CC-BY-4.0", "experiment": name, "evidence": items}
    return json.dumps(document, separators=(",", ":"), sort_keys=True) + "\n"


def _experiment(site: Site, name: str, script: Script) -> Page:
    pieces = site.ledger.of_experiment(name)
    shown: dict[str, Any] = experiment_page(site.base, site.judgements, script)
    claims = shown["claims"]
    current = {site.judgements[i].protocol for i in claims}
    counting = {(p.protocol, p.arm, p.block): p for i in claims for p in site.judgements[i].evidence}
    shown["groups"] = list(_groups(pieces, current))
    shown["arm_seconds"] = _by_arm(list(counting.values()))
    curves = ((c, script.outcomes[c.name]) for c in curves_of(list(counting.values()), script))
    shown["curves"] = list(_drawn(curves, "curve"))
    values = site.ledger.values(name, script.protocol(), script.arms)
    shown["doses"] = list(_drawn(doses_of(values, script), "dose"))
    shown["commands"] = _command(claims, name)
    head = heads.experiment(site, name)
    return site.page(f"experiments/{name}.md", "experiment", name, script.question, head=head, **shown)


def _drawn(found: Iterable[tuple[Curve, Outcome]], prefix: str) -> Iterator[Drawn]:
    for number, (curve, outcome) in enumerate(found):
        yield Drawn(curves_figure(curve, outcome, figure_id=f"{prefix}-{number}"), curve, outcome)


def _command(claims: list[str], name: str) -> str:
    return f"repro run {name}" + (f"\nrepro run {claims[0]} --replication 1" if claims else "")


def _groups(pieces: Sequence[Evidence], current: set[str]) -> Iterator[Group]:
    found: dict[tuple[str, str, int], list[Evidence]] = defaultdict(list)
    for piece in pieces:
        found[piece.machine.fingerprint, piece.protocol, piece.replication].append(piece)
    for (fingerprint, protocol, replication), group in sorted(found.items()):
        machine = group[0].machine
        yield Group(
            fingerprint,
            f"{machine.gpu or machine.cpu}, {machine.system}",
            protocol[:12],
            protocol in current,
            group[0].scale_name,
            replication,
            len({piece.arm for piece in group}),
            sum(len(piece.seeds) for piece in group),
            sum(piece.seconds for piece in group),
            min(piece.started for piece in group)[:10],
            max(piece.started for piece in group)[:10],
        )


def _by_arm(pieces: Sequence[Evidence]) -> dict[str, float]:
    """Return the median seconds of a block of each arm that was measured."""
    found: dict[str, list[float]] = defaultdict(list)
    for piece in pieces:
        found[piece.arm].append(piece.seconds)
    return {arm: statistics.median(seconds) for arm, seconds in found.items()}


def _block_seconds(pieces: Sequence[Evidence]) -> float | None:
    return statistics.median([piece.seconds for piece in pieces]) if pieces else None
