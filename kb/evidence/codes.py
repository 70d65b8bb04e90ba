"""Every code that `repro check` may give for evidence itself, gathered from the modules that define them."""

from __future__ import annotations

from kb.evidence import company, controls, file, links, order, strays


def evidence_codes() -> dict[str, str]:
    """Return the meaning of each code, sorted by code."""
    tables = (file.CODES, links.CODES, controls.CODES, order.CODES, company.CODES, strays.CODES)
    return dict(sorted((code, text) for table in tables for code, text in table.items()))
