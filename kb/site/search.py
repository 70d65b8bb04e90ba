"""What the search finds: every page by its title, claims and debates also by other words for them.

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
    f"|(?<=[0-9A-Za-z])(?=[{_HAN}{_KANA[0]}{_KANA[1]}])|(?<=[{_HAN}{_KANA[0]}{_KANA[1]}])(?=[0-9A-Za-z])"
    + "".join(
        f"|(?<=[{a}])(?=[{b}])|(?<=[{b}])(?=[{a}])" for a, b in ((_HAN, _KANA[0]), (_HAN, _KANA[1]), _KANA)
    )
)
"""Where words of texts without spaces may begin: at each ideograph, where kana of one kind end, and where
such a text meets Latin letters."""


Entry = dict[str, str | float | list[str]]
"""What the search knows of a page; other words for it are its tags, which count most."""
_STEMS = (
    "normal|general|regular|optim|initial|memor|standard|linear|parametr|penal|minim|maxim|summar|real|recogn"
    "|organ|random|quant|factor|local|visual|symmetr|categor|crystall|author|character|improv|memor|util"
)
_ISE = re.compile(rf"(?i)\b((?:re|un|de|over|under|re)?)((?:{_STEMS})i)s(?=e|i|a)")
_OUR = re.compile(r"(?i)\b(behavi|col|neighb|fav|rig|lab|harb|hon)our")
_CENTER = {"e": "er", "ing": "ering", "ed": "ered"}
BOOSTS = (("debates/", 4.0), ("claims/", 2.0), ("people/", 2.0), ("answer", 4.0))
"""How much more than others pages count whose path begins so; the first that fits."""


def entries(pages: Iterable[Page]) -> Iterator[Entry]:
    """Yield the page that each search result leads to, with the HTML of its title and its text."""
    for page in pages:
        if page.words is not None:
            more = american(f"{page.title} {page.words}")
            yield {
                "location": page.url,
                "title": _findable(page.title),
                "text": _findable(f"{page.words} {more}".strip()),
                **({"tags": [_findable(each) for each in page.aliases]} if page.aliases else {}),
                "boost": next((boost for path, boost in BOOSTS if page.path.startswith(path)), 1.0),
            }


def american(text: str) -> str:
    """Return the words of a text that are spelled otherwise in America, as they are spelled there.

    >>> american("Regularisation of a neighbour's behaviour is otherwise noise.")
    'Regularization neighbor behavior'
    """
    words = dict.fromkeys(re.findall(r"[A-Za-z]+", text))
    spelled = {word: _american(word) for word in words}
    return " ".join(new for word, new in spelled.items() if new != word)


def _american(word: str) -> str:
    word = _ISE.sub(r"\1\2z", word)
    word = _OUR.sub(r"\1or", word)
    word = re.sub(r"(?i)^(centr)(e|ing|ed)$", lambda m: f"{m[1][:-1]}{_CENTER[m[2].lower()]}", word)
    return re.sub(r"(?i)^(label|model|travel)l(ing|ed)$", r"\1\2", word)


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
