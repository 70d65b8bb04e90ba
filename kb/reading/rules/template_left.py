"""A protocol does not call a script a template that has become a measurement."""

from __future__ import annotations

from collections.abc import Iterator

from kb.reading.base import Base
from kb.records.protocol import TEMPLATE
from kb.text.problems import Problem

CODES = {"template-left": "A protocol calls its script a template, although it is one no longer."}


def check(base: Base) -> Iterator[Problem]:
    """Return a problem for each deviation that says so of a script that measures something."""
    for claim_id, protocol, script in base.protocols():
        for i, deviation in enumerate(protocol.deviations):
            if deviation.what == TEMPLATE and not script.is_template:
                yield base.problem(
                    "template-left",
                    claim_id,
                    ("protocol", "deviations", i),
                    found=f"a deviation that calls {script.path} a template",
                    allowed="that deviation only while the script calls stand_in",
                    advice="remove it, or have `repro check --fix` remove it",
                )
