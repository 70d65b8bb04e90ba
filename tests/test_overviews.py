"""Texts by hand about many verdicts: each sentence is suspect once what it speaks of is another."""

import json
import re

import pytest
from click.testing import CliRunner

from kb.exports.published import Site
from kb.project import read
from kb.reading.load import load_base
from kb.reading.overviews import parse
from kb.reading.tree import Folder
from kb.site.render import render
from kb.writing.review import with_marked_digest
from repro.cli import cli
from tests.machine_sites import site_of
from tests.states_project import ROOT, write_states_project

TEXT = """\
# Title

Plain words.
It holds. {a-claim, b: 0123abcd}

## A heading, with more

It fails. {c}
"""


@pytest.fixture
def root(tmp_path):
    """Return a project with one claim in each state, and overviews of which one sentence is suspect."""
    return write_states_project(tmp_path)


def said(root, *words):
    """Return what a command prints."""
    result = CliRunner().invoke(cli, ["--root", str(root), *words])
    assert result.exit_code == 0, result.output
    return result.output


def test_a_text_is_read_line_by_line():
    """Title, sections, paragraphs, and of each sentence the claims, the digest and the line."""
    found = parse("x", "claims/overviews/x.md", TEXT)
    first, second = found.sections
    assert (found.title, first.heading, second.heading) == ("Title", "", "A heading, with more")
    assert second.slug == "a-heading-with-more"
    assert [(each.says, each.claims, each.of, each.place.line) for each in found.statements] == [
        ("Plain words.", (), "", 3),
        ("It holds.", ("a-claim", "b"), "0123abcd", 4),
        ("It fails.", ("c",), "", 8),
    ]


@pytest.mark.parametrize(("line", "mark"), [(4, "{a-claim, b: ffffffff}"), (8, "{c: ffffffff}")])
def test_a_digest_replaces_the_former_one_and_nothing_else(line, mark):
    """All other lines stay as they are."""
    changed = with_marked_digest(TEXT, line, "ffffffff").split("\n")
    assert changed[line - 1].endswith(mark)
    assert [*changed[: line - 1], *changed[line:]] == [
        *TEXT.split("\n")[: line - 1],
        *TEXT.split("\n")[line:],
    ]


def test_check_lists_a_suspect_sentence_at_its_line(root):
    """As it does suspect answers, with what to do."""
    text = " ".join(said(root, "check").split())
    assert (
        "claims/overviews/answer.md:8:1: warning[suspect-answer]: the sentence of answer in line 8 why:"
        in text
    )
    assert "repro review answer --answers" in text


def test_a_sentence_about_a_claim_without_a_record_is_a_problem(root):
    """With the nearest name."""
    path = root / "claims/overviews/answer.md"
    path.write_text("# A\n\nIt holds. {toy-clam}\n", encoding="utf-8")
    [problem] = [each for each in load_base(Folder(root)).problems if each.code == "unknown-claim"]
    assert (problem.place.line, problem.nearest) == (3, "toy-claim")


def test_review_confirms_the_sentences_of_a_text(root):
    """Each is shown beside its verdicts; afterwards none is suspect, and the file carries the digest."""
    shown = said(root, "review", "answer", "--answers")
    shown = " ".join(shown.split())
    assert "Sentence of answer in line 8: Not by half." in shown
    assert "toy-split:" in shown
    assert "1 sentence confirmed in claims/overviews/answer.md." in shown
    assert re.search(
        r"Not by half\. \{toy-split: [0-9a-f]{8}\}", (root / "claims/overviews/answer.md").read_text()
    )
    assert said(root, "review", "answer").strip() == "0 suspect sentences."


def test_review_of_a_text_as_json(root):
    """Which sentences are suspect, with their places."""
    found = json.loads(said(root, "review", "answer", "--json"))
    assert [(each["path"], each["line"]) for each in found["suspect"]] == [("claims/overviews/answer.md", 8)]


def test_a_suspect_sentence_is_marked_on_its_page_and_no_other(root):
    """The build marks it, and says why."""
    pages = {page.path: page.content for page in render(Site(read(Folder(root)), root))}
    assert pages["answer.md"].count('<mark class="suspect">') == 1
    assert '<mark class="suspect">Not by half.</mark>' in pages["answer.md"]
    assert "to be read again: nobody has confirmed it" in pages["answer.md"]
    assert "suspect" not in pages["surprises.md"]


def test_each_sentence_leads_to_the_claims_that_it_speaks_of(root):
    """By links that say what came out."""
    pages = {page.path: page.content for page in render(Site(read(Folder(root)), root))}
    link = r'<a class="cite" href="claims/toy-claim/" title="[^"]+" aria-label="Reproduced: [^"]+">'
    assert re.search(link, pages["index.md"])


def test_every_figure_of_our_own_overviews_is_tied_to_claims():
    """A sentence with a number of what was measured names its claims; so do those of the start."""
    base = site_of(ROOT).base
    assert {"answer", "start", "surprises"} <= set(base.overviews)
    for overview in base.overviews.values():
        for each in overview.statements:
            measured = re.search(r"\d+(\.\d+)? (%|points)|\bpercent", each.says)
            assert each.claims or not measured, each
    subjects = base.overviews["start"].sections[1:]
    assert [section.heading for section in subjects][:2] == ["Batch normalisation", "Adam"]
    assert all(each.claims for section in subjects for each in section.statements)
