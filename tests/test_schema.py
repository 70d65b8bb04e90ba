"""The schemas for editors accept what we accept, refuse what they can, and are those of today's models."""

import json

import jsonschema
import pytest

from kb.exports.fields import field_table, field_texts, models_in
from kb.exports.schema import MODELS, schema_text
from kb.records.protocol import Prediction
from kb.text.yaml_guard import compose
from tests.conftest import CLAIM, SOURCE

DEBATE = """\
title: What does a coin remember?
question: Does a coin keep any trace of its earlier flips?
sides:
  - {name: It remembers, claims: [coin-remembers]}
  - {name: It forgets, claims: [coin-forgets]}
discriminating: {what: Flip one coin a thousand times., claims: [coin-forgets]}
readings:
  - if: runs are longer than chance gives
    then: it remembers
    when: [{claim: coin-forgets, prediction: runs-are-short, is: contradicted}]
answer: {says: "In our test it forgets.", of: "12345678"}
"""
GOOD = {"claim": CLAIM, "source": SOURCE, "debate": DEBATE}


def errors(name, text):
    """Return how many errors an independent validator finds in a record."""
    schema = json.loads(schema_text(name))
    # JSON has lists where the guard gives tuples.
    data = json.loads(json.dumps(compose(text).value))
    return len(list(jsonschema.Draft202012Validator(schema).iter_errors(data)))


@pytest.mark.parametrize("name", MODELS)
def test_schemas_are_valid_themselves(name):
    """Each is a schema of draft 2020-12 by the judgement of an independent library."""
    jsonschema.Draft202012Validator.check_schema(json.loads(schema_text(name)))


@pytest.mark.parametrize("name", MODELS)
def test_good_records_are_accepted(name):
    """What `repro check` accepts has no squiggle in an editor."""
    assert errors(name, GOOD[name]) == 0


@pytest.mark.parametrize(
    "makers", ["anonymous: true", "editor: [{family: Maaten, non-dropping-particle: van der, suffix: Jr.}]"]
)
def test_a_book_has_no_squiggle(makers):
    """Numbers without quotes, works without authors, dates that are ranges, old forms of identifiers."""
    book = (
        "title: A book\ntype: book\nverified: text\nvolume: 12\nissued: '-0043/0014~'\n"
        "arxiv: cs/0309048\nURL: FTP://example.org/a\nISBN: 978-0-306-40615-7\n"
    )
    assert errors("source", f"{book}{makers}\n") == 0
    assert errors("source", book) > 0


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("claim", "at_least: 0.1", "atleast: 0.1"),
        ("claim", "at_least: 0.1", "at_least: '0.1'"),
        ("claim", "at_least: 0.1", "at_least: 0.1\n      at_most: 0.2"),
        ("claim", "at_least: 0.1", "equals: 0.1"),
        ("claim", "stance: asserts", "stance: assert"),
        ("claim", "contrast: [loaded, fair]", "contrast: [loaded]"),
        ("claim", "contrast: [loaded, fair]", "contrast: [loaded, fair]\n      of: fair"),
        ("claim", "scope: one", "untested: one"),
        ("claim", "kind: empirical\n", ""),
        ("claim", "source: toy-source", "source: ../toy"),
        ("source", "https://example.org", "javascript:alert(1)//"),
        ("source", '"2017-12-05"', "2017"),
        ("source", "verified: text", "verified: yesterday"),
        ("source", "  - {family: Doe, given: Jane}", "  []"),
        ("source", "verified: text", "verified: text\nparagraphs: [{anchor: [a, b]}]"),
        ("source", "verified: text", "verified: text\nslips: [{what: a}]"),
        ("debate", "  - {name: It forgets, claims: [coin-forgets]}\n", ""),
        ("debate", "claims: [coin-remembers]", "claims: []"),
        ("debate", "is: contradicted", "is: open"),
        ("debate", '"12345678"', '"latest"'),
        ("claim", "kind: empirical", "kind: empirical\nanswer: It shows."),
        ("claim", "kind: empirical", "moved_to: other"),
    ],
)
def test_bad_records_are_refused(name, old, new):
    """Unknown fields, wrong types, wrong words and missing or doubled choices are seen while typing."""
    assert old in GOOD[name]
    assert errors(name, GOOD[name].replace(old, new)) > 0


@pytest.mark.parametrize("text", ["moved_to: other", "split_into: [one, other]"])
def test_tombstones_are_accepted_in_the_place_of_claims(text):
    """A file with nothing but an id's new place has no squiggle either."""
    assert errors("claim", text) == 0


@pytest.mark.parametrize("text", ["split_into: [one]", "moved_to: other\nsplit_into: [one, other]"])
def test_bad_tombstones_are_refused(text):
    """A split has two parts at least, and a claim either moves or splits."""
    assert errors("claim", text) > 0


@pytest.mark.parametrize("name", MODELS)
def test_every_field_says_what_it_is_for(name):
    """Each field of each model has a sentence, shown in schema and field guide."""
    for model in models_in(MODELS[name]):
        assert set(field_texts(model)) == set(model.model_fields)


@pytest.mark.parametrize("name", MODELS)
def test_the_files_are_current(name, request):
    """The schemas in the repository are those that `repro export schema` writes."""
    file = request.config.rootpath / "kb" / "schemas" / f"{name}.json"
    assert file.read_text(encoding="utf-8") == schema_text(name)


def test_the_field_table_names_every_field():
    """The field guide has a row for each field, under the name it has in files."""
    table = field_table()
    for name in Prediction.model_fields:
        assert f"| `{name}` |" in table
    assert "| `container-title` |" in table
    assert "| `from` | yes | " in table
