"""Different people stay apart on every page and in the graph; spellings of one name are one person."""

import pytest

from kb.reading.load import load_base
from kb.reading.tree import Folder
from kb.reasoning.graph import build
from kb.reasoning.people import identity, people, plain_id
from kb.site.pages.people import people as speakers

SOURCE = "claims/sources/toy-source.yaml"


def base_with(project, *names):
    """Return a project whose only source has these authors."""
    path = project / SOURCE
    authors = "\n".join(f"  - {{literal: {name}}}" for name in names)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("  - {family: Doe, given: Jane}", authors), encoding="utf-8")
    base = load_base(Folder(project))
    assert base.problems == ()
    return base


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("राम", "रोम"),
        ("ガトウ", "カトウ"),
        ("Müller", "Muller"),
        ("Müller", "Mùller"),
        ("Йорк", "Иорк"),
        ("Ελένη", "Ελενη"),
        ("กา", "กี"),
        ("葛城", "葛\U000e0100城"),
    ],
)
def test_different_people_have_a_page_and_a_node_each(project, first, second):
    """Marks of every script tell people apart, and each node and page has the label of its own person."""
    base = base_with(project, first, second)
    named = people(base)
    assert named[first].id != named[second].id
    labels = {data["label"] for _, data in build(base).nodes(data=True) if data["type"] == "person"}
    assert labels >= {first, second}
    assert {first, second} <= {speaker.name for speaker in speakers(base)}


def test_a_name_without_accents_keeps_its_id(project):
    """Whoever else there is; and an accent alone changes none."""
    both = people(base_with(project, "Müller", "Muller"))
    assert (both["Muller"].id, plain_id("Müller")) == ("muller", "muller")
    assert both["Müller"].id.startswith("muller-")


def test_an_accent_needs_no_mark_where_nobody_is_alike(project):
    """Most ids are plain."""
    assert people(base_with(project, "Léon Bottou"))["Léon Bottou"].id == "leon-bottou"


def test_spellings_of_one_name_are_one_person_with_one_label(project):
    """Case, spaces and full stops make no other person, and page and graph agree on the label."""
    base = base_with(project, "Yann A. LeCun", "Yann A Lecun")
    named = people(base)
    assert named["Yann A. LeCun"] == named["Yann A Lecun"]
    assert named["Yann A Lecun"].name == "Yann A. LeCun"
    labels = [data["label"] for name, data in build(base).nodes(data=True) if name == "person:yann-a-lecun"]
    assert labels == ["Yann A. LeCun"]


@pytest.mark.parametrize(("one", "other"), [("!", "<>"), ("Öz", "Oz"), ("Weiß", "Weiss"), ("İ", "I")])
def test_other_names_are_other_people(one, other):
    """Also those without a letter."""
    assert identity(one) != identity(other)


@pytest.mark.parametrize(
    "name", ["Jane D\u043ee", "Y\u0430nn LeCun", "\u0410. LeCun", "R\u03bfe", "\u0421\u043ec\u0430"]
)
def test_a_letter_of_another_script_in_a_name_is_told(project, name):
    """In authors and in those who are quoted, also in an initial."""
    path = project / "claims/toys/toy-claim.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("by: Jane Doe", f"by: {name}"), encoding="utf-8")
    assert [problem.code for problem in load_base(Folder(project)).problems] == ["mixed-scripts"]


def test_parts_of_a_name_are_of_one_script(project):
    """A given name in Latin letters and a Cyrillic family name that looks Latin are a trap."""
    path = project / SOURCE
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("family: Doe", "family: \u0421\u043e\u0445"), encoding="utf-8")
    assert "mixed-scripts" in [problem.code for problem in load_base(Folder(project)).problems]


@pytest.mark.parametrize(
    "name",
    [
        "Иван Петров",
        "Яндекс Research",
        "Öz & Sons",
        "β-Group",
        "東京Lab",
        "Ελένη",
        "J. Łoś",
        "μP Lab",
        "ΦFlow",
    ],
)
def test_names_of_one_script_a_word_are_fine(project, name):
    """Groups may have words of several scripts."""
    base_with(project, name)
