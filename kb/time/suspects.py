"""Links that have not been reviewed since something on which they rest changed.

Three kinds of link can become suspect:

- a **relation** of a claim to another, when the statement, scope or protocol of either end changed;
- an **appearance** in a source, when the claim's statement changed, or the source's title or address;
- a **prediction** and the evidence for it, when the claim's statement or scope changed, when the
  prediction itself differs from the one the evidence was taken for, or when the experiment's code changed.

"Changed" means: since the claim's baseline, which is its last review (`reviewed` in its record) or, if it
never had one, its latest evidence. The review carries digests of both ends. What the records said when the
evidence was taken is not stored; a caller that can read it from version control passes it as `Past`. Without
that, the evidence itself still tells its predictions and its code. A relation of a claim that has neither
review nor evidence is compared with the other end's evidence. A link that is younger than its baseline is not
watched before the next review.

Statements and scopes are compared word by word; titles, reasons, notes and other prose do not count, and of a
protocol only what decides: experiment, scales, predictions and controls without their prose. A claim that was
written for old evidence changed nothing. Code counts only
for the claim's own evidence: a relation speaks of statements. Nothing is passed on: a claim two steps away
becomes suspect when the one between them is changed in turn. A review clears everything but changed code,
which only a new run can.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType
from typing import Literal, NamedTuple

from kb.evidence.ledger import Evidence
from kb.judging.judgement import Judgement, former_digests
from kb.project import Project
from kb.reading.base import Base
from kb.records.claims import Claim, Prediction, Protocol, Seen, Source
from kb.text.problems import Keys

LinkKind = Literal["relation", "appearance", "prediction"]
Parts = Mapping[str, str]
"""The digest of each part of a record on which a link may rest, by the part's name."""
PARTS = {"identity": "title or address"}
"""Names of parts in words, if they differ from the identifiers."""


@dataclass(frozen=True)
class Past:
    """The records as they were when a claim's latest evidence was taken.

    Attributes:
        day: When that was.
        record: Returns the claim or source that had an id then, or None.
    """

    day: str
    record: Callable[[str], Claim | Source | None]


Pasts = Mapping[str, Past]
"""By claim, as far as it is known."""
UNKNOWN: Pasts = MappingProxyType({})


class Suspect(NamedTuple):
    """A link that should be reviewed again.

    Attributes:
        claim_id: The claim whose record holds the link.
        kind: What sort of link it is.
        target: The other claim, the source, or the prediction's name.
        link: The link in words, without its claim.
        changed: What has changed since the baseline, each part in words.
        since: The baseline, in words.
        keys: Where the link is in the claim's record.
        remedy: What clears it: a review, or a new run.
    """

    claim_id: str
    kind: LinkKind
    target: str
    link: str
    changed: tuple[str, ...]
    since: str
    keys: Keys
    remedy: Literal["review", "run"] = "review"


class _Baseline(NamedTuple):
    since: str
    seen: Mapping[str, Parts]

    def changed(self, record_id: str, record: Claim | Source | None) -> list[str]:
        """Return the names of a record's parts that have changed; none if the record was not seen then."""
        then, now = self.seen.get(record_id), parts(record) if record else None
        if then is None or now is None:
            return []
        return [name for name in Seen.model_fields if then.get(name) != now.get(name)]


def parts(record: Claim | Source) -> Parts:
    """Return the digest of each part on which a link may rest, as far as the record has it."""
    if isinstance(record, Source):
        return {"identity": _digest(record.title, record.URL or record.arxiv or record.DOI or "")}
    found = {"statement": _digest(record.statement)}
    if record.scope is not None:
        found["scope"] = _digest(record.scope)
    if record.protocol is not None:
        protocol = record.protocol
        found["protocol"] = _digest(protocol.experiment, _scales(protocol), protocol.digest)
    return found


def _scales(protocol: Protocol) -> str:
    """Return what decides of the settings, in one text; of a protocol with one scale its name."""
    return ", ".join(
        f"{setting.base} {json.dumps(setting.overrides, sort_keys=True)}"
        if setting.overrides
        else setting.base
        for setting in protocol.settings
    )


def _digest(*texts: str) -> str:
    """Return eight hexadecimal digits that do not depend on how the texts are wrapped."""
    plain = "\n".join(" ".join(text.split()) for text in texts)
    return hashlib.sha256(plain.encode()).hexdigest()[:8]


def linked(claim_id: str, claim: Claim) -> tuple[str, ...]:
    """Return the ids of a claim and of every claim and source it links to, each once, the claim first."""
    others = (relation.claim for relation in claim.relations)
    sources = (appearance.source for appearance in claim.stated_in)
    return tuple(dict.fromkeys(chain([claim_id], others, sources)))


def suspects(project: Project, pasts: Pasts = UNKNOWN) -> dict[str, tuple[Suspect, ...]]:
    """Return the suspect links of every claim that has some, by claim in alphabetical order.

    Args:
        project: The project whose links are examined.
        pasts: For each claim with evidence, the records as they were then, as far as they are known.
    """
    base, judgements = project.base, project.judgements
    found = {claim_id: tuple(_of_claim(base, judgements[claim_id], pasts)) for claim_id in base.claims}
    return {claim_id: links for claim_id, links in found.items() if links}


def _of_claim(base: Base, judgement: Judgement, pasts: Pasts) -> Iterator[Suspect]:
    claim_id = judgement.claim_id
    claim = base.claims[claim_id]
    baseline = _baseline(claim_id, claim, judgement, pasts)
    yield from _relations(base, claim_id, baseline, pasts)
    if baseline:
        yield from _appearances(base, claim_id, baseline)
    yield from _predictions(base, judgement, baseline, pasts.get(claim_id))


def _baseline(claim_id: str, claim: Claim, judgement: Judgement, pasts: Pasts) -> _Baseline | None:
    """Return what a claim's links are compared with, or None if that is unknown."""
    if claim.reviewed:
        seen = {
            each.record: each.model_dump(exclude={"record"}, exclude_none=True)
            for each in claim.reviewed.seen
        }
        return _Baseline(f"the review of {claim.reviewed.date}", seen)
    piece = latest_piece(judgement)
    return _evidence_baseline(claim_id, pasts[claim_id], piece) if piece and claim_id in pasts else None


def _evidence_baseline(claim_id: str, past: Past, piece: Evidence) -> _Baseline | None:
    then = past.record(claim_id)
    if not isinstance(then, Claim):
        return None
    records = {i: past.record(i) for i in linked(claim_id, then)}
    return _Baseline(_taken(piece), {i: parts(record) for i, record in records.items() if record})


def latest_piece(judgement: Judgement) -> Evidence | None:
    """Return the claim's evidence that was started last: among what counts, or else among the stale."""
    return max(judgement.evidence or judgement.stale, key=lambda piece: piece.started, default=None)


def _taken(piece: Evidence) -> str:
    return f"the evidence of {piece.started[:10]}"


def _relations(base: Base, claim_id: str, baseline: _Baseline | None, pasts: Pasts) -> Iterator[Suspect]:
    claim = base.claims[claim_id]
    for i, relation in enumerate(claim.relations):
        other = relation.claim
        seen = baseline or _baseline_of_other(claim_id, other, pasts)
        if seen is None or other not in seen.seen or other not in base.claims:
            continue
        own = [f"its {part}" for part in seen.changed(claim_id, claim)]
        changed = [*own, *(f"the {part} of {other}" for part in seen.changed(other, base.claims[other]))]
        if changed:
            link = f"{relation.type} {other}"
            yield Suspect(claim_id, "relation", other, link, tuple(changed), seen.since, ("relations", i))


def _baseline_of_other(claim_id: str, other: str, pasts: Pasts) -> _Baseline | None:
    """Return both ends of a relation as they were at the other end's evidence, if it existed then."""
    past = pasts.get(other)
    if past is None:
        return None
    then, there = past.record(claim_id), past.record(other)
    if not isinstance(then, Claim) or there is None:
        return None
    if all(relation.claim != other for relation in then.relations):
        return None
    return _Baseline(f"the evidence of {past.day} for {other}", {claim_id: parts(then), other: parts(there)})


def _appearances(base: Base, claim_id: str, baseline: _Baseline) -> Iterator[Suspect]:
    claim = base.claims[claim_id]
    own = [f"its {part}" for part in baseline.changed(claim_id, claim) if part == "statement"]
    for i, appearance in enumerate(claim.stated_in):
        source = appearance.source
        if source not in baseline.seen:
            continue
        theirs = baseline.changed(source, base.sources.get(source))
        changed = [*own, *(f"the {PARTS[part]} of {source}" for part in theirs)]
        if changed:
            link = f"{source} {appearance.stance} it"
            keys: Keys = ("stated_in", i)
            yield Suspect(claim_id, "appearance", source, link, tuple(changed), baseline.since, keys)


def _predictions(
    base: Base, judgement: Judgement, baseline: _Baseline | None, past: Past | None
) -> Iterator[Suspect]:
    claim_id = judgement.claim_id
    claim, piece = base.claims[claim_id], latest_piece(judgement)
    if claim.protocol is None or piece is None:
        return
    parts_changed = baseline.changed(claim_id, claim) if baseline else []
    own = [f"its {part}" for part in parts_changed if part != "protocol"]
    rewritten = _rewritten(claim_id, claim, judgement, past)
    code = _changed_code(base, claim, piece) if not judgement.evidence else ""
    for i, prediction in enumerate(claim.protocol.predictions):
        changed = [*own, *(["the prediction itself"] if prediction in rewritten else [])]
        since = baseline.since if own and baseline else _taken(piece)
        name, keys = prediction.name, ("protocol", "predictions", i)
        if changed:
            yield Suspect(claim_id, "prediction", name, f"prediction {name}", tuple(changed), since, keys)
        if code:
            link = f"prediction {name}"
            yield Suspect(claim_id, "prediction", name, link, (code,), _taken(piece), keys, "run")


def _rewritten(
    claim_id: str, claim: Claim, judgement: Judgement, past: Past | None
) -> tuple[Prediction, ...]:
    """Return the predictions that differ from those the evidence was taken for and were not reviewed since.

    Evidence carries one digest of all predictions and controls; where the former record is unknown, or only
    the controls differ, all predictions are returned.
    """
    protocol = claim.protocol
    pieces = judgement.evidence or judgement.stale
    if protocol is None or not former_digests(claim_id, protocol, pieces):
        return ()
    seen = claim.reviewed.seen if claim.reviewed else ()
    if any(each.record == claim_id and each.protocol == parts(claim)["protocol"] for each in seen):
        return ()
    then = past.record(claim_id) if past else None
    former = then.protocol if isinstance(then, Claim) else None
    known = [_deciding(prediction) for prediction in former.predictions] if former else []
    return tuple(p for p in protocol.predictions if _deciding(p) not in known) or protocol.predictions


def _deciding(prediction: Prediction) -> dict[str, object]:
    return prediction.model_dump(exclude={"says", "because"})


def _changed_code(base: Base, claim: Claim, piece: Evidence) -> str:
    """Return, in words, what makes evidence stale; empty if the script cannot be read."""
    script = base.scripts.get(claim.protocol.experiment) if claim.protocol else None
    if script is None:
        return ""
    now = script.code_like(piece.schema_version)
    names = [name for name in {**piece.code, **now} if piece.code.get(name) != now.get(name)]
    return f"the code of {' and '.join(names)}" if names else f"the scale of {script.name}"
