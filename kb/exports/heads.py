"""What the head of a page tells programs; `site/overrides/main.html` prints it and the sitemap reads it.

Values are ready to be printed: JSON with its angle brackets escaped, whole addresses, days.
"""

from __future__ import annotations

from collections.abc import Iterable

from kb.evidence.ledger import Evidence
from kb.exports import linked_data
from kb.exports.published import Site

Head = dict[str, str]


def claim(site: Site, claim_id: str) -> Head:
    """Return the head of a claim's page, dated by the last change of its evidence or its record."""
    judgement = site.judgements[claim_id]
    committed = [event.time for event in site.histories.get(claim_id, ()) if event.commit]
    return {
        "linked_data": linked_data.script_text(linked_data.claim(site, claim_id)),
        "oembed": site.absolute(f"oembed/claims/{claim_id}.json"),
        **_updated((*judgement.evidence, *judgement.stale), committed),
    }


def source(site: Site, source_id: str) -> Head:
    """Return the head of a source's page."""
    return {"linked_data": linked_data.script_text(linked_data.source(site, source_id))}


def experiment(site: Site, name: str) -> Head:
    """Return the head of an experiment's page."""
    node = linked_data.experiment(site, site.base.scripts[name])
    found = {"linked_data": linked_data.script_text(node)} if node else {}
    return {**found, **_updated(site.ledger.of_experiment(name))}


def start(site: Site, description: str) -> Head:
    """Return the head of the start page."""
    node = linked_data.website(site, description)
    return {"linked_data": linked_data.script_text(node), **_updated(site.ledger.evidence)}


def _updated(pieces: Iterable[Evidence], times: Iterable[str] = ()) -> Head:
    known = [*(piece.started for piece in pieces), *times]
    return {"updated": max(known)[:10]} if known else {}
