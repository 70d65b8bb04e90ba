"""Controls of experiments: arms against themselves, imitated faults, no effect, an effect put in."""

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from kb.evidence.controls import BLOCKS_IN_SET, CODES, as_controls_file, parse_controls, sets_of
from kb.evidence.ledger import read_ledger
from kb.evidence.seeds import block_seeds
from kb.exports.claim_document import claim_document
from kb.exports.published import Site
from kb.judging.against_itself import comparisons, is_beyond_chance
from kb.judging.controls import checks, summaries
from kb.judging.failing import failing
from kb.judging.judgement import judge_base
from kb.project import read
from kb.reading.tree import Folder
from kb.site.render import render
from kb.text.problems import Problem
from kb.words.controls import controls_sentences, failures
from repro.cli import cli
from repro.controls import _imitated, mutants
from tests.conftest import EXPERIMENT, write_project
from tests.measured import RECORD, SCRIPT, begun, change
from tests.repository import commit_all

ROOT = Path(__file__).parents[1]
DRAW = 'seeds.uniform("flips", scale.flips)'
IGNORING = EXPERIMENT.replace(DRAW, "torch.linspace(0, 1, scale.flips).expand(len(seeds.values), -1)")


def invoke(root, *words):
    """Run a command line in this process and return its exit code and what it said."""
    result = CliRunner().invoke(cli, ["--root", str(root), *words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Return a committed project whose claim was measured and whose experiment was tested."""
    root = begun(write_project(tmp_path_factory.mktemp("controls") / "project"))
    assert invoke(root, "run", "toy-claim")[0] == 0
    commit_all(root, "evidence")
    code, said = invoke(root, "verify", "--controls", "--sets", "2")
    assert code == 0, said
    commit_all(root, "controls")
    return root, said


@pytest.fixture
def project_of(measured):
    """Return the project, read."""
    return read(Folder(measured[0]))


def test_one_file_holds_a_sitting(measured, project_of):
    """Both arms are tried, two sets of four blocks are measured of each, and `check` finds nothing wrong."""
    [filed] = project_of.ledger.controls
    assert [each.arm for each in filed.controls.tried] == ["fair", "loaded"]
    assert len(filed.controls.blocks) == 2 * 2 * BLOCKS_IN_SET
    assert project_of.problems == ()
    assert invoke(measured[0], "check")[0] == 0
    assert "1 control file" in invoke(measured[0], "verify")[1]


def test_controls_never_count_for_a_claim(measured, project_of):
    """The verdict rests on the two blocks of each arm, as before."""
    [setting] = project_of.judgements["toy-claim"].judged
    assert (setting.verdict.seeds, setting.verdict.state) == (10, "reproduced")
    assert "2 of 2 arms" in measured[1]


def test_a_second_sitting_measures_only_what_is_missing(measured):
    """Nothing is stored twice."""
    code, said = invoke(measured[0], "verify", "--controls", "--sets", "2")
    assert (code, "nothing new to measure" in said) == (0, True)
    assert len(read_ledger(Folder(measured[0])).controls) == 1


def test_an_arm_is_compared_with_itself_on_seeds_that_never_count(project_of):
    """Each set of twenty seeds is one comparison, beside those of evidence, of which there is too little."""
    found = list(comparisons(project_of.base, project_of.ledger))
    assert [(each.arm, each.pairs, each.is_evidence) for each in found] == [
        ("fair", 10, False),
        ("loaded", 10, False),
    ] * 2
    assert not any(each.is_false for each in found)


def test_sets_have_seeds_of_their_own(project_of):
    """No value of one set occurs in the other."""
    [filed] = project_of.ledger.controls
    seeds = [seed for each in filed.controls.blocks if each.arm == "fair" for seed in each.seeds]
    assert len({*seeds}) == len(seeds) == 2 * BLOCKS_IN_SET * 5
    found = sets_of(project_of.ledger.controls, filed.controls.version)
    assert [len(arms["fair"]["score"]) for arms in found.values()] == [20, 20]


def test_every_imitated_fault_is_refused(project_of):
    """By the trial that each arm passes before its first block, with a message that names the fault."""
    [filed] = project_of.ledger.controls
    said = {each.mutant: each.refusal for each in filed.controls.imitated if each.arm == "fair"}
    assert said.keys() == mutants({}).keys()
    assert "same values for each of ten seeds" in said["outcome constant"]
    assert "beside other seeds" in said["seeds ignored"]
    assert "beside other seeds" in said["data drawn per block"]


def test_values_within_the_resolution_hold_no_fault_to_see(project_of):
    """Whatever a fault does to them, no verdict could tell; so nothing is imitated, and nothing passes."""
    script = project_of.base.scripts["coin"]
    rows = {"score": (0.5, 0.501) * 5}
    assert [*_imitated(script, "fair", rows)] == []
    found = [*_imitated(script, "fair", {"score": (0.5, 0.52) * 5})]
    assert [bool(each.refusal) for each in found] == [True] * 3


def test_without_its_effect_no_prediction_is_reproduced(project_of):
    """Arms swapped, no effect and mixed arms are refused; an effect put in is found."""
    found = {each.change: each for each in checks(project_of.base, project_of.ledger, project_of.judgements)}
    assert found["arms swapped"].decision == "contradicted"
    assert found["no effect"].decision == "contradicted"
    assert found["labels of arms shuffled"].decision != "reproduced"
    assert found["effect put in"].decision == "reproduced"
    assert all(each.is_passed for each in found.values())


@pytest.mark.parametrize(
    ("bound", "changes"),
    [
        ("between: [-1.0, 1.0]", {"effect put in": "contradicted"}),
        ("at_most: -0.1", {"no effect": "contradicted", "effect put in": "reproduced"}),
        ("at_least: 0\n      estimand: success_rate\n      rate: 0.5", {"no effect": None}),
        ("at_least: 0.1\n      estimand: success_rate\n      rate: 0.5", {"no effect": "contradicted"}),
    ],
)
def test_a_control_fits_what_the_prediction_says(measured, tmp_path, bound, changes):
    """Where no effect is what is said, taking it away is no fault; what may hold reversed is not swapped."""
    root = write_project(tmp_path / "project")
    change(root, RECORD, "at_least: 0.1", bound)
    project = read(Folder(root))
    ledger = read_ledger(Folder(measured[0]))
    judgements = judge_base(project.base, ledger)
    found = {each.change: each.decision for each in checks(project.base, ledger, judgements)}
    assert {name: found.get(name) for name in changes} == changes
    assert ("arms swapped" in found) == ("at_least: 0.1" in bound)


def test_seeds_that_are_ignored_are_found(tmp_path):
    """A planted script that draws nothing breaks the contract: exit code 10, and the arm is named."""
    root = write_project(tmp_path / "project")
    (root / SCRIPT).write_text(IGNORING, encoding="utf-8")
    begun(root)
    code, said = invoke(root, "verify", "--controls", "coin")
    assert code == 10
    assert "0 of 2 arms tried" in said
    assert "arm fair breaks the contract: arm fair gave the same values for each of ten seeds" in said


def test_data_drawn_per_block_are_found(tmp_path):
    """A planted script in which the first seed of a block enters every value."""
    root = write_project(tmp_path / "project")
    change(root, SCRIPT, DRAW, f"({DRAW} + {DRAW}[:1]) / 2")
    begun(root)
    code, said = invoke(root, "verify", "--controls", "coin")
    assert (code, "beside other seeds" in said or "same values" in said) == (10, True)


def test_controls_are_tried_at_the_scale_of_the_setting(tmp_path):
    """A breach that shows at full size only is found by them, although a run tries arms at a smaller one."""
    root = write_project(tmp_path / "project")
    breach = "    if scale.flips == 100:\n        heads = heads + seeds.values[0] % 1000\n    return {"
    change(root, SCRIPT, "    return {", breach)
    change(root, SCRIPT, "ARMS = {", 'TRIAL = {"flips": 7}\nARMS = {')
    assert invoke(root, "run", "toy-claim", "--explore")[0] == 0
    begun(root)
    code, said = invoke(root, "verify", "--controls", "coin")
    assert (code, "measured beside other seeds" in said) == (10, True)


def planted(measured, root, **changes):
    """Return a copy of the measured project whose controls say something else, and their file's content."""
    shutil.copytree(measured[0], root)
    [filed] = read_ledger(Folder(root)).controls
    (root / filed.path).unlink()
    path, content = as_controls_file(filed.controls.model_copy(update=changes))
    (root / path).write_bytes(content)
    return root


def of_both_halves(filed, *, apart):
    """Return control blocks in which the second half of a set lies higher than the first, in every arm."""
    version, shift = filed.controls.version, {0: 0.0, 1: 0.0, 2: apart, 3: apart}

    def moved(each, number):
        values = tuple(0.001 * place + shift[each.block] for place in range(5))
        seeds = block_seeds(version, each.block, replication=number, stream="explore")
        return each.model_copy(update={"replication": number, "values": {"score": values}, "seeds": seeds})

    first = [each for each in filed.controls.blocks if each.replication == 1]
    return tuple(moved(each, number) for number in range(1, 11) for each in first)


def failed(filed, kind):
    """Return what to plant for one kind of control that failed, and how it is told."""
    controls = filed.controls
    if kind == "contract broken":
        tried = controls.tried[0].model_copy(update={"breach": "arm fair ignores its seeds; use them"})
        return {"tried": (tried, *controls.tried[1:])}, "arm fair ignores its seeds"
    if kind == "fault not refused":
        passed = controls.imitated[0].model_copy(update={"refusal": ""})
        words = "the trial of arm fair did not refuse the fault “outcome constant”"
        return {"imitated": (passed, *controls.imitated[1:])}, words
    words = "20 of 20 comparisons of an arm with itself found a difference"
    return {"blocks": of_both_halves(filed, apart=0.2)}, words


@pytest.mark.parametrize("kind", ["contract broken", "fault not refused", "differs from itself"])
def test_a_stored_control_that_failed_leaves_no_verdict(project_of, measured, tmp_path, kind):
    """Every claim on the experiment is invalid, and terminal, derivation, page and API say why."""
    [filed] = project_of.ledger.controls
    changes, words = failed(filed, kind)
    root = planted(measured, tmp_path / "project", **changes)
    project = read(Folder(root))
    judgement = project.judgements["toy-claim"]
    assert judgement.state == "invalid"
    assert [each.kind for each in judgement.verdict.failing] == [kind]
    assert judgement.verdict.log_e <= 0
    said = f"a control of coin itself failed: {words}"
    assert said in " ".join(invoke(root, "show", "toy-claim")[1].split())
    assert words in " ".join(invoke(root, "why", "toy-claim")[1].split())
    document = claim_document(project, judgement)
    assert (document.state, document.verdict.failing) == ("invalid", (words,))
    pages = {page.path: page.content for page in render(Site(project, ROOT))}
    assert said in pages["claims/toy-claim.md"]
    assert "a check of the experiment itself failed" in pages["claims/toy-claim.md"]
    assert words in pages["experiments/coin.md"]
    assert invoke(root, "run", "toy-claim")[0] == 12


def test_a_control_that_failed_under_another_version_is_past(project_of, measured, tmp_path):
    """Once what measures is mended, its controls are to be measured anew."""
    [filed] = project_of.ledger.controls
    changes, _ = failed(filed, "contract broken")
    root = planted(measured, tmp_path / "project", **changes)
    change(root, SCRIPT, '"loaded": 0.8}', '"loaded": 0.85}')
    project = read(Folder(root))
    assert failing(project.base, project.ledger, project.base.scripts["coin"]) == ()


def test_what_failed_once_cannot_be_measured_away(project_of, measured, tmp_path):
    """A second file in which the arm passes leaves the first where it is."""
    [filed] = project_of.ledger.controls
    changes, _ = failed(filed, "contract broken")
    root = planted(measured, tmp_path / "project", **changes)
    later = filed.controls.model_copy(update={"started": "2030-01-01T00:00:00Z"})
    path, content = as_controls_file(later)
    (root / path).write_bytes(content)
    project = read(Folder(root))
    assert len(project.ledger.controls) == 2
    assert project.judgements["toy-claim"].state == "invalid"


def test_more_false_differences_than_chance_explains_fail(project_of, measured, tmp_path):
    """One false decision of forty is chance; ten are not, and only these fail."""
    assert [is_beyond_chance(*counts) for counts in ((0, 0), (1, 40), (2, 40), (10, 40))] == [
        False,
        False,
        False,
        True,
    ]
    [filed] = project_of.ledger.controls
    alike = planted(measured, tmp_path / "alike", blocks=of_both_halves(filed, apart=0.0))
    apart = planted(measured, tmp_path / "apart", blocks=of_both_halves(filed, apart=0.2))
    found = []
    for root in (alike, apart):
        project = read(Folder(root))
        found.append(summaries(project.base, project.ledger, project.judgements)["coin"])
    assert [each.is_failed for each in found] == [False, True]
    assert "arm fair differs from itself in score, with 10 pairs" in [*failures(found[1])]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ('"fair"', '"fear"', "edited, cut off or merged"),
        ('"seconds"', '"second"', "field required"),
        ("{", "[", "not a record with its hash"),
    ],
)
def test_a_planted_file_of_controls_is_named(project_of, measured, old, new, found):
    """Edited, of another form, or no JSON at all."""
    [filed] = project_of.ledger.controls
    content = (measured[0] / filed.path).read_bytes()
    problem = parse_controls(content.replace(old.encode(), new.encode(), 1), filed.path)
    assert isinstance(problem, Problem)
    assert ({problem.code}, found in problem.found.lower()) == ({*CODES}, True), problem.found


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"scale": {"flips": 7}}, "version does not follow"),
        ({"blocks": "moved"}, "seeds of another block"),
    ],
)
def test_controls_cannot_be_chosen(project_of, changes, found):
    """Neither seeds nor versions: both are derived."""
    [filed] = project_of.ledger.controls
    if changes.get("blocks") == "moved":
        moved = filed.controls.blocks[0].model_copy(update={"replication": 9})
        changes = {"blocks": (moved,)}
    path, content = as_controls_file(filed.controls.model_copy(update=changes))
    problem = parse_controls(content, path)
    assert isinstance(problem, Problem)
    assert found in problem.found


def test_controls_in_another_place_are_refused(project_of):
    """The name carries the hash."""
    [filed] = project_of.ledger.controls
    path, content = as_controls_file(filed.controls)
    assert parse_controls(content, path).path == path
    assert isinstance(parse_controls(content, path.replace("-", "_")), Problem)


def test_controls_are_measured_from_a_clean_checkout(measured, tmp_path):
    """They name the commit that they were made with."""
    root = begun(write_project(tmp_path / "project"))
    (root / "note.txt").write_text("x", encoding="utf-8")
    code, said = invoke(root, "verify", "--controls")
    assert (code, "clean checkout" in said) == (4, True)


def test_what_was_found_is_one_json_document(measured):
    """With counts and failures of each experiment."""
    code, said = invoke(measured[0], "verify", "--controls", "--json")
    [found] = json.loads(said)["experiments"]
    assert (code, found["compared"], found["found_different"], found["is_failed"]) == (0, 4, 0, False)


@pytest.mark.parametrize("words", [("--controls", "--same"), ("--sets", "1"), ("--controls", "dice")])
def test_words_that_do_not_go_together_are_refused(measured, words):
    """With exit code 2."""
    assert invoke(measured[0], "verify", *words)[0] == 2


def test_pages_tell_the_controls(project_of):
    """The page of the experiment in sentences, the page of numbers as a rate with its interval."""
    pages = {page.path: page.content for page in render(Site(project_of, ROOT))}
    found = summaries(project_of.base, project_of.ledger, project_of.judgements)["coin"]
    for sentence in controls_sentences(found):
        assert sentence in pages["experiments/coin.md"]
    assert "0 of 4 comparisons" in pages["stats.md"]


def numbers(root):
    """Return the rows of the table of controls on the page of numbers, as texts of cells."""
    content = next(page.content for page in render(Site(read(Folder(root)), ROOT)) if page.path == "stats.md")
    table = content[content.index('id="controls"' if 'id="controls"' in content else "{: #controls }") :]
    body = table[table.index("<tbody>") : table.index("</tbody>")]
    return [
        ("controls--failed" in row, re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row))
        for row in body.split("<tr")[1:]
    ]


def test_the_page_of_numbers_lists_every_experiment_with_its_controls(measured):
    """What passed, of how many; an experiment without any says so."""
    [(is_red, cells)] = numbers(measured[0])
    assert not is_red
    assert "experiments/coin/#controls" in cells[0]
    assert cells[1:7] == ["passed", "2 of 2", "6 of 6", "4 of 4", "none", "4 of 4"]


def test_an_experiment_without_controls_is_listed(tmp_path):
    """Nobody has to guess whether it passed."""
    [(is_red, cells)] = numbers(write_project(tmp_path / "project"))
    assert (is_red, cells[1], cells[-1]) == (False, "not measured", "never")


@pytest.mark.parametrize("kind", ["contract broken", "fault not refused", "differs from itself"])
def test_a_control_that_failed_is_red(project_of, measured, tmp_path, kind):
    """With the word beside the colour, and what failed below the table."""
    [filed] = project_of.ledger.controls
    changes, words = failed(filed, kind)
    root = planted(measured, tmp_path / "project", **changes)
    [(is_red, cells)] = numbers(root)
    assert (is_red, cells[1]) == (True, "<strong>failed</strong>")
    content = next(page.content for page in render(Site(read(Folder(root)), ROOT)) if page.path == "stats.md")
    assert words in content


def test_arms_that_were_not_tried_are_seen(project_of, measured, tmp_path):
    """An interrupted sitting passes in part, however well its arms did."""
    [filed] = project_of.ledger.controls
    root = planted(measured, tmp_path / "project", tried=filed.controls.tried[:1])
    [(is_red, cells)] = numbers(root)
    assert (is_red, cells[1:3]) == (False, ["passed in part", "1 of 1"])
