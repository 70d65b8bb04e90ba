"""Every code has one bad record, which gives that code, at the right place, in the words of its golden file.

After a deliberate change of wording, `pytest --update-goldens tests/test_rules.py` writes the golden files
anew; read their difference before you commit it.
"""

import os
from pathlib import Path

import pytest

import kb.reading.rules
import kb.reading.tree
from kb.reading.circles import circles
from kb.reading.codes import codes
from kb.reading.load import load_base
from kb.reading.rules import rules
from kb.reading.tree import Folder
from kb.text.problems import WIDTH, render_terminal
from tests.bad_project import TODAY, bad_codes, write_bad_project
from tests.conftest import GOLDENS


@pytest.fixture
def problems(request, tmp_path, monkeypatch):
    """Return the problems of the bad record whose code is the parameter."""
    system_open = os.open

    def open_unless_unreadable(path, flags):
        # The superuser reads every file; the record without permissions must stay closed for him too.
        if not Path(path).is_symlink() and not Path(path).stat().st_mode & 0o777:
            raise PermissionError(13, "Permission denied")
        return system_open(path, flags)

    monkeypatch.setattr(kb.reading.tree.os, "open", open_unless_unreadable)
    return load_base(Folder(write_bad_project(request.param, tmp_path / "project")), today=TODAY).problems


def test_every_code_has_a_bad_record_and_a_golden_message():
    """The declared codes, the bad records and the golden messages are the same set."""
    assert bad_codes() == list(codes())
    assert sorted(path.stem for path in (GOLDENS / "bad_records").iterdir()) == list(codes())


@pytest.mark.parametrize("problems", bad_codes(), indirect=True)
def test_a_bad_record_gives_its_own_code_only(problems, request):
    """One mistake gives one problem, with the code the record is named after."""
    assert [problem.code for problem in problems] == [request.node.callspec.params["problems"]]


@pytest.mark.parametrize("problems", bad_codes(), indirect=True)
def test_a_bad_record_gives_its_golden_message(problems, request, golden):
    """The whole text in the terminal is as agreed, and no line is wider than a terminal."""
    text = render_terminal(problems)
    golden(f"bad_records/{request.node.callspec.params['problems']}.txt", text)
    assert max(len(line) for line in text.split("\n")) <= WIDTH


def test_rules_say_what_their_codes_mean():
    """Each rule is found by being there, and describes its codes in a sentence."""
    files = {path.stem for path in Path(kb.reading.rules.__file__).parent.glob("[!_]*.py")}
    assert {rule.__name__.rpartition(".")[2] for rule in rules()} == files
    assert all(text.endswith(".") for text in codes().values())


def test_one_reader_sees_all_problems_of_all_files(project):
    """Several mistakes in several files are reported by one run, ordered by place."""
    claim = project / "claims/toys/toy-claim.yaml"
    source = project / "claims/sources/toy-source.yaml"
    text = claim.read_text(encoding="utf-8").replace("stance: asserts", "stance: assert")
    claim.write_text(text.replace("at_least: 0.1", "atleast: 0.1"), encoding="utf-8")
    source.write_text(source.read_text(encoding="utf-8").replace('"2017-12-05"', "no"), encoding="utf-8")
    found = [(problem.code, problem.place.line) for problem in load_base(Folder(project)).problems]
    assert found == [("ambiguous-value", 5), ("unknown-value", 8), ("unknown-field", 18)]


def test_several_flaws_of_one_record_are_told_together(project):
    """Checks between fields do not stop at the first."""
    claim = project / "claims/toys/toy-claim.yaml"
    text = claim.read_text(encoding="utf-8")
    worse = text.replace("at_least: 0.1", "between: [1, 0]\n      rate: 0.5")
    claim.write_text(worse, encoding="utf-8")
    assert [p.code for p in load_base(Folder(project)).problems] == ["bound-order", "rate-choice"]


def test_a_cycle_is_printed_from_its_first_claim(tmp_path):
    """The circle is shown whole, each claim before the one it depends on."""
    base = load_base(Folder(write_bad_project("dependency-cycle", tmp_path / "project")))
    assert base.problems[0].found == "the circle first -> second -> third -> first"


@pytest.mark.parametrize("others", [{}, {"second": "first"}])
def test_a_circle_of_old_ids_is_printed_from_its_first(project, others):
    """One that leads to itself, and one that leads back through another."""
    for old_id, target in {"first": "second" if others else "first", **others}.items():
        (project / f"claims/toys/{old_id}.yaml").write_text(f"moved_to: {target}\n", encoding="utf-8")
    circle = " -> ".join(["first", *others, "first"])
    assert [p.found for p in load_base(Folder(project)).problems] == [f"the circle {circle}"]


def test_many_circles_among_the_same_claims_are_one_problem():
    """Where 120 claims all rest on each other, 7,140 pairs do; one pair is shown, and how many there are."""
    claims = [f"claim-{i:03}" for i in range(120)]
    (circle,) = circles({one: [other for other in claims if other != one] for one in claims})
    knot = "one of several among 120 that all lead to each other"
    assert str(circle) == f"the circle claim-000 -> claim-001 -> claim-000, {knot}"


@pytest.mark.parametrize("length", [1, 2, 5])
def test_separate_circles_are_separate_problems(length):
    """Each is told from its first member; whatever only leads there is left out."""
    first, second = ([f"{name}{i}" for i in range(length)] for name in "ab")
    graph = {one: [ring[(i + 1) % length]] for ring in (first, second) for i, one in enumerate(ring)}
    found = [circle.ids for circle in circles({**graph, "start": ["a0", "nowhere"]})]
    assert found == [[*first, "a0"], [*second, "b0"]]


def test_a_claim_does_not_contradict_what_it_rests_on(tmp_path):
    """Resting on a claim is as much at odds with contradicting it as supporting it is."""
    root = write_bad_project("supports-and-contradicts", tmp_path / "project")
    (path,) = [file for file in root.glob("claims/toys/*.yaml") if "contradicts" in file.read_text()]
    path.write_text(path.read_text(encoding="utf-8").replace("type: supports", "type: depends_on"))
    (problem,) = load_base(Folder(root)).problems
    assert problem.code == "supports-and-contradicts"
    assert problem.found == "contradicts toy-claim, which the claim also relies on"


def test_every_bad_relation_is_told_at_its_place(project):
    """Dangling, to itself, doubled, contradictory: each at the line of the relation that is wrong."""
    claim = project / "claims/toys/toy-claim.yaml"
    start = len(claim.read_text(encoding="utf-8").splitlines()) + 2
    relations = [
        ("supports", "nobody"),
        ("explains", "toy-claim"),
        ("refines", "other"),
        ("refines", "other"),
    ]
    relations += [("supports", "other"), ("contradicts", "other")]
    lines = [f"  - {{type: {kind}, claim: {target}, because: so}}" for kind, target in relations]
    text = claim.read_text(encoding="utf-8")
    other = text.replace("A coin that is loaded", "A coin that somebody loaded")
    (project / "claims/toys/other.yaml").write_text(other, encoding="utf-8")
    claim.write_text("\n".join([f"{text}relations:", *lines, ""]), encoding="utf-8")
    assert [(p.code, p.place.line - start) for p in load_base(Folder(project)).problems] == [
        ("unknown-claim", 0),
        ("self-relation", 1),
        ("duplicate-relation", 3),
        ("supports-and-contradicts", 5),
    ]
