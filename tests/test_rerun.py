"""`repro verify` checks what is stored, and measures blocks again that never count."""

import json

import pytest
from click.testing import CliRunner

from kb.evidence.replays import agreement, replays
from kb.project import read
from kb.reading.tree import Folder
from kb.words.replays import AGREEMENT, replays_sentence
from repro import provenance
from repro.cli import cli
from tests.conftest import write_project
from tests.evidence_of import MACHINE, evidence_of
from tests.measured import begun, measure
from tests.repository import commit_all, git

OTHER = MACHINE.model_copy(update={"cpu": "another"})


def verify(root, *words):
    """Run `repro verify` and return its exit code and what it said."""
    result = CliRunner().invoke(cli, ["--root", str(root), "verify", *words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


@pytest.fixture
def root(tmp_path):
    """Return a committed project whose claim was measured here."""
    root = begun(write_project(tmp_path / "project"))
    assert CliRunner().invoke(cli, ["--root", str(root), "run", "toy-claim"]).exit_code == 0
    commit_all(root, "evidence")
    return root


def test_evidence_that_is_in_order_is_counted(root):
    """Blocks and verdicts are named with their numbers, and nothing is measured."""
    code, said = verify(root)
    assert (code, "verdict computed anew" in said) == (0, True)
    assert verify(root, "--json")[1].count("assay/verified/1") == 1


def test_a_planted_file_is_red(root):
    """A flipped digit is named with its file, as by `repro check`."""
    path = next(root.glob("repro/evidence/coin/*/*.json"))
    path.write_text(path.read_text(encoding="utf-8").replace("0.", "1.", 1), encoding="utf-8")
    code, said = verify(root)
    assert (code, path.name in said) == (2, True)


def test_a_rerun_gives_the_same_bits_and_never_counts(root):
    """Replays are stored beside the evidence, told on page and API, and leave the verdict alone."""
    before = read(Folder(root)).judgements["toy-claim"]
    code, said = verify(root, "--rerun", "2")
    assert (code, "2 blocks measured again: 2 equal to the bit." in said) == (0, True)
    project = read(Folder(root))
    after = project.judgements["toy-claim"]
    assert project.problems == ()
    assert after.verdict == before.verdict
    assert [each.agreement for each in after.main.replays] == ["exact", "exact"]
    shown = json.loads(CliRunner().invoke(cli, ["--root", str(root), "show", "toy-claim", "--json"]).output)
    assert [each["agreement"] for each in shown["settings"][0]["replays"]] == ["exact", "exact"]


def test_other_bits_on_the_same_machine_are_different(tmp_path):
    """Whoever made up values is found by measuring them again: exit code 10, and `check` names the file."""
    root = begun(write_project(tmp_path / "project"))
    here = {"commit": git(root, "rev-parse", "HEAD").strip(), "dirty": False, "started": provenance.now()}
    measure(root, machine=provenance.machine(1), **provenance.versions()._asdict(), **here)
    for copied in root.glob("repro/evidence/coin/*/*-b1-*.json"):
        copied.unlink()
    commit_all(root, "made up")
    code, said = verify(root, "--rerun", "1")
    assert (code, "1 block measured again: 1 different." in said) == (10, True)
    checked = CliRunner().invoke(cli, ["--root", str(root), "check"])
    assert "evidence-conflict" in checked.output


def test_a_changed_checkout_is_not_measured(root):
    """A replay names the commit that it was made with."""
    (root / "claims/toys/note.txt").write_text("x", encoding="utf-8")
    code, said = verify(root, "--rerun", "1")
    assert (code, "clean checkout" in said) == (4, True)


def test_what_replays_say_is_counted_by_agreement(root):
    """In one sentence, for page and terminal."""
    verify(root, "--rerun", "3")
    project = read(Folder(root))
    script = project.base.scripts["coin"]
    found = replays(project.ledger, "coin", script.version())
    assert replays_sentence(found) == f"3 blocks measured again on 1 machine: 3 {AGREEMENT['exact']}."
    assert replays_sentence(()) == ""


@pytest.mark.parametrize(
    ("values", "machine", "found"),
    [
        ((0.5, 0.51, 0.49, 0.5, 0.52), MACHINE, "exact"),
        ((0.5, 0.51, 0.49, 0.5, 0.52), OTHER, "exact"),
        ((0.5, 0.51, 0.49, 0.5, 0.5200001), MACHINE, "different"),
        ((0.5, 0.51, 0.49, 0.5, 0.5200001), OTHER, "predicted"),
        ((0.9, 0.91, 0.89, 0.9, 0.92), OTHER, "different"),
        ((0.5, 0.51, 0.49, 0.5, float("nan")), OTHER, "predicted"),
    ],
)
def test_agreement_depends_on_bits_machine_and_prediction(project, values, machine, found):
    """Equal bits agree anywhere; others only from another machine, where the seeds predict them."""
    script = read(Folder(project)).base.scripts["coin"]
    counting = evidence_of(script, script.version(), "fair", 0, (0.5, 0.51, 0.49, 0.5, 0.52))
    again = evidence_of(script, script.version(), "fair", 0, values, machine=machine)
    assert agreement(counting, again, [counting]) == found
