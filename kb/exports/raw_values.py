"""The raw values of each experiment: as tables for any program, and as JSON with provenance."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence

from kb.evidence.ledger import Evidence
from kb.exports.formats import Format
from kb.exports.published import Site

SEED = ("experiment", "version", "scale", "replication", "arm", "seed_index", "seed")
"""The columns that say which seed a line belongs to."""


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
    """Return one line per seed and outcome, for any program that reads tables."""
    lines = (
        [*seed, outcome, repr(value), piece.machine.fingerprint]
        for piece in pieces
        for outcome, values in sorted(piece.values.items())
        for seed, value in zip(_seeds(piece), values, strict=True)
    )
    return _csv([[*SEED, "outcome", "value", "machine"], *lines])


def as_curves_csv(pieces: Sequence[Evidence]) -> str:
    """Return one line per seed and curve, with all its points; shorter curves leave columns empty."""
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
    """Yield, for each seed of a piece, the columns that name it."""
    facts = (piece.experiment, piece.version[:12], piece.scale_name, piece.replication, piece.arm)
    for k, seed in enumerate(piece.seeds, start=piece.block * len(piece.seeds)):
        yield (*facts, k, seed)


def _csv(lines: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()


def as_json(name: str, pieces: Sequence[Evidence]) -> str:
    """Return the evidence of an experiment with its provenance; curves are in a separate file.

    Seeds are strings: many programs read numbers above 2**53 as others.
    """
    items = [
        {**piece.model_dump(mode="json", exclude={"curves"}), "seeds": [str(seed) for seed in piece.seeds]}
        for piece in pieces
    ]
    document = {"schema": "assay/evidence/2", "licence": "CC-BY-4.0", "experiment": name, "evidence": items}
    return json.dumps(document, separators=(",", ":"), sort_keys=True) + "\n"


FORMAT = Format(
    "raw-values", "Write the raw values of every experiment, as CSV and as JSON with provenance.", files
)
