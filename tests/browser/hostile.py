"""A project whose every text is an attempt to run something in a reader's browser, found from the models.

A text field is any string that accepts an attempt, alone or as part of an address; whoever adds a field to a
record adds it here by that. Four attempts stand in each field, in four records in turn first.
"""

from __future__ import annotations

import json
import shutil
import types
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError

from kb.records.claims import Claim
from kb.records.debates import Debate
from kb.records.fields import Record
from kb.records.sources import Source
from kb.records.works import MAKERS
from tests.browser.payloads import PAYLOADS
from tests.conftest import CLAIM, SOURCE
from tests.states_project import DEBATE, SOURCE_READ_WHOLE, write_evidence, write_states_project

TOGETHER = 4
GROUPS = [PAYLOADS[start : start + TOGETHER] for start in range(0, len(PAYLOADS), TOGETHER)]
ELSEWHERE = {"not_testable", "untested", "planned", "protocol", "none"}
"""Fields that exclude others, filled only where a record has them already."""
FORMS = ("{}", "https://example.org/?{}", "10.1000/{}")
Where = tuple[str, ...]


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _accepts(kind: Any, value: Any) -> bool:
    try:
        _adapter(kind).validate_json(json.dumps(value))
    except ValidationError:
        return False
    return True


def _is_text(kind: Any) -> bool:
    return any(_accepts(kind, form.format("<b>")) for form in FORMS)


def _inner(kind: Any) -> Any:
    """Return a type without `| None`, or None for a choice between several."""
    if get_origin(kind) not in (Union, types.UnionType):
        return kind
    others = [arm for arm in get_args(kind) if arm is not type(None)]
    return others[0] if len(others) == 1 else None


def text_fields(kind: Any, at: Where = ()) -> Iterator[Where]:
    """Yield the place of every text that a record of a type may hold."""
    kind = _inner(kind)
    bare = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    if isinstance(bare, type) and issubclass(bare, BaseModel):
        for name, field in bare.model_fields.items():
            yield from text_fields(field.rebuild_annotation(), (*at, field.alias or name))
    elif get_origin(bare) is tuple:
        yield from text_fields(get_args(bare)[0], at)
    elif bare is str and _is_text(kind):
        yield at


class Hostile:
    """Fills records, and remembers which attempt stands where."""

    def __init__(self) -> None:
        self.placed: dict[Where, set[str]] = {}
        self.refused: dict[Where, set[str]] = {}

    def filled(self, kind: Any, value: Any, payloads: tuple[str, ...], at: Where = ()) -> Any:
        """Return data of a record in which every text is replaced by attempts."""
        kind = _inner(kind)
        bare = get_args(kind)[0] if get_origin(kind) is Annotated else kind
        if isinstance(bare, type) and issubclass(bare, Record):
            return value and self._model(bare, value, payloads, at)
        if get_origin(bare) is tuple and value:
            part = get_args(bare)[0]
            return [
                self.filled(part, item, payloads[i % 2 :] + payloads[: i % 2], at)
                for i, item in enumerate(value)
            ]
        if bare is str and _is_text(kind) and (value is not None or at[-1] not in ELSEWHERE):
            return self._text(kind, payloads, at)
        return value

    def _model(
        self, model: type[Record], record: dict[str, Any], payloads: tuple[str, ...], at: Where
    ) -> Any:
        full = dict(record)
        for name, field in model.model_fields.items():
            key = field.alias or name
            trial = full | {key: self.filled(field.rebuild_annotation(), full.get(key), payloads, (*at, key))}
            if trial[key] is not None and (key in full or _accepts(model, trial)):
                full = trial
        return full

    def _text(self, kind: Any, payloads: tuple[str, ...], at: Where) -> str:
        """Return as many attempts as a field takes; the words of an anchor are counted."""
        possible = tuple(payload for payload in payloads if _fits(kind, payload))
        self.refused.setdefault(at, set()).update({*payloads} - {*possible})
        payloads = possible
        joiners: tuple[Callable[[tuple[str, ...]], str], ...] = ("\n\n".join, _in_line, _in_word)
        for count in range(len(payloads), 0, -1):
            for form in FORMS:
                for join in joiners[2 if "anchor" in at else 0 :]:
                    text = form.format(join(payloads[:count]))
                    if _accepts(kind, text):
                        self.placed.setdefault(at, set()).update(payloads[:count])
                        return text
        raise AssertionError(at)


def _fits(kind: Any, payload: str) -> bool:
    """Does a field take an attempt alone, in some form?"""
    joined = (_in_line((payload,)), _in_word((payload,)))
    return any(_accepts(kind, form.format(text)) for form in FORMS for text in joined)


def _in_line(payloads: tuple[str, ...]) -> str:
    return " ".join(" ".join(payloads).split())


def _in_word(payloads: tuple[str, ...]) -> str:
    return "/".join(" ".join(payloads).replace("\\", "/").split())


def _variants() -> list[dict[str, Any]]:
    """Return claims that are measured, planned, not testable and untested."""
    measured = yaml.safe_load(CLAIM)
    protocol = measured["protocol"]
    former = [{**part, "at_least": 0.2} for part in protocol["predictions"]]
    revised = {
        **protocol,
        "settings": [{"name": "minimal"}, {"name": "large", "scale": "large", "because": "x"}],
        "revisions": [{"because": "x", "predictions": former, "controls": protocol["controls"]}],
    }
    seen = [{"record": "toy-source", "identity": "0" * 8}]
    reviewed = {"date": "2026-01-01", "note": "x", "seen": seen}
    rest = {key: value for key, value in measured.items() if key != "protocol"} | {"aliases": ["x", "y"]}
    return [
        {**rest, "protocol": revised, "reviewed": reviewed, "answer": {"says": "x"}},
        {**rest, "protocol": {**protocol, "experiment": "dominoes", "planned": "x"}},
        {**rest, "not_testable": "x"},
        {**rest, "untested": "x"},
    ]


def records(hostile: Hostile) -> Iterator[tuple[str, Any]]:
    """Yield the path under claims/ and the content of every hostile record."""
    source = yaml.safe_load(SOURCE + SOURCE_READ_WHOLE.replace("IDS", "toy-claim"))
    for field in MAKERS:
        group: list[dict[str, str]] = [{"literal": "x"}]
        name = Source.model_fields[field].alias or field
        source[name] = [*source.get(name, [{"family": "x"}]), *group]
    anchor = source["paragraphs"][0]["anchor"]
    source["paragraphs"].append({"anchor": anchor, "assertions": [{"says": "x", "none": "x"}]})
    for number, group in enumerate(GROUPS):
        stated = []
        for turn, variant in enumerate(_variants()):
            claim_id = f"hostile-{number}-{turn}"
            turned = group[turn % len(group) :] + group[: turn % len(group)]
            claim = {**variant, "relations": [{"type": "supports", "claim": "toy-claim", "because": "x"}]}
            claim["stated_in"] = [{**claim["stated_in"][0], "source": f"hostile-{number}"}]
            filled = hostile.filled(Claim, claim, turned, ("Claim",))
            filled["statement"] += f"\n\n{claim_id}"  # no two claims may state the same words
            yield f"toys/{claim_id}.yaml", filled
            stated.append(claim_id)
            sides = [{"name": "x", "claims": [claim_id]}, {"name": "y", "claims": ["toy-claim"]}]
            debate = {
                **yaml.safe_load(DEBATE),
                "sides": sides,
                "answer": {"says": "x"},
                "aliases": ["x", "y"],
            }
            debate["readings"] = debate["readings"][:2]  # more would be equal to one of the two
            yield f"debates/debate-{number}-{turn}.yaml", hostile.filled(Debate, debate, turned, ("Debate",))
        source["paragraphs"][0]["claims"] = stated
        yield f"sources/hostile-{number}.yaml", hostile.filled(Source, source, group, ("Source",))


def write_hostile_project(root: Path) -> Hostile:
    """Write a project with one claim in each state and all hostile records, and say where each thing is."""
    write_states_project(root)
    hostile = Hostile()
    for name, record in records(hostile):
        text = yaml.safe_dump(record, allow_unicode=True, sort_keys=False)
        (root / "claims" / name).write_text(text, encoding="utf-8")
    shutil.rmtree(root / "repro/evidence")
    write_evidence(root)
    return hostile
