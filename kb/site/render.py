"""Records, judgements and standings as pages; pure, and without any site generator.

Sinks put the pages somewhere: `kb.site.mkdocs` hands them to MkDocs, `repro site export` writes a plain tree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from kb.evidence.ledger import Ledger
from kb.exports.claim_document import LOCAL
from kb.judging.judgement import Judgement
from kb.reading.load import Base
from kb.reasoning.standing import Standing
from kb.site import files as machine
from kb.site.page import Page, Site, url_of
from kb.site.pages import (
    changes,
    claim_lists,
    debates,
    experiments,
    graph,
    next_steps,
    people,
    reuse,
    sources,
    start,
    totals,
)
from kb.site.pages.claim import pages as claim_pages
from kb.site.templates import environment
from kb.time.history import Event

__all__ = ["Page", "files", "records", "redirects", "render", "url_of"]

KINDS = (
    start,
    next_steps,
    totals,
    changes,
    reuse,
    claim_lists,
    claim_pages,
    sources,
    people,
    debates,
    experiments,
    graph,
)
"""Each yields the pages of its kind."""


def render(
    base: Base,
    judgements: Mapping[str, Judgement],
    standings: Mapping[str, Standing],
    ledger: Ledger | None = None,
    histories: Mapping[str, Sequence[Event]] | None = None,
    *,
    repository: str = "",
    address: str = LOCAL,
) -> Iterator[Page]:
    """Yield every page that comes from records.

    Args:
        base: All records.
        judgements: Of every claim.
        standings: Of every claim.
        ledger: All evidence, for costs and downloads; what the judgements count, where it is not given.
        histories: What became of each claim; no page tells it, where it is not given.
        repository: Address on the web; where it is not given, pages lead to how one contributes.
        address: Where the site is published, ending in a slash.
    """
    known = _site(base, judgements, standings, ledger)
    site = replace(known, histories=histories or {}, repository=repository, address=address)
    for kind in KINDS:
        yield from kind.pages(site)


def files(
    base: Base,
    judgements: Mapping[str, Judgement],
    standings: Mapping[str, Standing],
    ledger: Ledger,
    histories: Mapping[str, Sequence[Event]] | None = None,
    *,
    address: str = LOCAL,
) -> dict[str, str]:
    """Return the text of every download and of every file for programs, by its path on the site."""
    known = _site(base, judgements, standings, ledger)
    return machine.files(replace(known, histories=histories or {}, address=address))


def _site(
    base: Base,
    judgements: Mapping[str, Judgement],
    standings: Mapping[str, Standing],
    ledger: Ledger | None,
) -> Site:
    if ledger is None:
        ledger = Ledger(tuple({id(p): p for j in judgements.values() for p in j.evidence}.values()))
    return Site(base, judgements, standings, ledger, environment(base.root))


def redirects(base: Base) -> dict[str, str]:
    """Return for the old address of each moved or split claim the HTML that leads on from there."""
    template = environment(base.root).get_template("moved.html.jinja")
    return {
        f"claims/{old_id}/index.html": template.render(
            old_id=old_id, successors=[(i, base.claims[i].title) for i in base.successors(old_id)]
        )
        for old_id in base.tombstones
    }


def records(base: Base) -> dict[str, Path]:
    """Return for each published record its path on the site and the file that is copied there."""
    of_claims = {f"claims/{claim_id}.yaml": base.paths[claim_id] for claim_id in base.claims}
    of_sources = {f"sources/{source_id}.yaml": base.paths[source_id] for source_id in base.sources}
    of_debates = {f"debates/{debate_id}.yaml": base.paths[debate_id] for debate_id in base.debates}
    return {target: base.root / path for target, path in {**of_claims, **of_sources, **of_debates}.items()}
