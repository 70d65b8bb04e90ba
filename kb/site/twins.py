"""The plain Markdown twin of each page, for programs that read text: no HTML, and figures in words.

A twin lies beside its page, where llmstxt.org has programs look for it. Our pages are Markdown whose HTML is
on lines of its own, written by our templates, which escape every angle bracket of a text: so tags are all
that stands between such brackets. A figure becomes the sentence that describes it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

_PARTS = re.compile(
    r"^(?P<fence>`{3,})[^\n]*\n.*?^(?P=fence)$"
    r"|^(?P<html><[^\n]*)$"
    r"|^(?P<heading>#{1,6} [^\n]*?)(?:[ \t]*\{:?[^\n{}]*\})?[ \t]*$"
    r"|(?P<code>`[^`\n]+`)|(?P<list>\{:? ?[#.][^{}\n]*\})",
    re.MULTILINE | re.DOTALL,
)
"""What of a page is not yet plain, and code, which may look like it."""
_HIDDEN = re.compile(
    r"<(script|style|template|select|button|form)\b.*?</\1>|<svg[^>]*aria-hidden.*?</svg>|<!--.*?-->",
    re.DOTALL,
)
_FIGURE = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
_DESCRIPTION = re.compile(r"<desc\b[^>]*>(.*?)</desc>", re.DOTALL)
_TITLE = re.compile(r"<title\b[^>]*>(.*?)</title>", re.DOTALL)
_FORMULA = re.compile(r"<math\b.*?</math>", re.DOTALL)
_TAG = re.compile(r"<(/?)([a-zA-Z][\w-]*)([^>]*)>")
_LINK = re.compile(r'\bhref="([^"]*)"')
_CLASS = re.compile(r'\bclass="([^"]*)"')
_SPECIAL = re.compile(r"([\\`*\[\]<]|(?<!\w)_|_(?!\w))")
_EMPTY = frozenset({"br", "hr", "img", "input", "link", "meta", "wbr", "col"})
_MARKS = {"strong": "**", "b": "**", "em": "*", "i": "*"}
_ASIDES = frozenset({"why", "warning", "leans"})
"""Classes of what stands apart on a page by its place or its shade, and in a text by brackets."""
_BLOCKS = frozenset(
    (
        *(
            "p",
            "div",
            "section",
            "figure",
            "figcaption",
            "article",
            "header",
            "footer",
            "nav",
            "main",
            "aside",
        ),
        *("details", "summary", "ul", "ol", "li", "dl", "dt", "dd", "table", "pre", "blockquote", "hr"),
        *("h1", "h2", "h3", "h4", "h5", "h6"),
    )
)


@dataclass
class _Element:
    """An element with what it holds: texts, which are still escaped, and elements."""

    tag: str
    attributes: str = ""
    children: list[_Element | str] = field(default_factory=list)


def twin(markdown: str) -> str:
    r"""Return a page's Markdown without its HTML, attribute lists and empty lines in a row.

    >>> twin('# A {: #a }\n\n<p>It is <b>so</b>.</p>')
    '# A\n\nIt is **so**.\n'
    """
    return re.sub(r"\n{3,}", "\n\n", _PARTS.sub(_as_text, markdown)).strip() + "\n"


def _as_text(part: re.Match[str]) -> str:
    """Return code as it is, a line of HTML as Markdown, and no list of attributes."""
    if part["html"]:
        return plain(part["html"])
    if part["list"]:
        return ""
    return f"{html.unescape(part['heading']).rstrip()}\n" if part["heading"] else part[0]


def plain(fragment: str) -> str:
    """Return a fragment of our HTML as Markdown."""
    fragment = _HIDDEN.sub("", fragment)
    fragment = _FIGURE.sub(lambda found: _described(found[0]), fragment)
    fragment = _FORMULA.sub(lambda found: f"<code>{html.escape(formula(found[0]))}</code>", fragment)
    return "\n\n".join(_blocks(_tree(fragment)))


def formula(mathml: str) -> str:
    """Return a formula in one line of plain characters.

    >>> formula("<math><msup><mi>x</mi><mn>2</mn></msup></math>")
    'x^2'
    """
    return _said(ET.fromstring(mathml))  # noqa: S314  # made by our own build


def _said(node: ET.Element) -> str:
    parts = [_said(child) for child in node]
    name = node.tag.rpartition("}")[2]
    joined: dict[str, Callable[[], str]] = {
        "msup": lambda: f"{parts[0]}^{_held(parts[1])}",
        "msub": lambda: f"{parts[0]}_{_held(parts[1])}",
        "msubsup": lambda: f"{parts[0]}_{_held(parts[1])}^{_held(parts[2])}",
        "mfrac": lambda: f"{_held(parts[0])}/{_held(parts[1])}",
        "msqrt": lambda: f"√({''.join(parts)})",
    }
    return joined[name]() if name in joined else (node.text or "").strip() + "".join(parts)


def _held(part: str) -> str:
    return part if len(part) == 1 or part.isalnum() else f"({part})"


def _described(figure: str) -> str:
    found = _DESCRIPTION.search(figure) or _TITLE.search(figure)
    return f"<p>Figure: {found[1]}</p>" if found else ""


def _tree(fragment: str) -> _Element:
    """Return the elements of a fragment; an end without a start, or a start without an end, ends nothing."""
    root = _Element("div")
    open_ones = [root]
    place = 0
    for tag in _TAG.finditer(fragment):
        if tag.start() > place:
            open_ones[-1].children.append(fragment[place : tag.start()])
        place = tag.end()
        is_end, name, attributes = tag[1], tag[2].lower(), tag[3]
        if not is_end:
            made = _Element(name, attributes)
            open_ones[-1].children.append(made)
            if name not in _EMPTY and not attributes.endswith("/"):
                open_ones.append(made)
        elif name in (each.tag for each in open_ones[1:]):
            while open_ones.pop().tag != name:
                pass
    open_ones[-1].children.append(fragment[place:])
    return root


def _blocks(element: _Element) -> Iterator[str]:
    """Yield the blocks of an element, each a paragraph, a list, a table or the like."""
    running: list[_Element | str] = []
    for child in element.children:
        if isinstance(child, _Element) and _holds_blocks(child):
            yield from _paragraph(running)
            running = []
            yield from _block(child)
        else:
            running.append(child)
    yield from _paragraph(running)


def _holds_blocks(element: _Element) -> bool:
    return element.tag in _BLOCKS or any(
        isinstance(child, _Element) and _holds_blocks(child) for child in element.children
    )


def _paragraph(children: Sequence[_Element | str]) -> Iterator[str]:
    if text := _inline(children):
        yield text


def _block(element: _Element) -> Iterator[str]:
    tag = element.tag
    if tag in ("ul", "ol"):
        yield from _list(element)
    elif tag == "table":
        yield from _table(element)
    elif tag == "pre":
        code = html.unescape(re.sub(r"<[^>]*>", "", _raw(element))).strip("\n")
        yield f"```\n{code}\n```"
    elif tag[0] == "h" and tag[1:].isdigit():
        yield f"{'#' * int(tag[1])} {_inline(element.children)}"
    elif tag in ("summary", "dt") or (tag == "p" and "term" in _classes(element)):
        yield f"**{_inline(element.children)}**"
    elif tag == "blockquote":
        yield "\n".join(f"> {line}".rstrip() for line in "\n\n".join(_blocks(element)).splitlines())
    elif tag != "hr":
        yield from _blocks(element)


def _classes(element: _Element) -> list[str]:
    found = _CLASS.search(element.attributes)
    return found[1].split() if found else []


def _raw(element: _Element) -> str:
    return "".join(child if isinstance(child, str) else _raw(child) for child in element.children)


def _list(element: _Element) -> Iterator[str]:
    items = []
    for number, item in enumerate(_all(element, "li", stop=("ul", "ol")), start=1):
        mark = "- " if element.tag == "ul" else f"{number}. "
        parts = [*_blocks(item)]
        is_short = not any("\n" in part or part.startswith(("- ", "1. ", "#")) for part in parts)
        inner = (" " if is_short else "\n\n").join(parts).replace("\n", "\n" + " " * len(mark))
        items.append(mark + re.sub(r"\n +\n", "\n\n", inner))
    if items:
        yield "\n".join(items)


def _all(element: _Element, tag: str, stop: tuple[str, ...] = ()) -> Iterator[_Element]:
    """Yield the elements of a name within another, other than within those that `stop` names."""
    for child in element.children:
        if isinstance(child, _Element):
            if child.tag == tag:
                yield child
            elif child.tag not in stop:
                yield from _all(child, tag, stop)


def _table(element: _Element) -> Iterator[str]:
    """Yield a caption, and the rows; a table without a head has an empty one, as Markdown needs it."""
    for caption in _all(element, "caption"):
        yield from _paragraph(caption.children)
    rows = [[*_cells(row)] for row in _all(element, "tr")]
    if not rows:
        return
    first = next(_all(element, "tr"))
    if any(True for _ in _all(first, "td")):
        rows.insert(0, [""] * len(rows[0]))
    width = max(map(len, rows))
    filled = [[*row, *[""] * (width - len(row))] for row in rows]
    lines = [f"| {' | '.join(row)} |" for row in filled]
    yield "\n".join([lines[0], "|" + "---|" * width, *lines[1:]])


def _cells(row: _Element) -> Iterator[str]:
    for cell in row.children:
        if isinstance(cell, _Element) and cell.tag in ("td", "th"):
            yield _inline(cell.children).replace("|", "\\|")


def _inline(children: Sequence[_Element | str]) -> str:
    """Return texts and elements on one line."""
    return " ".join("".join(_words(children)).split())


def _words(children: Sequence[_Element | str]) -> Iterator[str]:
    for child in children:
        if isinstance(child, str):
            yield _SPECIAL.sub(r"\\\1", html.unescape(child))
        elif child.tag == "a" and (link := _LINK.search(child.attributes)):
            said = _inline(child.children)
            yield f"[{said}]({html.unescape(link[1]).replace(' ', '%20')})" if said else ""
        elif child.tag in ("code", "kbd"):
            yield f"`{html.unescape(re.sub(r'<[^>]*>', '', _raw(child)))}`"
        elif child.tag in _MARKS:
            yield f"{_MARKS[child.tag]}{_inline(child.children)}{_MARKS[child.tag]}"
        elif child.tag == "br":
            yield " "
        elif _ASIDES & {*_classes(child)}:
            yield f" ({_inline(child.children)}) "
        else:
            inner = "".join(_words(child.children))
            yield f" {inner} " if child.tag in _BLOCKS or "badge" in _classes(child) else inner
