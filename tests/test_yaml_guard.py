"""Whatever a file holds, the guard gives plain values with places, or one clear fault, and nothing else."""

import json
import os

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.reading.texts import MAX_BYTES, read_text
from kb.reading.tree import Folder
from kb.text.guarded_text import GuardError
from kb.text.yaml_guard import MAX_DEPTH, Position, compose
from tests.conftest import CLAIM, SOURCE


def fault_of(text):
    """Return the code of the first fault of a text, or None."""
    try:
        faults = compose(text).faults
    except GuardError as error:
        return error.fault.code
    return faults[0].code if faults else None


def fault_of_bytes(path, content):
    """Return the code of the fault with which a file of some bytes is refused, or None."""
    path.write_bytes(content)
    try:
        return fault_of(read_text(Folder(path.parent), path.name))
    except GuardError as error:
        return error.fault.code


def plain(value):
    """Return a value with lists as tuples, as the guard gives them."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return tuple(map(plain, value)) if isinstance(value, list) else value


@pytest.mark.parametrize("text", [CLAIM, SOURCE], ids=["claim", "source"])
def test_good_records_mean_what_they_mean_to_yaml(text):
    """On plain YAML the guard agrees with PyYAML's own loader."""
    composed = compose(text)
    assert composed.faults == []
    assert composed.value == plain(yaml.safe_load(text))


def test_values_and_keys_have_places():
    """Lines and columns count from 1, and point at the first character of key and value."""
    composed = compose("a: 1\nb:\n  - {c: two, d: [x, 'y']}\n")
    assert composed.keys["b", 0, "d"] == Position(3, 14)
    assert composed.values["b", 0, "c"] == Position(3, 9)
    assert composed.values["b", 0, "d", 1] == Position(3, 21)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10", 10),
        ("-3", -3),
        ("0", 0),
        ("1e5", 1e5),
        ("1.0e-3", 1e-3),
        ("-0.5", -0.5),
        ("2.0", 2.0),
        ("9007199254740992", 2**53),
        ("true", True),
        ("null", None),
        ("2017-12-05", "2017-12-05"),
        ("1 of 3", "1 of 3"),
        ("3D", "3D"),
        ("v1.10", "v1.10"),
        ("'no'", "no"),
        ('"1.10"', "1.10"),
        ("northern", "northern"),
        ("-", "-"),
    ],
)
def test_plain_scalars_mean_one_thing(text, value):
    """Numbers, true, false and null are resolved; quotes and everything else give text."""
    found = compose(f"a: {text}\n" if text != "-" else "a: '-'\n").value["a"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yes",
        "No",
        "on",
        "OFF",
        "y",
        "True",
        "NULL",
        "~",
        "0777",
        "0o17",
        "0x1f",
        "-0x1F",
        "0b1",
        "00",
        "007",
    ],
)
def test_words_and_bases_that_readers_disagree_about_are_refused(text):
    """YAML 1.1, YAML 1.2 and people read these differently, so quotes are asked for."""
    assert fault_of(f"a: {text}\n") == "ambiguous-value"


def test_the_key_on_needs_no_quotes():
    """Relations have it, and nothing else can be meant; other spellings are refused as keys are."""
    assert compose("on: [a]\n").value == {"on": ("a",)}
    assert {fault_of(f"{key}: [a]\n") for key in ("On", "ON", "off", "yes")} == {"key-not-text"}


@pytest.mark.parametrize(
    "text", ["1_000", "1_0.5", "1:30", "190:20:30", "1.10", "+1", ".5", "1.", "01.5", "1.e3"]
)
def test_numbers_that_readers_disagree_about_are_refused(text):
    """YAML 1.1, YAML 1.2 and people read these differently, so quotes or a plain number are asked for."""
    assert fault_of(f"a: {text}\n") == "ambiguous-value"


@pytest.mark.parametrize(
    "text",
    [
        ".nan",
        "-.inf",
        ".NaN",
        "1e400",
        "9" * 5000,
        "9007199254740993",
        "0." + "1" * 50,
        "1e-400",
        "-0.01e-324",
    ],
)
def test_numbers_that_cannot_be_kept_are_refused(text):
    """Only finite numbers that a float keeps may stand in a record."""
    assert fault_of(f"a: {text}\n") == "number-out-of-range"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: " + "[" * 100_000, "yaml-depth"),
        ("a: " + "{b: " * 100_000, "yaml-depth"),
        ("- " * 100_000, "yaml-depth"),
        ("a: &x [1]\nb: [*x, *x]\n", "yaml-anchor"),
        ("a: &x [*x]\n", "yaml-anchor"),
        ("a: *x\n", "yaml-anchor"),
        ("&x a: 1\n", "key-not-text"),
        ("a: !!python/object/apply:os.system [id]\n", "yaml-tag"),
        ('a: !!int "abc"\n', "yaml-tag"),
        ("a: !!timestamp 2001-02-30\n", "yaml-tag"),
        ("a: !!binary 1\n", "yaml-tag"),
        ("a: !!set {b: null}\n", "yaml-tag"),
        ("a: ! b\n", "yaml-tag"),
        ("!!map {a: 1}\n", "yaml-tag"),
        ("a: 1\na: 2\n", "duplicate-key"),
        ("{a: 1, 'a': 2}\n", "duplicate-key"),
        ("<<: {a: 1}\n", "merge-key"),
        ("%YAML 1.2\n---\na: 1\n", "yaml-directive"),
        ("%TAG ! tag:x,2000:\n---\na: 1\n", "yaml-directive"),
        ("a: 1\n---\nb: 2\n", "yaml-documents"),
        ("", "empty-file"),
        ("# only a comment\n", "empty-file"),
        ("1: one\n", "key-not-text"),
        ("true: one\n", "key-not-text"),
        ("no: one\n", "key-not-text"),
        ("[a, b]: one\n", "key-not-text"),
        ("? {a: 1}\n: one\n", "key-not-text"),
        ("a:\n\tb: 1\n", "yaml-syntax"),
        ("a: 'open\n", "yaml-syntax"),
        ("a: b: c\n", "yaml-syntax"),
        ("a: [1, 2\n", "yaml-syntax"),
        ("a: @b\n", "yaml-syntax"),
        ("*\n", "yaml-syntax"),
        ('a: "\\ud800"\n', "yaml-syntax"),
        ('a: "\\u202e"\n', "forbidden-character"),
        ('a: "\\e[31m"\n', "forbidden-character"),
        ('a: "\\0"\n', "forbidden-character"),
        ('"\\u200b": 1\n', "forbidden-character"),
        ('a: "e\\u0301"\n', "not-nfc"),
    ],
    ids=lambda value: value[:24],
)
def test_yaml_beyond_plain_values_is_refused(text, code):
    """Each part of YAML that records do without has its own code, whatever its size."""
    assert fault_of(text) == code


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xef\xbb\xbfa: 1\n", "byte-order-mark"),
        ("a: 1\n".encode("utf-16"), "not-utf8"),
        ("a: caf\xe9\n".encode("latin-1"), "not-utf8"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not-utf8"),
        (b"a: \xed\xa0\x80\n", "not-utf8"),
        (b"a: \xc0\xaf\n", "not-utf8"),
        (b"a: \x00\n", "forbidden-character"),
        (b"a: \x1b[31m\n", "forbidden-character"),
        (b"a: \x7f\n", "forbidden-character"),
        (b"a: 1\rb: 2\n", "forbidden-character"),
        ("a: b\u2028c\n".encode(), "forbidden-character"),
        ("a: b\u202ec\n".encode(), "forbidden-character"),
        ("a: b\u2066c\n".encode(), "forbidden-character"),
        ("a: b\u200dc\n".encode(), "forbidden-character"),
        ("a: b\x85c\n".encode(), "forbidden-character"),
        ("a: \U000e0041\n".encode(), "forbidden-character"),
        ("a: e\u0301\n".encode(), "not-nfc"),
        (b"a: " + b"x" * MAX_BYTES, "file-too-large"),
        (b"a: " + b"x" * 10_000_000, "file-too-large"),
        (b"a: 1\r\nb: 2\r\n", None),
        ("a: \u4e2d\u6587 \u2260 \u221a2 \u2014 \xe9\n".encode(), None),
    ],
)
def test_bytes_that_hide_something_are_refused(tmp_path, content, code):
    """Only UTF-8 text in which everything can be seen is read."""
    assert fault_of_bytes(tmp_path / "a.yaml", content) == code


def test_a_file_of_the_largest_size_is_read(tmp_path):
    """256 KiB are still allowed."""
    assert fault_of_bytes(tmp_path / "a.yaml", b"a: " + b"x" * (MAX_BYTES - 3)) is None


def test_many_keys_are_read_in_linear_time():
    """Twenty thousand keys, as many as the size allows, take no time to speak of."""
    assert len(compose("".join(f"k{i}: {i}\n" for i in range(20_000))).value) == 20_000


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda path: path.mkdir(), "not-a-regular-file"),
        (lambda path: path.symlink_to("/etc/passwd"), "not-a-regular-file"),
        (lambda path: path.symlink_to("nowhere"), "not-a-regular-file"),
        (os.mkfifo, "not-a-regular-file"),
        (lambda _: None, "unreadable-file"),
    ],
    ids=["folder", "link", "dangling link", "pipe", "missing"],
)
def test_things_that_are_no_files_are_refused_without_waiting(tmp_path, make, code):
    """A pipe is not waited for, and a link is not followed."""
    path = tmp_path / "a.yaml"
    make(path)
    with pytest.raises(GuardError) as error:
        read_text(Folder(path.parent), path.name)
    assert error.value.fault.code == code


def test_the_deepest_allowed_nesting_is_read():
    """Twenty-four levels are allowed, and no more."""
    assert fault_of("[" * MAX_DEPTH + "]" * MAX_DEPTH) is None
    assert fault_of("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)) == "yaml-depth"


def test_a_duplicate_key_hides_nothing_behind_it():
    """After a repeated key the rest is read, and the first value stands."""
    composed = compose("a: 1\na: {b: no}\nc: off\n")
    assert composed.value == {"a": 1, "c": None}
    assert [fault.line for fault in composed.faults] == [2, 2, 3]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text("abc", min_size=1, max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), JSON))
def test_anything_written_as_json_is_read_back(value):
    """JSON is YAML: what another program writes as JSON comes back unchanged."""
    assert compose(json.dumps(value)).value == plain(value)


@settings(max_examples=500)
@given(st.text("ab01.:-_#&*!?|>%@`'\"[]{},~ \n\te+"))
def test_no_text_raises_anything_but_a_fault(text):
    """Any text over YAML's own characters is composed or refused."""
    fault_of(text)
