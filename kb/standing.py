"""What the graph makes of each claim, in one pass: its own verdict first, then what its neighbours' imply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Literal

from kb.judgement import Judgement
from kb.load import Base

Name = Literal["established", "refuted", "split", "supported", "undermined", "contested", "open"]
OWN: dict[str, Name] = {"reproduced": "established", "contradicted": "refuted", "split": "split"}
"""Verdicts that give a claim its standing without any help."""
UNKNOWN = "no evidence of its own, and nothing established bears on it"
OPEN = {
    "inconclusive": "its own evidence is inconclusive, and nothing established bears on it",
    "invalid": "a control held, so its own evidence says nothing, and nothing established bears on it",
    "stale": "its own evidence is stale, and nothing established bears on it",
}
"""Why a claim is open, where it has evidence that does not decide."""


@dataclass(frozen=True)
class Standing:
    """A claim's standing with the shortest reason for it: each step a verdict, a relation or a rule."""

    claim_id: str
    standing: Name
    because: tuple[str, ...]


def standings(base: Base, judgements: Mapping[str, Judgement]) -> dict[str, Standing]:
    """Return the standing of every claim.

    Rules, the first that applies wins:

    1. A contradicted claim is refuted.
    2. Resting (`depends_on`, transitively) on a refuted claim makes it undermined.
    3. Being contradicted by an established claim makes it contested, or refuted where it has no evidence of
       its own and the contradiction is strict.
    4. Its own verdict makes it established or split.
    5. Support by an established claim makes it supported; else it is open.

    Only verdicts of their own make claims established or refuted for others, so that no claim supports itself
    through a cycle.
    """
    own = {claim_id: OWN[j.state] for claim_id, j in judgements.items() if j.state in OWN}
    refuted_base = _refuted_bases(base, own)
    incoming = _incoming(base, own)
    found = {claim_id: _decided(claim_id, own, refuted_base, incoming) for claim_id in base.claims}
    return {
        claim_id: standing or Standing(claim_id, "open", (OPEN.get(judgements[claim_id].state, UNKNOWN),))
        for claim_id, standing in found.items()
    }


def _decided(
    claim_id: str,
    own: Mapping[str, Name],
    refuted_base: Mapping[str, tuple[str, ...]],
    incoming: Mapping[str, list[tuple[str, str, bool]]],
) -> Standing | None:
    """Return the standing that one of the rules gives, or nothing when none applies."""
    verdict = own.get(claim_id)
    if verdict == "refuted":
        return Standing(claim_id, "refuted", ("its own predictions were contradicted",))
    if claim_id in refuted_base:
        return Standing(claim_id, "undermined", refuted_base[claim_id])
    against = [
        (by, strict) for by, relation, strict in incoming.get(claim_id, []) if relation == "contradicts"
    ]
    if against:
        by, strict = max(against, key=lambda pair: pair[1])
        if strict and verdict is None:
            return Standing(claim_id, "refuted", (f"{by} is established and excludes it",))
        return Standing(claim_id, "contested", (f"{by} is established and contradicts it",))
    if verdict == "established":
        return Standing(claim_id, "established", ("its own predictions were reproduced",))
    if verdict == "split":
        return Standing(claim_id, "split", ("some of its own predictions held and some failed",))
    backing = [by for by, relation, _ in incoming.get(claim_id, []) if relation == "supports"]
    if backing:
        return Standing(
            claim_id, "supported", tuple(f"{by} is established and supports it" for by in backing)
        )
    return None


def _incoming(base: Base, own: Mapping[str, Name]) -> dict[str, list[tuple[str, str, bool]]]:
    """Return for each claim the relations that established claims have to it: (by, type, strict)."""
    found: dict[str, list[tuple[str, str, bool]]] = {}
    for claim_id, claim in base.claims.items():
        if own.get(claim_id) != "established":
            continue
        for relation in claim.relations:
            found.setdefault(relation.claim, []).append((claim_id, relation.type, relation.strict))
    return found


def _refuted_bases(base: Base, own: Mapping[str, Name]) -> dict[str, tuple[str, ...]]:
    """Return for each claim that rests on a refuted one the chain that leads there."""
    rests_on = {
        claim_id: [r.claim for r in claim.relations if r.type == "depends_on" and r.claim in base.claims]
        for claim_id, claim in base.claims.items()
    }
    chains: dict[str, tuple[str, ...]] = {}
    try:
        order = list(TopologicalSorter(rests_on).static_order())
    except CycleError:  # reported by `repro check`; no standing can follow from a circle
        return chains
    for claim_id in order:
        for target in rests_on[claim_id]:
            if own.get(target) == "refuted":
                chains[claim_id] = (f"it rests on {target}", f"{target} is refuted by its own evidence")
                break
            if target in chains:
                chains[claim_id] = (f"it rests on {target}", *chains[target])
                break
    return chains
