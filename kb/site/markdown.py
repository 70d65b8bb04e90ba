"""Contributors' Markdown as HTML that cannot do anything: no raw HTML, no script, no image, no style."""

from __future__ import annotations

from functools import cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup
from mdit_py_plugins.dollarmath import dollarmath_plugin

from kb.site import maths

TAGS = {"p", "br", "em", "strong", "code", "pre", "blockquote", "ul", "ol", "li", "a", *maths.TAGS}
ATTRIBUTES = {"a": {"href"}, **maths.ATTRIBUTES}
SCHEMES = {"http", "https"}


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("js-default")
    no_prices = {"allow_space": False, "allow_digits": False}
    return parser.use(dollarmath_plugin, **no_prices, double_inline=True, renderer=maths.to_mathml)


def _absolute_links(tag: str, attribute: str, value: str) -> str | None:
    """Keep only links that leave the site: a record does not know the address of its page."""
    del attribute
    return value if tag != "a" or value.startswith(("https://", "http://")) else None


def to_html(text: str) -> Markup:
    """Return Markdown as sanitised HTML.

    The parser already escapes raw HTML and drops dangerous links; the sanitiser is a second safeguard.
    """
    cleaned = nh3.clean(
        _parser().render(text),
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_absolute_links,
        url_schemes=SCHEMES,
        link_rel="nofollow noopener",
    )
    return Markup(cleaned)  # noqa: S704 # sanitised in the line above
