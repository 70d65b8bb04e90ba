"""What the search finds: every page by its title, a claim also by its statement and its sources' names.

The theme would otherwise read every built page a second time, and index words that lead nowhere.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from html import escape

from kb.site.page import Page

MOST_BYTES = 300_000
"""The most bytes of the compressed index, which the first search loads; Pagefind would handle more."""


def entries(pages: Iterable[Page]) -> Iterator[dict[str, str]]:
    """Yield the page that each search result leads to, with the HTML of its title and its text."""
    for page in pages:
        if page.words is not None:
            yield {
                "location": page.url,
                "title": escape(page.title, quote=False),
                "text": escape(page.words, quote=False),
            }


def too_large(index: bytes) -> str | None:
    """Return what to do about an index that is too large for a reader to load, or None."""
    size = len(gzip.compress(index, 6))
    if size <= MOST_BYTES:
        return None
    return (
        f"The search index has {size} bytes compressed, and at most {MOST_BYTES} are allowed; "
        "give fewer words to the pages of kb/site/pages, or move to Pagefind."
    )
