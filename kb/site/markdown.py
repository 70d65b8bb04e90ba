"""Contributors' Markdown as HTML that cannot do anything: no raw HTML, no script, no image, no style.

Every visible character of a text is visible on the page, other than those that mark emphasis, code, a list, a
link or a formula. So whatever Markdown would turn into something that a field has no use for, or would leave
out, stays as it is written: headings, quotations, tables, strikes, images, definitions of links, and lists
that do not start at 1, such as a sentence that starts with a year.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.rules_block import StateBlock, fence, list_block
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup
from mdit_py_plugins.dollarmath import dollarmath_plugin

from kb.site import maths

TAGS = {"p", "br", "em", "strong", "code", "pre", "ul", "ol", "li", "a", *maths.TAGS}
ATTRIBUTES = {"a": {"href", "title"}, "li": {"value"}, **maths.ATTRIBUTES}
SCHEMES = {"http", "https", "ftp"}
WITHOUT = (
    "blockquote",
    "heading",
    "lheading",
    "hr",
    "image",
    "reference",
    "strikethrough",
    "table",
    "entity",
)
"""Rules of Markdown that would take characters out of a text without need."""
_NO_LIST = re.compile(r"[0-9]+[.)]|\+")
_MARKS = re.compile(r"\*+|_+")
_BRACKETS = {"(": (r"\)", "math_inline"), "[": (r"\]", "math_inline_double")}
"""After a backslash: what ends a formula in LaTeX's brackets, and its token."""


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("js-default").disable([*WITHOUT])
    no_prices = {"allow_space": False, "allow_digits": False}
    parser.use(dollarmath_plugin, **no_prices, double_inline=True, renderer=maths.to_mathml)
    parser.inline.ruler.before("escape", "bracket_math", _bracket_math)
    parser.inline.ruler.before("emphasis", "no_emphasis", _no_emphasis)
    parser.block.ruler.at("list", _list_from_one, {"alt": ["paragraph"]})
    parser.block.ruler.at("fence", _fence_of_ticks, {"alt": ["paragraph", "list"]})
    parser.add_render_rule("math_inline_double", _displayed)
    parser.core.ruler.after("block", "number_items", _number_items)
    parser.validateLink = _is_absolute  # type: ignore[method-assign, assignment]  # the library's way to choose links
    return parser


def _bracket_math(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 # the library's interface
    r"""Read \( ... \) and \[ ... \] as formulas, as LaTeX does."""
    start = state.pos
    bracket = state.src[start + 1 : start + 2]
    if state.src[start] != "\\" or not bracket or bracket not in "()[]":
        return False
    end, token_type = _BRACKETS.get(bracket, ("", ""))
    stop = state.src.find(end, start + 2, state.posMax) if end else -1
    content = state.src[start + 2 : stop] if stop >= 0 else ""
    if not content.strip():  # no formula, but nothing to leave out either
        state.pending += "" if silent else f"\\{bracket}"
        state.pos += 2
        return True
    if not silent:
        token = state.push(token_type, "math", 0)
        token.content = content
        token.markup = "$"
    state.pos = stop + len(end)
    return True


def _displayed(
    self: RendererProtocol, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    """Return a displayed formula within its paragraph, which the plugin's own frame would end."""
    del self, options, env
    return maths.to_mathml(tokens[index].content, {"display_mode": True})


def _no_emphasis(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 # the library's interface
    """Leave underscores, and a star between two letters or digits, as the characters that they are."""
    run = _MARKS.match(state.src, state.pos)
    if run is None:
        return False
    around = state.src[: run.start()][-1:], state.src[run.end() : run.end() + 1]
    if run[0][0] == "*" and not all(each.isalnum() for each in around):
        return False
    if not silent:
        state.pending += run[0]
    state.pos = run.end()
    return True


def _fence_of_ticks(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 # as above
    """Read code between lines of backticks, not of tildes."""
    return not state.src.startswith("~", state.bMarks[start] + state.tShift[start]) and fence(
        state, start, end, silent
    )


def _list_from_one(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 # as above
    """Read a list of points, or one that counts from 1; other numbers and signs belong to their sentence."""
    line = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]]
    is_next_item = silent and state.sCount[start] < state.blkIndent
    if _NO_LIST.match(line) and not line.startswith("1. ") and not is_next_item:
        return False
    return list_block(state, start, end, silent)


def _number_items(state: StateCore) -> None:
    """Let an item say its number where it is not the next one."""
    counts: list[int] = []
    for token in state.tokens:
        if token.type.endswith("_list_open"):
            counts.append(0)
        elif token.type.endswith("_list_close"):
            counts.pop()
        elif token.type == "list_item_open" and token.info:
            number = int(token.info)
            if number != counts[-1] + 1:
                token.attrSet("value", str(number))
            counts[-1] = number


def _is_absolute(address: str) -> bool:
    """May a link lead there? A record does not know its page's address, so no relative one can be right."""
    return address.lower().startswith(tuple(f"{scheme}://" for scheme in SCHEMES))


def to_html(text: str) -> Markup:
    """Return Markdown as sanitised HTML.

    The parser already escapes raw HTML and leaves other links as text; the sanitiser is a second safeguard.
    """
    cleaned = nh3.clean(
        _parser().render(text),
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_filtered,
        url_schemes=SCHEMES,
        link_rel="nofollow noopener",
    )
    return Markup(cleaned)  # noqa: S704 # sanitised in the line above


def _filtered(tag: str, attribute: str, value: str) -> str | None:
    """Keep links that leave the site, and spaces in formulas that no page is too narrow for."""
    if (tag, attribute) == ("a", "href"):
        return value if _is_absolute(value) else None
    return value if maths.is_allowed(tag, attribute, value) else None
