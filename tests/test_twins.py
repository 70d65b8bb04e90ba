"""Markdown twins of pages, and the list of them, hold text alone and lead to what is there."""

import os
import re
from html.parser import HTMLParser

import pytest
from click.testing import CliRunner
from markdown_it import MarkdownIt

from kb.exports.llms import FILE, TWIN
from kb.site.twins import formula, plain, twin
from repro.cli import cli
from tests.machine_sites import HOME, site_of, texts_of
from tests.states_project import write_states_project


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Return a project with one claim in each state."""
    return write_states_project(tmp_path_factory.mktemp("twins"))


@pytest.fixture(scope="module")
def site(project):
    """Return the folder of its built site."""
    os.environ["SOURCE_DATE_EPOCH"] = "1700000000"
    result = CliRunner().invoke(cli, ["--root", str(project), "site", "build", "--quiet"])
    assert result.exit_code == 0, result.output
    return project / "build" / "site"


class Heads(HTMLParser):
    """Collects the links to Markdown in a page's head."""

    def __init__(self, text):
        super().__init__()
        self.twins = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        """Keep an alternate of the right type."""
        found = dict(attributes)
        is_alternate = "alternate" in (found.get("rel") or "").split()
        if tag == "link" and is_alternate and found.get("type") == "text/markdown":
            self.twins.append(found["href"])


def test_every_page_names_a_twin_that_is_there(site):
    """Beside the page itself; pages to embed and those of moved claims are no pages of ours."""
    for page in site.rglob("index.html"):
        text = page.read_text(encoding="utf-8")
        if "md-content" in text:
            (href,) = Heads(text).twins
            assert (page.parent / href).resolve().name == TWIN
            assert (page.parent / href).read_text(encoding="utf-8").count("# ") >= 1


def tokens_of(text):
    """Return everything that a Markdown parser that admits HTML finds in a text."""
    for token in MarkdownIt("commonmark").parse(text):
        yield token
        yield from token.children or ()


def test_no_twin_holds_html_or_marks_of_our_own(site):
    """Not even where a text speaks of angle brackets or of brackets."""
    found = sorted(site.rglob(TWIN))
    assert len(found) > 40
    for path in found:
        text = path.read_text(encoding="utf-8")
        spoilt = [token.content for token in tokens_of(text) if token.type in ("html_block", "html_inline")]
        assert spoilt == [], path
        prose = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)
        assert not re.search(r"\{[:%#]|%\d+%|&#?\w+;", prose), path


def test_a_twin_says_what_its_page_says(site):
    """Answer, predictions with their limits and values, and who says it."""
    text = (site / "claims/toy-claim" / TWIN).read_text(encoding="utf-8")
    assert "The loaded coin showed 30 points more heads than the fair one." in text
    assert re.search(r"^\| Prediction \| Limit \| Measured \| Seeds \| Decision \|$", text, re.MULTILINE)
    assert "](../../sources/toy-source/)" in text


def test_hand_written_pages_lead_to_addresses(site):
    """Since the files they name in the repository are not on the site."""
    text = (site / "contribute" / TWIN).read_text(encoding="utf-8")
    assert not re.search(r"\]\((?!https?:)[^)]*(?<!html)\.md[)#]", text)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a &lt;b&gt; *c* [d]</p>", r"a \<b> \*c\* \[d\]"),
        ('<p>see <a href="../x/?a&amp;b">one <b>two</b></a>.</p>', "see [one **two**](../x/?a&b)."),
        ("<ul><li>a</li><li>b<ol><li>c</li></ol></li></ul>", "- a\n- b\n\n  1. c"),
        ('<svg role="img"><title>t</title><desc>It fell.</desc><path d="M0 0"/></svg>', "Figure: It fell."),
        ('<p>held<svg aria-hidden="true"><path d="M0 0"/></svg></p>', "held"),
        ("<pre><code>a &lt; b\n  c</code></pre>", "```\na < b\n  c\n```"),
        (
            "<table><tr><th>a</th></tr><tr><td>b|c</td></tr></table>",
            "| a |\n|---|\n| b\\|c |",
        ),
        ('<p>Fell.<span class="why">by half</span></p>', "Fell. (by half)"),
        ("<details><summary>More</summary><p>Less</p></details>", "**More**\n\nLess"),
        ("<p>snake_case _and_ 2*3</p>", r"snake_case \_and\_ 2\*3"),
        ("<form><input><button>Go</button></form><p>x</p>", "x"),
        ("<p>unclosed <b>bold", "unclosed **bold**"),
    ],
)
def test_html_becomes_markdown(html, text):
    """Whatever our templates write has a plain form."""
    assert plain(html) == text


def test_code_stays_as_it_is():
    """What looks like HTML within it, too."""
    page = "# Run {: #run }\n\n```sh\n<p>a</p> {: b }\n```\n\n<p>c</p>"
    assert twin(page) == "# Run\n\n```sh\n<p>a</p> {: b }\n```\n\nc\n"


def test_formulas_are_said_in_a_line():
    """With what stands above and below."""
    fraction = "<mfrac><mi>a</mi><mrow><mi>b</mi><mo>+</mo><mn>1</mn></mrow></mfrac>"
    assert formula(f"<math><msub><mi>x</mi><mi>i</mi></msub><mo>=</mo>{fraction}</math>") == "x_i=a/(b+1)"


def test_the_list_has_the_form_that_is_proposed(project):
    """One heading, a summary, sections of links with notes; nothing else than headings of two levels."""
    text = texts_of(site_of(project))[FILE]
    first, summary, *_ = text.split("\n\n")
    assert first == "# Assay"
    assert summary.startswith("> ")
    sections = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    assert sections[-1].startswith("Optional\n")
    for section in sections:
        _, _, *lines = section.rstrip("\n").split("\n")
        assert lines
        assert all(re.match(r"- \[.+\]\(https://\S+\): \S", line) for line in lines), section


def test_the_list_leads_to_twins_that_are_there(project, site):
    """And names every claim, with what came out."""
    text = texts_of(site_of(project))[FILE]
    linked = [each.removeprefix(HOME) for each in re.findall(r"\((https://\S+)\)", text)]
    assert [path for path in linked if not (site / path).is_file()] == []
    assert {f"claims/{i}/{TWIN}" for i in site_of(project).base.claims} <= {*linked}
    assert "The loaded coin showed 30 points more heads than the fair one." in text
