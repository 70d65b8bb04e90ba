"""Predictions and controls name arms that their experiment has."""

from __future__ import annotations

from collections.abc import Iterator

from kb.reading.base import Base
from kb.records.claims import Control, Prediction, Protocol
from kb.text.problems import Keys, Problem
from kb.text.spelling import nearest

CODES = {"unknown-arm": "A protocol names an arm that the experiment does not have."}


def check(base: Base) -> Iterator[Problem]:
    """Return a problem for each arm that is not among the script's ARMS."""
    for claim_id, protocol, script in base.protocols():
        for keys, arm in _named(protocol):
            if arm not in script.arms:
                yield base.problem(
                    "unknown-arm",
                    claim_id,
                    ("protocol", *keys),
                    found=f"the arm {arm}, which experiment {script.name} does not have",
                    allowed=", ".join(script.arms),
                    advice=f"correct it, or add the arm to repro/experiments/{script.name}.py",
                    nearest=nearest(arm, script.arms),
                )


def _named(protocol: Protocol) -> Iterator[tuple[Keys, str]]:
    parts: dict[str, tuple[Prediction | Control, ...]] = {
        "predictions": protocol.predictions,
        "controls": protocol.controls,
    }
    for field, members in parts.items():
        for i, part in enumerate(members):
            if part.of:
                yield (field, i, "of"), part.of
            for k, arm in enumerate(part.contrast or ()):
                yield (field, i, "contrast", k), arm
