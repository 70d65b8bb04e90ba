"""What the search finds: of every page its title, of a claim also its statement and its sources' names.

The theme would otherwise read every built page a second time, and index words that lead nowhere.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from html import escape, unescape

from kb.reading.load import Base
from kb.records.claims import Claim
from kb.site.page import Page

MOST_BYTES = 300_000
"""Of the compressed index, which a reader loads with the first search. Beyond it, Pagefind is the way."""


def entries(pages: Iterable[Page], base: Base) -> Iterator[dict[str, str]]:
    """Yield the page that each search result leads to, with the HTML of its title and its text."""
    for page in pages:
        if "search" in page.meta:
            continue
        room, _, name = page.path.removesuffix(".md").partition("/")
        claim = base.claims.get(name) if room == "claims" else None
        text = _words(claim, base) if claim else unescape(page.meta["description"])
        yield {
            "location": page.url,
            "title": escape(unescape(page.meta["title"]), quote=False),
            "text": escape(text, quote=False),
        }


def _words(claim: Claim, base: Base) -> str:
    cited = dict.fromkeys(said.source for said in claim.stated_in)
    return " · ".join([claim.statement.strip(), *(base.sources[i].title for i in cited if i in base.sources)])


def too_large(index: bytes) -> str | None:
    """Return what to do about an index that is too large for a reader to load, or nothing."""
    size = len(gzip.compress(index, 6))
    if size <= MOST_BYTES:
        return None
    return (
        f"The search index has {size} bytes compressed, and at most {MOST_BYTES} are allowed; "
        "index fewer words in kb/site/search.py, or move to Pagefind."
    )
