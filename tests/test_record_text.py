"""Records are written so that reading them gives them back, and changed so that nothing else changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.reading.load import load_base
from kb.reading.tree import Folder
from kb.text.guarded_text import GuardError
from kb.text.yaml_guard import compose
from kb.writing.edit import EditError, with_entry, with_item, with_value, without
from kb.writing.text import WIDTH, record_text

RECORD = {
    "title": "Yes: a title",
    "kind": "empirical",
    "statement": "word " * 60,
    "stated_in": [{"source": "a", "stance": "asserts", "locator": {"anchor": ["one, two", "three"]}}],
    "scope": "2017",
    "protocol": {
        "experiment": "coin",
        "predictions": [{"name": "first", "contrast": ["a", "b"], "at_least": 0.1, "because": "long " * 50}],
    },
}
TEXT = """\
title: "Yes: a title"
kind: empirical
statement: >-
  word word word word word word word word word word word word word word word word word word word word word
  word word word word word word word word word word word word word word word word word word word word word
  word word word word word word word word word word word word word word word word word word
stated_in:
  - {source: a, stance: asserts, locator: {anchor: ["one, two", three]}}
scope: "2017"
protocol:
  experiment: coin
  predictions:
    - name: first
      contrast: [a, b]
      at_least: 0.1
      because: >-
        long long long long long long long long long long long long long long long long long long long long
        long long long long long long long long long long long long long long long long long long long long
        long long long long long long long long long long
"""
KEYS = st.sampled_from(["alpha", "beta", "gamma", "delta"])
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12)
SCALARS = st.one_of(
    st.lists(WORDS, min_size=1, max_size=40).map(" ".join),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(10**9), 10**9),
    st.booleans(),
    st.sampled_from(["yes", "null", "~", "1.10", "- a", "a: b", "#", "[", "'", '"', "0777", "2017-12-05"]),
)
RECORDS = st.dictionaries(
    KEYS,
    st.recursive(
        SCALARS,
        lambda inner: (
            st.dictionaries(KEYS, inner, min_size=1, max_size=3) | st.lists(inner, min_size=1, max_size=3)
        ),
        max_leaves=8,
    ),
    min_size=1,
)


def listed(value):
    """Return plain data with lists for tuples."""
    if isinstance(value, dict):
        return {key: listed(part) for key, part in value.items()}
    return [listed(part) for part in value] if isinstance(value, tuple | list) else value


def test_a_record_looks_as_if_a_careful_person_had_typed_it():
    """Short things on one line, long text folded, quotes only where they are needed."""
    assert record_text(RECORD) == TEXT
    assert max(map(len, TEXT.split("\n"))) <= WIDTH


@given(RECORDS)
def test_what_is_written_is_read_back(record):
    """Whatever words and numbers it holds; what the guard refuses in quotes too, nobody may write."""
    text = record_text(record)
    try:
        read = compose(text).value
    except GuardError as error:
        assert error.fault.code in {"not-nfc", "forbidden-character", "number-out-of-range"}  # noqa: PT017
        return
    assert listed(read) == listed(record)


def test_a_new_value_replaces_the_lines_of_the_old_one():
    """Everything around it stays as it is, letter by letter."""
    changed = with_value(TEXT, ("protocol", "predictions", 0), {"name": "other", "of": "a"})
    assert changed == TEXT[: TEXT.index("    - name")] + "    - {name: other, of: a}\n"


def test_an_item_is_added_in_the_style_of_its_list():
    """Below the last one, or inside the brackets."""
    item = {"source": "b", "stance": "reports", "locator": {"page": "3"}}
    line = '  - {source: b, stance: reports, locator: {page: "3"}}\n'
    assert with_item(TEXT, ("stated_in",), item) == TEXT.replace("scope:", f"{line}scope:")
    assert with_item("a: [b, c] # two\nd: e\n", ("a",), "f") == "a: [b, c, f]\nd: e\n"


def test_entries_come_after_another_and_go():
    """The order that people gave stays."""
    more = with_entry(TEXT, ("protocol", "scale"), "large", after="experiment")
    assert more == TEXT.replace("coin\n", "coin\n  scale: large\n")
    assert without(more, ("protocol", "scale")) == TEXT


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("a: {b: c}\n", ("a", "b")),
        ("a: [{b: c}]\n", ("a", 0)),
        ("a:\n  - b: c\n    d: e\n", ("a", 0, "b")),
        ("a: b\n", ("c",)),
    ],
)
def test_what_shares_its_line_is_left_to_people(text, keys):
    """Changing it could change what is beside it."""
    with pytest.raises(EditError):
        without(text, keys)


def test_every_record_of_the_project_can_be_changed(request):
    """Each of our claims takes one more source, whatever its layout."""
    base = load_base(Folder(request.config.rootpath))
    item = {"source": "another", "stance": "reports", "locator": {"page": "3"}}
    for claim_id in base.claims:
        text = base.documents[claim_id].text
        assert f"{record_text({'x': [item]})[3:]}" in with_item(text, ("stated_in",), item)
