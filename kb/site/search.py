"""What the search finds: every page by its title, a claim also by its statement and its sources' names.

The theme would otherwise read every built page a second time, and index words that lead nowhere.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Iterator
from html import escape

from kb.site.page import Page

MOST_BYTES = 300_000
"""The most bytes of the compressed index, which the first search loads; Pagefind would handle more."""


_HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_KANA = "\u3040-\u309f", "\u30a0-\u30ff\u31f0-\u31ff"
_APART = re.compile(
    f"(?<=[{_HAN}])(?=[{_HAN}])"
    + "".join(
        f"|(?<=[{a}])(?=[{b}])|(?<=[{b}])(?=[{a}])" for a, b in ((_HAN, _KANA[0]), (_HAN, _KANA[1]), _KANA)
    )
)
"""Where words of texts without spaces may begin: at each ideograph, and where kana of one kind end."""


def entries(pages: Iterable[Page]) -> Iterator[dict[str, str]]:
    """Yield the page that each search result leads to, with the HTML of its title and its text."""
    for page in pages:
        if page.words is not None:
            yield {
                "location": page.url,
                "title": _findable(page.title),
                "text": _findable(page.words),
            }


def _findable(text: str) -> str:
    """Return the HTML of a text, with spaces of no width where the index shall part words."""
    return escape(_APART.sub("\u200b", text), quote=False)


def too_large(index: bytes) -> str | None:
    """Return what to do about an index that is too large for a reader to load, or None."""
    size = len(gzip.compress(index, 6))
    if size <= MOST_BYTES:
        return None
    return (
        f"The search index has {size} bytes compressed, and at most {MOST_BYTES} are allowed; "
        "give fewer words to the pages of kb/site/pages, or move to Pagefind."
    )
