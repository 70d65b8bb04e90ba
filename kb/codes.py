"""Every code that `repro check` may give for records and scripts, gathered from the rooms that give them."""

from __future__ import annotations

from collections.abc import Mapping

from kb import debates, diagnosis, guarded_text, load, protocol, record_files, records, sources, yaml_guard
from kb.rules import rules


def codes() -> dict[str, str]:
    """Return what each code means, by code in alphabetical order."""
    rooms = (guarded_text, yaml_guard, record_files, diagnosis, records, sources, debates, protocol, load)
    tables: list[Mapping[str, str]] = [room.CODES for room in rooms] + [rule.CODES for rule in rules()]
    return dict(sorted((code, text) for table in tables for code, text in table.items()))
