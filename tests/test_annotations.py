"""Problems reach GitHub and other readers at their line, and no text of a record can end its annotation."""

import json
import re
from urllib.parse import unquote

import pytest

from kb.exports.annotations import note_of, render_github, render_sarif
from kb.reading.codes import codes
from kb.reading.load import load_base
from kb.reading.tree import Folder
from kb.text.problems import Place, Problem
from tests.bad_project import TODAY, write_bad_project


def note(**changes):
    """Return the note of a problem with some parts changed."""
    parts = {
        "code": "unknown-field",
        "place": Place("claims/toys/toy-claim.yaml", 18, 7),
        "found": "the field atleast",
        "allowed": "at_least, at_most",
        "advice": "correct it",
        "nearest": "at_least",
    }
    return note_of(Problem(**{**parts, **changes}))


def test_a_problem_is_one_workflow_command():
    """Place and code are its properties; the text has a line for each part."""
    assert render_github([note()]) == (
        "::error file=claims/toys/toy-claim.yaml,line=18,col=7,title=unknown-field::"
        "the field atleast%0Aallowed: at_least, at_most%0Ado: correct it%0Adid you mean: at_least?\n"
    )


@pytest.mark.parametrize("field", ["found", "allowed", "advice", "nearest"])
def test_no_text_ends_its_annotation(field):
    """Line ends would let a record speak to the runner; percent signs would come out as other characters."""
    text = render_github([note(**{field: "a\r\n::set-output name=x::y %0A"})])
    assert text.count("\n") == 1
    assert "a%0D%0A::set-output name=x::y %250A" in text


def test_a_path_cannot_pass_for_another_property():
    """Whatever a file in claims/ is called."""
    text = render_github([note(place=Place("claims/a,line=1::b.yaml", 2, 3))])
    assert text.startswith("::error file=claims/a%2Cline=1%3A%3Ab.yaml,line=2,col=3,")


def test_no_problem_is_no_text():
    """An empty log annotates nothing."""
    assert render_github([]) == ""


def test_sarif_names_rules_places_and_texts(tmp_path):
    """Each result points to its rule, whose meaning is told, and to a line that starts at one."""
    found = load_base(Folder(write_bad_project("unknown-field", tmp_path / "project")), today=TODAY).problems
    log = json.loads(render_sarif([*map(note_of, found), note(code="other")], codes(), version="1"))
    (run,) = log["runs"]
    assert (log["version"], run["tool"]["driver"]["version"]) == ("2.1.0", "1")
    assert run["tool"]["driver"]["rules"][0]["shortDescription"]["text"] == codes()["unknown-field"]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        region = result["locations"][0]["physicalLocation"]["region"]
        assert min(region["startLine"], region["startColumn"]) >= 1


@pytest.mark.parametrize("path", ["claims/a b.yaml", "claims/\u00e9?#.yaml"])
def test_paths_in_sarif_are_addresses(path):
    """Spaces and signs are escaped, so that the file is found again."""
    log = json.loads(render_sarif([note(place=Place(path, 1, 1))], {}, version="1"))
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert re.fullmatch(r"[\w/.%-]+", place["uri"])
    assert unquote(place["uri"]) == path
