"""Settings and replications of a claim in words, once for terminal, page and API."""

from __future__ import annotations

from collections.abc import Sequence

from kb.judging.judgement import Judgement, Replication, SettingJudgement, State
from kb.records.protocol import MINIMAL
from kb.words.numbers import count

SMALLEST = MINIMAL.name
"""The setting of a claim that names none."""

BOOLEAN = {"is": ("not ", ""), "has": ("without ", "with ")}
"""What stands before a field that is false or true, by how the field's name begins."""


def listed(words: Sequence[str]) -> str:
    """Return words as a list in a sentence, such as `a, b and c`."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""


def at_settings(settings: Sequence[SettingJudgement]) -> str:
    """Return where something came out, such as `in our small setting and in the setting "wide"`."""
    return in_settings([setting.name for setting in settings])


def in_settings(names: Sequence[str]) -> str:
    """Return where something came out, by the names of the settings."""
    return listed([f"in {setting_text(name)}" for name in names])


def setting_text(name: str) -> str:
    """Return what readers call a setting: the smallest is ours, of others the name as words."""
    return "our small setting" if name == SMALLEST else f'the setting "{name.replace("-", " ")}"'


def capitalised(sentence: str) -> str:
    """Return a sentence that opens with a capital, otherwise unchanged."""
    return f"{sentence[:1].upper()}{sentence[1:]}"


def by_setting(judgement: Judgement) -> str:
    """Return how each setting with a verdict came out, such as `reproduced in our small setting and ...`."""
    groups: dict[State, list[SettingJudgement]] = {}
    for setting in judgement.judged:
        groups.setdefault(setting.state, []).append(setting)
    return listed([f"{state} {at_settings(settings)}" for state, settings in groups.items()])


def decided_states(judgement: Judgement) -> set[State]:
    """Return the states of the settings at which a claim was decided; of more than one, they disagree."""
    return {setting.state for setting in judgement.judged} & {"reproduced", "contradicted", "split"}


def scale_text(found: SettingJudgement) -> str:
    """Return what a setting sets, such as `units 300, rectified`; empty for MINIMAL and LARGE as they are."""
    return ", ".join(_set_text(name, value) for name, value in found.setting.overrides.items())


def _set_text(name: str, value: object) -> str:
    kind, _, words = name.replace("_", " ").partition(" ")
    if isinstance(value, bool) and kind in BOOLEAN:
        return f"{BOOLEAN[kind][value]}{words}"
    return f"{name.replace('_', ' ')} {value}"


def waits_for(found: SettingJudgement) -> str:
    """Return what a setting without a verdict waits for, as a clause."""
    needs = ", and needs a GPU" if found.setting.needs == "cuda" else ""
    return f"{found.state}{needs}"


def replication_clause(replication: Replication) -> str:
    """Return how a replication came out beside the verdict, as a clause."""
    agrees = "agrees" if replication.agrees else "does not agree"
    seeds = count(replication.verdict.seeds, "seed")
    return f"replication {replication.number}: {replication.verdict.state} after {seeds}, {agrees}"
