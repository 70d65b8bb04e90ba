"""A published project as pages; pure, and without any site generator.

Other modules store the pages: `kb.site.mkdocs` hands them to MkDocs, `repro site export` writes a plain tree.
"""

from __future__ import annotations

from collections.abc import Iterator

from kb.exports.published import Site
from kb.site import files as machine
from kb.site.page import Page, url_of
from kb.site.pages import (
    about,
    changes,
    claim_lists,
    debates,
    experiments,
    graph,
    next_steps,
    overviews,
    people,
    reuse,
    sources,
    start,
    totals,
)
from kb.site.pages.claim import pages as claim_pages
from kb.site.templates import environment, relative

__all__ = ["Page", "files", "records", "redirects", "render", "url_of"]

KINDS = (
    start,
    about,
    overviews,
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
"""Functions that each yield the pages of one kind."""


def render(site: Site) -> Iterator[Page]:
    """Yield every page that comes from records."""
    for kind in KINDS:
        yield from kind.pages(site)


def files(site: Site) -> dict[str, str]:
    """Return the text of every other file by its path: for programs, records, and what old addresses show."""
    return {**machine.files(site), **redirects(site), **records(site)}


def redirects(site: Site) -> dict[str, str]:
    """Return for each old address of a moved or split claim the HTML that leads on from there.

    Besides its page a claim has one to embed and one with its history.
    """
    template, base, found = environment(site.root).get_template("moved.html.jinja"), site.base, {}
    for old_id in base.tombstones:
        successors = site.named[old_id]
        targets = {"claims/{}/": successors, "embed/claims/{}/": successors}
        targets["claims/{}/history/"] = tuple(i for i in successors if i in site.histories)
        for address, claim_ids in targets.items():
            if claim_ids:
                here = address.format(old_id)
                links = [(relative(address.format(i), here), base.claims[i].title) for i in claim_ids]
                script = relative("assets/moved.js", here)
                found[f"{here}index.html"] = template.render(old_id=old_id, links=links, script=script)
    return found


def records(site: Site) -> dict[str, str]:
    """Return the text of each published record by its path on the site."""
    base = site.base
    claims = (*base.claims, *base.tombstones)
    folders = {"claims": claims, "sources": base.sources, "debates": base.debates}
    return {
        f"{folder}/{record_id}.yaml": base.documents[record_id].text
        for folder, known in folders.items()
        for record_id in known
    }
