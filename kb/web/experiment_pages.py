"""Experiments: the script as it runs, its cost, its evidence by machine, its raw values to download."""

from __future__ import annotations

import csv
import io
import json
import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from kb.evidence import Evidence
from kb.experiment import Script
from kb.web.curves import curves_figure, curves_of
from kb.web.experiment_page import experiment_page
from kb.web.page import Page, Site


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
    return found


def as_csv(pieces: Sequence[Evidence]) -> str:
    """Return one line a seed and outcome, for any program that reads tables."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        [
            "experiment",
            "protocol",
            "scale",
            "replication",
            "arm",
            "seed_index",
            "seed",
            "outcome",
            "value",
            "machine",
        ]
    )
    for piece in pieces:
        start = piece.block * len(piece.seeds)
        for outcome, values in sorted(piece.values.items()):
            for k, (seed, value) in enumerate(zip(piece.seeds, values, strict=True)):
                facts = (
                    piece.experiment,
                    piece.protocol[:12],
                    piece.scale_name,
                    piece.replication,
                    piece.arm,
                )
                writer.writerow([*facts, start + k, seed, outcome, repr(value), piece.machine.fingerprint])
    return text.getvalue()


def as_json(name: str, pieces: Sequence[Evidence]) -> str:
    """Return the evidence of an experiment with its provenance; curves are left out for their size."""
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
    shown["curves"] = [
        curves_figure(curve, script.outcomes[curve.name], figure_id=f"curve-{number}")
        for number, curve in enumerate(curves_of(list(counting.values()), script))
    ]
    shown["commands"] = _command(claims, name)
    return site.page(f"experiments/{name}.md", "experiment", name, script.question, **shown)


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
