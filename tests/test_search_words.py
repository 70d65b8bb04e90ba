"""What the search reads of a page: other words, American spelling, and texts without spaces."""

import pytest

from kb.exports.published import Site
from kb.project import read
from kb.reading.tree import Folder
from kb.site.page import Page
from kb.site.render import render
from kb.site.search import american, entries
from tests.states_project import write_states_project


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("Batch normalisation", "normalization"),
        ("optimisers generalise", "optimizers generalize"),
        ("initialised in the centre of its neighbours", "initialized center neighbors"),
        ("overparametrisation", "overparametrization"),
        ("labelled by rigour", "labeled rigor"),
        ("otherwise precise noise rises, four hours", ""),
    ],
)
def test_american_spelling_is_an_alias(text, spelled):
    """Only of words that are spelled otherwise."""
    assert american(text) == spelled


def test_debates_and_claims_come_before_sources():
    """They count more for the same words."""
    paths = ("debates/a.md", "claims/a.md", "sources/a.md")
    boosts = [found["boost"] for found in entries(Page(path, "", {}, "A", "a") for path in paths)]
    assert boosts == sorted(boosts, reverse=True)
    assert len({*boosts}) == 3


def test_other_words_for_a_record_count_most():
    """They are the tags of its page."""
    [found] = entries([Page("claims/a.md", "", {}, "A", "a", ("double descent",))])
    assert found["tags"] == ["double descent"]


def test_a_text_without_spaces_is_parted_where_it_meets_latin_letters():
    """Words on both sides are found."""
    [found] = entries([Page("claims/a.md", "", {}, "AI研究とGPU", "a")])
    assert found["title"].split("\u200b") == ["AI", "研", "究", "と", "GPU"]


def test_results_carry_the_state_and_people_and_experiments_are_found(tmp_path):
    """A claim's result says what came out; a script is found by its question, a person by name."""
    root = write_states_project(tmp_path)
    found = {each["location"]: each["title"] for each in entries(render(Site(read(Folder(root)), root)))}
    assert found["claims/toy-claim/"].endswith(" \u2013 reproduced")
    assert found["people/jane-doe/"] == "Jane Doe"
    assert found["experiments/coin/"].endswith("?")
