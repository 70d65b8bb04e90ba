"""Claims, bases and judgements made by hand, for tests of what reasons about them."""

from __future__ import annotations

from kb.judging.judgement import Judgement
from kb.reading.base import Base
from kb.records.claims import Claim, Relation

STATED = ({"source": "s", "stance": "asserts", "locator": {"page": "1"}},)


def claim(*relations: tuple[str, ...] | Relation, **fields: object) -> Claim:
    """Return a claim with relations given as (type, target[, "strict"])."""
    made = [
        r
        if isinstance(r, Relation)
        else Relation(type=r[0], claim=r[1], because="so it is", strict=len(r) > 2)  # type: ignore[arg-type]  # the model checks it
        for r in relations
    ]
    given = {"protocol": None, "untested": "An afternoon.", **fields}
    if given["protocol"]:
        given |= {"untested": None, "scope": "a small setting"}
    return Claim.model_validate(
        {
            "title": "It is so",
            "kind": "empirical",
            "statement": "It is so.",
            "stated_in": STATED,
            "relations": tuple(made),
            **given,
        }
    )


def base_of(**claims: Claim) -> Base:
    """Return a base that holds only claims; in their ids underscores stand for hyphens."""
    named = {claim_id.replace("_", "-"): made for claim_id, made in claims.items()}
    return Base(named, {}, {}, dict.fromkeys(named, "toys"), {})


def judged(base: Base, **states: str) -> dict[str, Judgement]:
    """Return judgements with these states; claims that are not named were not run."""
    named = {claim_id.replace("_", "-"): state for claim_id, state in states.items()}
    return {i: Judgement(i, named.get(i, "not run")) for i in base.claims}  # type: ignore[arg-type]  # tests know the states
