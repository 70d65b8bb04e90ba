"""The pages on reuse: data with its licence, and how to cite."""

from __future__ import annotations

from collections.abc import Iterator

from kb.exports import badges, citation
from kb.exports.published import Site
from kb.site.discovery import EMBED
from kb.site.page import Page, page_from
from kb.site.pages.start import WORKED_EXAMPLE

WIDE = ("navigation", "toc")


def pages(site: Site) -> Iterator[Page]:
    """Yield both pages."""
    measured = {piece.experiment for piece in site.ledger.evidence}
    description = "Everything here to take away, with its licence."
    yield page_from(
        site, "data.md", "data", "Data", description, hide=WIDE, measured=measured, address=site.address
    )
    yield _cite(site)


def _cite(site: Site) -> Page:
    """Return the page on citing, with the worked example, or else the first claim, as its example."""
    known = [i for i in (WORKED_EXAMPLE, *site.base.claims) if i in site.base.claims]
    example = known[0] if known else ""
    return page_from(
        site,
        "cite.md",
        "cite",
        "Cite",
        "How to cite this site, a claim or a measurement.",
        hide=WIDE,
        example=example,
        whole=citation.bibtex([citation.of_site(site)]),
        cited=citation.bibtex([citation.of_claim(site, example)]) if example else "",
        badge=site.absolute(f"badge/{example}"),
        drawn=badges.drawn(site, example) if example else "",
        shown_at=site.absolute(f"claims/{example}/"),
        framed=site.absolute(f"{EMBED}/{example}/"),
    )
