"""The claims and relations as the explorer of the graph reads them."""

from __future__ import annotations

import json

from kb.exports.formats import Format
from kb.exports.published import Site
from kb.reasoning.relations import edges_of
from kb.records.relations import RELATIONS
from kb.words.standings import NO_STANDING
from kb.words.states import STATES


def files(site: Site) -> dict[str, str]:
    """Return the claims and relations as the explorer reads them."""
    claims = site.base.claims
    place = {claim_id: k for k, claim_id in enumerate(claims)}
    nodes = [
        [
            i,
            claims[i].title,
            STATES[site.judgements[i].state].slug,
            site.standings[i].standing if i in site.standings else NO_STANDING,
            site.base.topics[i],
        ]
        for i in claims
    ]
    edges = [[place[e.start], place[e.end], e.type] for e in edges_of(site.base)]
    words = {state.slug: state.word for state in STATES.values()}
    icons = {state.slug: state.icon for state in STATES.values()}
    says = {kind: row.bears for kind, row in RELATIONS.items()}
    document = {"schema": "assay/explorer/1", "states": words, "icons": icons, "says": says}
    return {
        "graph/claims.json": json.dumps({**document, "nodes": nodes, "edges": edges}, separators=(",", ":"))
        + "\n"
    }


FORMAT = Format("explorer", "Write the claims and relations as the explorer of the graph reads them.", files)
