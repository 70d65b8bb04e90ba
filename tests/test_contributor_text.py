"""Every character that a contributor writes shows on the page, or marks something that does."""

import html
import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.site.markdown import to_html


def shown(text):
    """Return what a reader sees of a text, numbers of lists included."""
    page = re.sub(r'<li value="(\d+)">', r"\1. ", str(to_html(text)))
    return html.unescape(re.sub(r"<[^>]*>", "", page)).strip()


@pytest.mark.parametrize(
    "text",
    [
        *(
            "> 90 % of it",
            "1986. Back-propagation was published.",
            "~~not~~ so",
            "~~~~",
            "~~~\nx\n~~~",
            "# of seeds",
            "+ 5 %",
        ),
        *("| a | b |\n|---|---|\n| 1 | 2 |", "Title\n===", "a\n---\nb", "***", "1) one\n2) two"),
        *("[a]: https://example.org", "[a](b.md)", "[a](javascript:alert(1))", "2*3*4 and 2**3**4"),
        *("__init__ and _x_", "&nbsp; a &lt; b", "<b>bold</b>", "C:\\dir", "it was\n1986. Then", "f*(x)*g"),
        *("\\(open", "close\\) and \\]", "a \\( \\) b"),
    ],
)
def test_what_is_no_markup_here_stays_as_it_is_written(text):
    """Quotations, headings, tables, strikes, rules, entities, and lists that start elsewhere."""
    assert shown(text) == text


def test_an_image_leaves_its_sign_its_words_and_its_address():
    """Nothing is loaded."""
    page = to_html("![a coin](https://example.org/coin.png)")
    assert "<img" not in page
    assert '!<a href="https://example.org/coin.png"' in page
    assert "a coin" in page


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("*so* and **so**", "<em>so</em> and <strong>so</strong>"),
        ("1. a\n2. b", "<ol>\n<li>a</li>\n<li>b</li>\n</ol>"),
        ("1. a\n3. b", '<li value="3">b</li>'),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("`a_b*c*`", "<code>a_b*c*</code>"),
        ('[a](https://example.org "why")', 'title="why"'),
        ("[a](ftp://example.org/a)", 'href="ftp://example.org/a"'),
    ],
)
def test_markup_that_fields_need_works(text, part):
    """Emphasis, lists, code and links."""
    assert part in to_html(text)


@pytest.mark.parametrize(
    ("tex", "part"),
    [
        (r"\operatorname*{arg\,min}_x", "<mi>n</mi></mrow><mi>x</mi></msub>"),
        (r"\mathbf{1}", "<mn>\U0001d7cf</mn>"),
        (r"\boldsymbol{\theta}", "<mi>\U0001d73d</mi>"),
        (r"\mathrm{d}x", '<mi mathvariant="normal">d</mi><mi>x</mi>'),
        (r"a\quad b", '<mspace width="1em">'),
        (r"\hat{y}", '<mover accent="true">'),
        (r"\binom{n}{k}", '<mfrac linethickness="0">'),
        (r"50\%", "%"),
    ],
)
def test_formulas_keep_signs_weights_and_spaces(tex, part):
    """No stray star, and bold is bold in every browser."""
    page = to_html(f"${tex}$")
    assert part in page
    assert "*" not in page


@pytest.mark.parametrize(
    "tex",
    [
        *(
            r"\cancel{x}",
            r"\unknown{x}",
            r"\label{a}x",
            "50% of x",
            r"\hspace{100em}x",
            r"\not=",
            r"\color{red}x",
        ),
        r"\href{https://example.org}{x}",
    ],
)
def test_a_formula_that_cannot_be_shown_whole_is_code(tex):
    """With every character of it."""
    assert to_html(f"${tex}$") == f"<p><code>{tex}</code></p>\n"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (r"so \(a^2\) is", "<p>so <math"),
        (r"\[a^2\]", '<math display="block">'),
        (r"so \[a^2\] is", "</math> is</p>"),
        ("\\[\na^2\n\\]", '<math display="block">'),
        (r"\(a_b_c\)", "<code>a_b_c</code>"),
    ],
)
def test_brackets_of_latex_hold_formulas(text, part):
    """As dollars do."""
    page = to_html(text)
    assert part in page
    assert "\\" not in page


PIECES = st.sampled_from(
    [*"ab19~#>|+=!%^&<>.:; \n", "1. ", "\n\n", "~~", "> ", "# ", "| ", "---", "===", "&lt;", "![", "]", "- "]
)


@given(st.lists(PIECES, max_size=30).map("".join))
def test_no_sign_without_a_meaning_here_is_ever_lost(text):
    """Whatever stands around it; spaces, points of lists and their numbers aside."""

    def counted(told):
        return Counter(char for char in told if not char.isspace() and char not in "1.-")

    assert counted(shown(text)) == counted(text)
