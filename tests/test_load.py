"""Reading never fails: good records become a base with places, everything else becomes problems."""

import dataclasses
import os
import random
import socket

import pytest

from kb.reading.files import RESERVED
from kb.reading.load import load_base
from kb.reading.root import NoProjectError, find_root
from kb.reading.tree import Folder
from kb.records.protocol import BOUNDS
from kb.text.spelling import nearest
from tests.bad_project import bad_codes, write_bad_project
from tests.conftest import CLAIM

CLAIM_PATH, SOURCE_PATH = "claims/toys/toy-claim.yaml", "claims/sources/toy-source.yaml"


def codes_of(root):
    """Return the codes of all problems of a project."""
    return [problem.code for problem in load_base(Folder(root)).problems]


def rewrite(root, path, *changes):
    """Change a file of a project by replacing texts that must be there."""
    text = (root / path).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (root / path).write_text(text, encoding="utf-8")


def test_a_good_project_is_read_whole(project):
    """Records, script, topic and path of everything are there, and no problem is."""
    base = load_base(Folder(project))
    assert base.problems == ()
    assert list(base.claims) == ["toy-claim"]
    assert list(base.sources) == ["toy-source"]
    assert list(base.scripts) == ["coin"]
    assert base.topics == {"toy-claim": "toys"}
    assert base.paths == {"toy-claim": CLAIM_PATH, "toy-source": SOURCE_PATH}


def test_values_keep_their_places(project):
    """A value's place is where it starts; that of a missing one is where what should hold it starts."""
    base = load_base(Folder(project))
    assert base.place("toy-claim", "protocol", "predictions", 0, "at_least") == (CLAIM_PATH, 18, 17)
    assert base.place("toy-claim", "protocol", "predictions", 0, "at_most") == (CLAIM_PATH, 14, 7)
    assert base.place("toy-claim") == (CLAIM_PATH, 1, 1)


def test_unread_records_still_have_a_path(project):
    """A relation to a claim whose file is broken is no relation to nowhere."""
    rewrite(project, CLAIM_PATH, ("kind: empirical", "kind: empiric"))
    base = load_base(Folder(project))
    assert [problem.code for problem in base.problems] == ["unknown-value"]
    assert base.place("toy-claim") == (CLAIM_PATH, 1, 1)
    assert base.unread == {"toy-claim"}


@pytest.mark.parametrize("field", ["title", "kind", "stated_in", "scope", "protocol", "reported"])
def test_one_misspelt_field_gives_one_problem(project, field):
    """What merely follows from a misspelling is not reported."""
    rewrite(project, CLAIM_PATH, (f"\n{field}:" if field != "title" else "title:", f"\n{field}x:"))
    (problem,) = load_base(Folder(project)).problems
    assert (problem.code, problem.nearest) == ("unknown-field", field)


@pytest.mark.parametrize("field", ["name", "says", "outcome", "contrast", "at_least", "because"])
def test_one_misspelt_field_of_a_prediction_gives_one_problem(project, field):
    """Neither the missing field, nor the missing bound, nor the empty list is reported as well."""
    rewrite(
        project,
        CLAIM_PATH,
        (f"{field}: ", f"{field}x: ") if field != "because" else ("because: a", "becaus: a"),
    )
    found = {(p.code, p.nearest) for p in load_base(Folder(project)).problems if p.place.line > 12}
    assert ("unknown-field", field) in found
    assert {code for code, _ in found} == {"unknown-field"}


@pytest.mark.parametrize(
    ("path", "old", "new", "code"),
    [
        (CLAIM_PATH, "at_least: 0.1", 'at_least: "0.1"', "wrong-type"),
        (CLAIM_PATH, "at_least: 0.1", "at_least: true", "wrong-type"),
        (CLAIM_PATH, "at_least: 0.1", "at_least: [0.1]", "wrong-type"),
        (CLAIM_PATH, "contrast: [loaded, fair]", "contrast: loaded", "wrong-type"),
        (CLAIM_PATH, "contrast: [loaded, fair]", "contrast: [loaded]", "wrong-length"),
        (CLAIM_PATH, "contrast: [loaded, fair]", "contrast: [loaded, fair, fair]", "wrong-length"),
        (CLAIM_PATH, "[loaded, fair]", "[loaded, f\u0430ir]", "bad-format"),
        (CLAIM_PATH, "locator: {", "locator: {paragraph: 1.5, ", "wrong-type"),
        (CLAIM_PATH, "locator: {", "locator: {paragraph: '1', ", "wrong-type"),
        (CLAIM_PATH, "source: toy-source", "source: ../toy-source", "bad-format"),
        (CLAIM_PATH, "source: toy-source", "source: /toy-source", "bad-format"),
        (CLAIM_PATH, "source: toy-source", 'source: "toy-source\\n"', "bad-format"),
        (CLAIM_PATH, "source: toy-source", "source: toy-source.", "bad-format"),
        (CLAIM_PATH, "source: toy-source", f"source: {'a' * 65}", "wrong-length"),
        (CLAIM_PATH, "title: A loaded", "title: |\n  A\n  loaded", "bad-format"),
        (CLAIM_PATH, "kind:", "scope: twice\nkind:", "duplicate-key"),
        (CLAIM_PATH, "value: 0.8", "value: null", "wrong-type"),
        (CLAIM_PATH, "experiment: coin", "experiment: coin\n  most_seeds: 12", "out-of-range"),
        (CLAIM_PATH, "experiment: coin", "experiment: coin\n  most_seeds: 1000000", "out-of-range"),
        (SOURCE_PATH, '"2017-12-05"', '"2017-13-05"', "impossible-date"),
        (SOURCE_PATH, '"2017-12-05"', '"2017-00"', "impossible-date"),
        (SOURCE_PATH, '"2017-12-05"', '"2017-25"', "impossible-date"),
        (SOURCE_PATH, '"2017-12-05"', '"2017-21-01"', "impossible-date"),
        (SOURCE_PATH, '"2017-12-05"', '"-0000"', "impossible-date"),
        (SOURCE_PATH, '"2017-12-05"', '"2018/2017"', "impossible-date"),
        (SOURCE_PATH, '"2017-12-05"', '"17"', "bad-format"),
        (SOURCE_PATH, '"2017-12-05"', '"9999"', "impossible-date"),
        (SOURCE_PATH, '"2017-12-05"', '"5 December 2017"', "bad-format"),
        (SOURCE_PATH, '"2017-12-05"', '"\u0662\u0660\u0661\u0667"', "bad-format"),
        (SOURCE_PATH, "https://example.org/coins", "javascript:alert(1)", "unsafe-url"),
        (SOURCE_PATH, "https://example.org/coins", "file:///etc/passwd", "unsafe-url"),
        (SOURCE_PATH, "https://example.org/coins", "data:text/html,x", "unsafe-url"),
        (SOURCE_PATH, "https://example.org/coins", "https://.", "unsafe-url"),
        (SOURCE_PATH, "https://example.org/coins", "https://[::1", "unsafe-url"),
        (SOURCE_PATH, "https://example.org/coins", "https://[::1]/", "unsafe-url"),
        (SOURCE_PATH, "https://example.org/coins", "https://example.org:99999999/", "unsafe-url"),
        (SOURCE_PATH, "https://example.org/coins", "https://example.org:0/", "unsafe-url"),
        (SOURCE_PATH, "https://example.org/coins", "https://-example.org/", "unsafe-url"),
        (SOURCE_PATH, "https://example.org/coins", "https://example..org/", "unsafe-url"),
        (SOURCE_PATH, "https://example.org/coins", "http://localhost/", "unsafe-url"),
        (SOURCE_PATH, "https://example.org/coins", "http://192.168.1.1/", "unsafe-url"),
        (SOURCE_PATH, "https://example.org/coins", "http://999.1.1.1/", "unsafe-url"),
        (SOURCE_PATH, "https://example.org/coins", f"https://example.org/{'a' * 8000}", "wrong-length"),
        (SOURCE_PATH, "https://example.org/coins", "https://me:secret@example.org/", "unsafe-url"),
        (SOURCE_PATH, "https://example.org/coins", "https:\\\\example.org\\@evil.org", "unsafe-url"),
        (SOURCE_PATH, "https://example.org/coins", "https:///coins", "unsafe-url"),
        (SOURCE_PATH, "  - {family: Doe, given: Jane}", "  []", "wrong-length"),
        (SOURCE_PATH, "{family: Doe, given: Jane}", "Jane Doe", "wrong-type"),
        (SOURCE_PATH, "{family: Doe, given: Jane}", "{family: Doe, literal: Doe}", "person-name"),
    ],
)
def test_a_wrong_value_is_told_first(project, path, old, new, code):
    """Nothing is converted, repaired or guessed."""
    rewrite(project, path, (old, new))
    assert code in codes_of(project)


@pytest.mark.parametrize(
    "address",
    [
        "https://medium.com/@someone/coins",
        "http://example.org",
        "https://example.org/a?b=c@d#e,f",
        "HTTPS://Example.ORG/",
        "ftp://ftp.cs.toronto.edu/pub/a.ps.gz",
        "http://example.org.:8080/",
        "http://93.184.216.34/",
        "https://[2606:2800:220:1:248:1893:25c8:1946]/",
        "https://b\u00fccher.example/",
        "http://\u0909\u0926\u093e\u0939\u0930\u0923.\u092a\u0930\u0940\u0915\u094d\u0937\u093e/",
        "https://my_host.example.org/~me/",
        f"https://example.org/{'a' * 2000}",
    ],
)
def test_ordinary_addresses_are_allowed(project, address):
    """An @ after the host is part of many blogs' addresses, and schemes and hosts have no case."""
    rewrite(project, SOURCE_PATH, ("https://example.org/coins", address))
    assert codes_of(project) == []


@pytest.mark.parametrize(
    "name",
    [
        "Toy",
        "toy_claim",
        "-toy",
        "toy-",
        "a--b",
        "t\u043ey",
        "toy ",
        "toy.",
        "a" * 65,
        "e\u0301",
        "a\nb",
        "\udcff",
    ],
)
def test_names_that_are_no_ids_are_refused(project, name):
    """An id works as file name, address and word in every system; nothing else is read."""
    (project / "claims/toys" / f"{name}.yaml").write_text(CLAIM, encoding="utf-8")
    assert codes_of(project) == ["bad-id"]


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_reserved_names_are_refused(project, name):
    """Some systems open a device under these names."""
    (project / "claims/toys" / f"{name}.yaml").write_text(CLAIM, encoding="utf-8")
    assert codes_of(project) == ["reserved-id"]


def test_a_source_and_a_claim_have_different_ids(project):
    """Ids are unique over topics and sources, so that one word names one thing."""
    (project / "claims/toys/toy-source.yaml").write_text(CLAIM, encoding="utf-8")
    assert codes_of(project) == ["duplicate-id"]


def test_files_beside_records_are_known_or_told(project):
    """A README and hidden files may lie anywhere; other files, links and folders are told."""
    for name in ("README.md", "toys/README.md", ".hidden", "toys/.toy.yaml.swp"):
        (project / "claims" / name).write_text("hello\n", encoding="utf-8")
    assert codes_of(project) == []
    (project / "claims/toys/deeper").mkdir()
    (project / "claims/linked").symlink_to(project / "claims/toys")
    (project / "claims/stray.yaml").write_text(CLAIM, encoding="utf-8")
    (project / "claims/toys/old.yml").write_text(CLAIM, encoding="utf-8")
    assert codes_of(project) == ["misplaced-file"] * 4


def test_things_that_are_no_files_are_told(project, monkeypatch):
    """Folders, pipes and sockets under a record's name are problems, and reading goes on."""
    toys = project / "claims/toys"
    (toys / "folder.yaml").mkdir()
    os.mkfifo(toys / "pipe.yaml")
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(toys)  # the path of a socket must be short
        server.bind("socket.yaml")
        assert codes_of(project) == ["not-a-regular-file", "not-a-regular-file", "unreadable-file"]


@pytest.mark.parametrize(
    "source",
    [
        "",
        "def",
        "x = " + "(" * 5000,
        "x = " + "-" * 100_000 + "1",
        '"""Ok?"""\nARMS = {}\n',
        '"""Ok?"""\n\x00',
        "\ufeff",
        "x = 1\u202e",
    ],
)
def test_a_broken_script_is_a_problem(project, source):
    """No script can make reading fail."""
    (project / "repro/experiments/other.py").write_text(source, encoding="utf-8")
    (code,) = codes_of(project)
    assert code in ("bad-script", "byte-order-mark", "forbidden-character")


def test_private_modules_are_no_experiments(project):
    """Files that start with an underscore are not read."""
    (project / "repro/experiments/_draft.py").write_text("def", encoding="utf-8")
    assert codes_of(project) == []


def test_the_root_is_found_from_below(project):
    """The nearest folder upward with claims/ and repro/ is the project's."""
    assert find_root(project / "claims" / "toys") == project.resolve()
    with pytest.raises(NoProjectError, match="claims/"):
        find_root(project.parent)


def test_a_folder_without_records_is_an_empty_base(tmp_path):
    """Having nothing to read is not an error."""
    assert load_base(Folder(tmp_path)).problems == ()


def test_reading_twice_gives_the_same(tmp_path):
    """Order does not depend on the file system, even with many faulty files."""
    root = write_bad_project("dependency-cycle", tmp_path / "project")
    for i in random.Random(1).sample(range(256), 256):
        (root / f"claims/toys/claim-{i}.yaml").write_text(CLAIM + f"# {i}\n", encoding="utf-8")
    first, second = load_base(Folder(root)), load_base(Folder(root))
    assert first.problems == second.problems
    assert list(first.claims) == sorted(first.claims)
    assert len(first.problems) == 257


PIECES = [
    b": ",
    b"\n",
    b"- ",
    b"&a ",
    b"*a",
    b"!!x ",
    b"[",
    b"{",
    b"#",
    b"'",
    b'"',
    b"",
    b"\xe2\x80\xae",
    b"1e999",
]


def mutated(text, rng):
    """Return the bytes of a text with one to four random changes."""
    content = bytearray(text.encode())
    for _ in range(rng.randint(1, 4)):
        at, length = rng.randrange(len(content)), rng.choice([0, 1, 1, 2, 8])
        copied = content[at : at + rng.randint(1, 60)]
        content[at : at + length] = rng.choice([bytes([rng.randrange(256)]), rng.choice(PIECES), copied])
    return bytes(content)


@pytest.mark.parametrize(
    ("path", "times"), [(CLAIM_PATH, 1500), (SOURCE_PATH, 1500), ("repro/experiments/coin.py", 200)]
)
def test_mutated_files_never_raise(project, path, times):
    """However a good file is damaged, reading ends in records or problems, each with all its parts."""
    rng = random.Random(path)
    good = (project / path).read_text(encoding="utf-8")
    if path.endswith(".yaml"):
        (project / "repro/experiments/coin.py").unlink()
    for _ in range(times):
        (project / path).write_bytes(mutated(good, rng))
        for problem in load_base(Folder(project)).problems:
            assert all([problem.code, problem.found, problem.allowed, problem.advice])
            assert min(problem.place.line, problem.place.column) >= 1


@pytest.mark.parametrize("code", bad_codes())
def test_problems_of_bad_records_point_into_their_file(tmp_path, code):
    """The path of every problem is relative to the root and exists there."""
    root = write_bad_project(code, tmp_path / "project")
    for problem in load_base(Folder(root), today="2026-01-31").problems:
        assert (root / problem.place.path).is_symlink() or (root / problem.place.path).exists()


def test_records_round_trip(project):
    """A record written out by its model and read again is the same record."""
    base = load_base(Folder(project))
    claim = base.claims["toy-claim"]
    again = type(claim).model_validate(claim.model_dump(by_alias=True))
    assert again == claim
    assert again.protocol.digest == claim.protocol.digest


def test_a_base_is_immutable(project):
    """Nothing read can be changed by accident."""
    base = load_base(Folder(project))
    with pytest.raises(dataclasses.FrozenInstanceError):
        base.problems = ()


def test_near_spellings_are_near():
    """A slip of the finger finds its word; another word finds nothing."""
    assert nearest("atleast", BOUNDS) == "at_least"
    assert nearest("banana", BOUNDS) is None


def test_todays_date_is_only_used_where_it_is_given(project):
    """A source dated tomorrow is a problem for a caller who knows the day."""
    rewrite(project, SOURCE_PATH, ('"2017-12-05"', '"2030"'))
    assert codes_of(project) == []
    assert [p.code for p in load_base(Folder(project), today="2029-12-31").problems] == ["future-date"]


@pytest.mark.parametrize("folder", ["claims", "repro/experiments"])
def test_a_file_in_the_place_of_a_folder_is_told(tmp_path, folder):
    """A folder that cannot be listed is a problem, not an empty folder."""
    (tmp_path / folder).parent.mkdir(exist_ok=True)
    (tmp_path / folder).write_text("not here\n", encoding="utf-8")
    assert [(p.code, p.place.path) for p in load_base(Folder(tmp_path)).problems] == [
        ("unreadable-file", folder)
    ]
