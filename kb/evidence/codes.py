"""Every code that `repro check` may give for evidence as such, gathered from the modules that give them."""

from __future__ import annotations

from kb.evidence import company, file, links, order, strays


def evidence_codes() -> dict[str, str]:
    """Return what each code means, by code in alphabetical order."""
    tables = (file.CODES, links.CODES, order.CODES, company.CODES, strays.CODES)
    return dict(sorted((code, text) for table in tables for code, text in table.items()))
