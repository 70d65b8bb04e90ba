"""Lets finished lines of HTML bypass the Markdown engine, which would parse every tag of them in vain.

An exported tree keeps its lines of HTML; only our own build takes them out first and puts them back later.
"""

from __future__ import annotations

import itertools
import re

_FENCE_OR_HTML = re.compile(r"^(`{3,})[^\n]*\n.*?^\1$|^<[^\n]*$", re.MULTILINE | re.DOTALL)
_BARE = re.compile(r"<table>(.*?)</table>", re.DOTALL)
_SKIP = re.compile(r'(<div data-md-component="skip">).*?</div>', re.DOTALL)
_HEADING = re.compile(r"<h1([^>]*)>")
_ID = re.compile(r' id="([^"]*)"')
HEADING = "heading"
"""The id of a page's heading where it has none of its own."""
_MARK = re.compile(r"<p>%(\d+)%</p>")


def take_out(markdown: str) -> tuple[str, list[str]]:
    """Return Markdown with a mark in place of each line of HTML outside code, and these lines.

    >>> take_out("<p>a</p>")
    ('%0%', ['<p>a</p>'])
    """
    lines: list[str] = []

    def marked(match: re.Match[str]) -> str:
        if match[1]:
            return match[0]
        lines.append(match[0])
        return f"%{len(lines) - 1}%"

    return _FENCE_OR_HTML.sub(marked, markdown), lines


def put_back(html: str, lines: list[str]) -> str:
    """Return HTML in which each mark is replaced by its line.

    >>> put_back("<p>%0%</p><h2>b</h2>", ["<p>a</p>"])
    '<p>a</p><h2>b</h2>'
    """
    return _MARK.sub(lambda match: lines[int(match[1])], html)


def without_indentation(html: str) -> str:
    """Return a page without the theme's indentation, a quarter of its bytes; `pre` blocks stay as they are.

    Code may be wider than the page, so the keyboard must reach it to scroll.
    """
    html = re.sub(r"(<pre[^>]*>(?:<span></span>)?<code)(?=[ >])", r'\1 tabindex="0"', html)
    parts = re.split(r"(<pre\b.*?</pre>)", html, flags=re.DOTALL)
    return "".join(part if index % 2 else re.sub(r"\s*\n\s*", "\n", part) for index, part in enumerate(parts))


def with_skip(html: str) -> str:
    """Return a page whose first link skips to its heading, wherever the theme would have led.

    The theme leads to the first entry of its table of contents, which lies below what our pages open with.

    >>> with_skip('<div data-md-component="skip"></div><h1>a</h1>').partition("</div>")[2]
    '<h1 id="heading">a</h1>'
    """
    if (heading := _HEADING.search(html)) is None or not _SKIP.search(html):
        return html
    given = _ID.search(heading[1])
    if not given:
        html = f'{html[: heading.start()]}<h1 id="{HEADING}"{html[heading.start() + 3 :]}'
    target = given[1] if given else HEADING
    return _SKIP.sub(
        lambda found: f'{found[1]}<a href="#{target}" class="md-skip">Skip to content</a></div>', html
    )


def scrolling(html: str) -> str:
    """Return a page with each bare table in a frame that scrolls on narrow screens and takes the focus.

    The theme would add the frame only in the browser, where the keyboard could not reach it.
    """
    tables = itertools.count(1)
    return _BARE.sub(
        lambda table: (
            f'<div class="scroll" role="region" aria-label="Table {next(tables)}" tabindex="0">'
            f'<table class="page-table">{table[1]}</table></div>'
        ),
        html,
    )
