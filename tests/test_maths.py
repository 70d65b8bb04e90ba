"""TeX between dollars is MathML on the page, and nothing in it can do anything."""

import re

import pytest

from kb.site.markdown import to_html
from kb.site.maths import ATTRIBUTES, TAGS

PROSE = {"p", "code", "em"}


def elements(html):
    """Return the names of all elements."""
    return set(re.findall(r"<(\w+)", html))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            r"at $\sigma_w^2 \le 2$ it",
            "<msubsup><mi>\u03c3</mi><mi>w</mi><mn>2</mn></msubsup><mo>\u2264</mo><mn>2</mn>",
        ),
        (r"$$\frac{1}{n}$$", '<math display="block"><mrow><mfrac>'),
        ("$a<b$", "<mi>a</mi><mo>&lt;</mo><mi>b</mi>"),
    ],
)
def test_tex_becomes_mathml(text, shown):
    """Inline, as a line of its own, and with a letter that HTML would take for a tag."""
    html = to_html(text)
    assert shown in html
    assert "$" not in html
    assert "\\" not in html


@pytest.mark.parametrize("text", ["from $5 to $10", r"\$x\$", "$ x $", "`$x$`"])
def test_dollars_that_are_no_formula_stay(text):
    """Prices, escaped dollars, dollars with space inside, and code."""
    html = to_html(text)
    assert "<math" not in html
    assert html.count("$") == 2


@pytest.mark.parametrize("tex", [r"}{", r"\left(", "a_b_c", r"\begin{x}", "{" * 3000])
def test_what_cannot_be_read_is_shown_as_code(tex):
    """A build does not end at a slip in a formula, and the page does not hide it."""
    assert to_html(f"so ${tex}$ is") == f"<p>so <code>{tex}</code> is</p>\n"


@pytest.mark.parametrize(
    "tex",
    [
        r"\text{<script>window.hit=1</script>}",
        r"\href{javascript:window.hit=1}{x}",
        r"\style{background:url(https://e.org)}{x}",
        r"\color{red;background:url(https://e.org)}{x}",
        r"\class{md-header}{x}",
        r"\mathrm{</math><img src=x onerror=window.hit=1>}",
        "<img src=x onerror=window.hit=1>",
    ],
)
def test_a_formula_cannot_do_anything(tex):
    """Only elements and attributes of the list are left."""
    html = to_html(f"a ${tex}$ b")
    assert elements(html) <= TAGS | PROSE
    allowed = {name for names in ATTRIBUTES.values() for name in names}
    assert set(re.findall(r'<\w[^>]*? (\w+)="', html)) <= allowed
