"""Every code that `repro check` may give for records and scripts, gathered from the defining modules."""

from __future__ import annotations

from collections.abc import Mapping

from kb.reading import diagnosis, load, texts
from kb.reading import files as record_files
from kb.reading.rules import rules
from kb.records import claims as records
from kb.records import debates, fields, people, protocol, sources, works
from kb.text import guarded_text, yaml_guard


def codes() -> dict[str, str]:
    """Return the meaning of each code, sorted by code."""
    of_files = (texts, guarded_text, yaml_guard, record_files)
    of_records = (diagnosis, fields, people, works, records, sources, debates, protocol, load)
    tables: list[Mapping[str, str]] = [module.CODES for module in (*of_files, *of_records)]
    tables += [rule.CODES for rule in rules()]
    return dict(sorted((code, text) for table in tables for code, text in table.items()))
