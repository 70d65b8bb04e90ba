"""A problem is reported so that it can be found and fixed, and nothing in a file controls the terminal."""

import json

import pytest

from kb.text.problems import WIDTH, Place, Problem, in_order, printable, render_json, render_terminal


def problem(**changes):
    """Return a problem with some parts changed."""
    parts = {
        "code": "unknown-field",
        "place": Place("claims/toys/toy-claim.yaml", 18, 7),
        "found": "the field atleast, which a prediction does not have",
        "allowed": "at_least, at_most",
        "advice": "correct the spelling",
        "nearest": "at_least",
        "source_line": "      atleast: 0.1",
    }
    return Problem(**{**parts, **changes})


def caret_column(text):
    """Return how far the caret stands from the start of the shown source line."""
    caret = next(line for line in text.split("\n") if line.endswith("^"))
    return caret.index("^") - caret.index("|") - 2


def test_the_whole_text_of_a_problem():
    """Place and code come first, then the line with a caret, what is allowed and what to do."""
    assert render_terminal([problem()]) == (
        "claims/toys/toy-claim.yaml:18:7: error[unknown-field]: the field atleast, which\n"
        "    a prediction does not have\n"
        "    18 |       atleast: 0.1\n"
        "       |       ^\n"
        "    allowed: at_least, at_most\n"
        "    do: correct the spelling\n"
        "    did you mean: at_least?\n"
    )


def test_a_problem_of_a_whole_file_has_no_caret():
    """Without a source line there is nothing to point at, and without a near spelling nothing to propose."""
    text = render_terminal([problem(source_line="", nearest=None)])
    assert "^" not in text
    assert "did you mean" not in text


@pytest.mark.parametrize("column", [1, 40, 120, 300])
def test_a_long_line_is_cut_around_the_caret(column):
    """The caret stands under its character, and the line fits the terminal."""
    line = "x" * (column - 1) + "!" + "x" * 200
    text = render_terminal([problem(source_line=line, place=Place("a.yaml", 1, column))])
    shown = next(row for row in text.split("\n") if "!" in row)
    assert shown.split("| ", 1)[1][caret_column(text)] == "!"
    assert max(map(len, text.split("\n"))) <= WIDTH


def test_wide_characters_count_two_columns():
    """Under Chinese text the caret stands where the terminal shows the character."""
    text = render_terminal([problem(source_line="\u4e2d\u6587: !", place=Place("a.yaml", 1, 5))])
    assert caret_column(text) == 6


@pytest.mark.parametrize(
    ("hidden", "shown"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("\x7f", "\\x7f"),
        ("\u202e", "\\u202e"),
        ("\udcff", "\\udcff"),
        ("\u2028", "\\u2028"),
        ("\U000e0041", "\\U000e0041"),
        ("a b \xe9 \u4e2d", "a b \xe9 \u4e2d"),
    ],
)
def test_what_could_steer_a_terminal_is_escaped(hidden, shown):
    """Controls, marks of direction and surrogates are shown as escapes; ordinary text is left alone."""
    assert printable(hidden) == shown


@pytest.mark.parametrize("field", ["found", "allowed", "advice", "nearest", "source_line"])
def test_no_part_of_a_problem_reaches_the_terminal_raw(field):
    """Whatever part the control character is in, it is escaped."""
    assert "\x1b" not in render_terminal([problem(**{field: "a \x1b]0;owned\x07 b"})])


def test_json_holds_every_part():
    """The JSON form is plain data with the place flat."""
    (data,) = json.loads(json.dumps(render_json([problem()])))
    assert (data["path"], data["line"], data["column"]) == ("claims/toys/toy-claim.yaml", 18, 7)
    assert set(data) == {
        "path",
        "line",
        "column",
        "code",
        "found",
        "allowed",
        "advice",
        "nearest",
        "source_line",
    }


def test_problems_come_in_order_and_once():
    """By path, then line, then column; the same problem is not reported twice."""
    first, second = problem(place=Place("a.yaml", 2, 1)), problem(place=Place("a.yaml", 10, 1))
    assert in_order([second, first, second]) == (first, second)
