"""Experiments: the script as it runs, its prose, its cost, its figures and its evidence by machine."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from kb.evidence.ledger import Evidence, Ledger
from kb.exports import heads
from kb.exports.published import Site
from kb.judging.controls import Summary, summaries
from kb.reading.experiment import Script
from kb.reading.outcomes import Outcome
from kb.site.docstrings import passages, question
from kb.site.figures.curves import Curve, curves_figure, curves_of
from kb.site.figures.doses import doses_of
from kb.site.page import Page, page_from
from kb.site.pages.claim.provenance import machine_words
from kb.words.controls import controls_sentences, failures, label_sentences


class Drawn(NamedTuple):
    """A line figure with the values for its table."""

    figure: Markup
    curve: Curve
    outcome: Outcome


class Group(NamedTuple):
    """Pieces of evidence that one machine measured for one test version."""

    fingerprint: str
    machine: str
    version: str
    is_current: bool
    scale: str
    replication: int
    arms: int
    seeds: int
    seconds: float
    tiers: str
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
    yield page_from(
        site,
        "experiments/index.md",
        "experiments",
        title,
        description,
        hide=("navigation", "toc"),
        serving=serving,
        planned=planned,
        seconds={name: _block_seconds(site.ledger.of_experiment(name)) for name in site.base.scripts},
    )
    controls = summaries(site.base, site.ledger, site.judgements)
    for name, script in site.base.scripts.items():
        yield _experiment(site, name, script, serving.get(name, ()), controls[name])


def _experiment(site: Site, name: str, script: Script, claims: Sequence[str], controls: Summary) -> Page:
    counting = {(p.version, p.arm, p.block): p for i in claims for p in site.judgements[i].evidence}
    pieces = list(counting.values())
    version = site.judgements[claims[0]].version if claims else script.version()
    values = site.ledger.values(name, version, script.arms)
    curves = ((curve, script.outcomes[curve.name]) for curve in curves_of(pieces, script))
    shown: dict[str, Any] = {
        "script": script,
        "question": question(script.docstring),
        "passages": passages(script.docstring),
        "claims": claims,
        "seconds": sum(piece.seconds for piece in pieces),
        "blocks": len(pieces),
        "arm_seconds": _by_arm(pieces),
        "commands": _commands(name, claims),
        "doses": list(_drawn(doses_of(values, script), "dose")),
        "curves": list(_drawn(curves, "curve")),
        "controls": [*controls_sentences(controls), *label_sentences(script)],
        "failures": list(failures(controls)),
        "control_files": controls.files,
        "groups": list(
            _groups(site.ledger, name, {s.version for i in claims for s in site.judgements[i].settings})
        ),
    }
    head = heads.experiment(site, name)
    title = shown["question"]
    return page_from(site, f"experiments/{name}.md", "experiment", title, script.question, head=head, **shown)


def _drawn(found: Iterable[tuple[Curve, Outcome]], prefix: str) -> Iterator[Drawn]:
    for number, (curve, outcome) in enumerate(found):
        yield Drawn(curves_figure(curve, outcome, figure_id=f"{prefix}-{number}"), curve, outcome)


def _commands(name: str, claims: Sequence[str]) -> str:
    return f"repro run {name}" + (f"\nrepro run {claims[0]} --replication 1" if claims else "")


def _groups(ledger: Ledger, experiment: str, current: set[str]) -> Iterator[Group]:
    origins = {ledger.origin(version) for version in current}
    found: dict[tuple[str, str, int], list[Evidence]] = defaultdict(list)
    for piece in ledger.of_experiment(experiment):
        found[piece.machine.fingerprint, piece.version, piece.replication].append(piece)
    for (fingerprint, version, replication), group in sorted(found.items()):
        yield Group(
            fingerprint,
            machine_words(group[0].machine),
            version[:12],
            ledger.origin(version) in origins,
            group[0].scale_name,
            replication,
            len({piece.arm for piece in group}),
            sum(len(piece.seeds) for piece in group),
            sum(piece.seconds for piece in group),
            ", ".join(sorted({piece.sandbox for piece in group})),
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
