"""How former states of the project are judged: evidence of the first schema by the formula of its time."""

from __future__ import annotations

from collections.abc import Iterable

from kb.evidence.ledger import Ledger
from kb.reading.experiment import Script


def with_first_versions(ledger: Ledger, scripts: Iterable[Script]) -> Ledger:
    """Return a ledger in which scripts go on with evidence of the first schema that they measured themselves.

    Args:
        ledger: The evidence of a former state.
        scripts: The scripts of that state; today's need links instead, which say what was compared.
    """
    for script in scripts:
        for scale, fields in script.scales.items():
            today, first = script.version(fields), script.first_version(scale)
            if ledger.counting(script.name, first) and not ledger.counting(script.name, today):
                ledger = ledger.going_on(today, first)
    return ledger
