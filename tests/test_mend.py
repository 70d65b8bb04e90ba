"""`repro check --fix` mends what needs no author, once and for all, and never touches evidence."""

import pytest
from click.testing import CliRunner

from kb.reading.load import load_base
from kb.reading.tree import Folder
from repro.cli import cli
from tests.bad_project import TODAY, write_bad_project
from tests.conftest import CLAIM, EXPERIMENT

MENDABLE = ("byte-order-mark", "not-nfc", "moved-claim", "planned-and-written", "template-left")


def contents(root):
    """Return the bytes of every file of a project."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def fix(root, *paths):
    """Run `repro check --fix` and return what it did."""
    return CliRunner().invoke(
        cli, ["--root", str(root), "check", "--fix", *(str(root / path) for path in paths)]
    )


@pytest.mark.parametrize("code", MENDABLE)
def test_a_problem_that_needs_no_author_is_mended_once(tmp_path, code):
    """No problem is left, and a second time changes nothing."""
    root = write_bad_project(code, tmp_path / "project")
    done = fix(root)
    assert "mended  claims/toys/" in done.output
    assert load_base(Folder(root), today=TODAY).problems == ()
    after = contents(root)
    assert "mended" not in fix(root).output
    assert contents(root) == after


def test_a_claim_is_listed_under_the_paragraph_that_it_names(tmp_path):
    """What a source can be told by a claim is derived; a claim that names no paragraph is left to people."""
    root = write_bad_project("unlisted-appearance", tmp_path / "project")
    assert "mended" not in fix(root).output
    bad = root / "claims/toys/bad.yaml"
    bad.write_text(bad.read_text().replace("{section: Results}", "{paragraph: 2}"))
    assert "mended  claims/sources/essay.yaml: listed bad under paragraph 2" in fix(root).output
    assert load_base(Folder(root), today=TODAY).problems == ()


def test_line_ends_and_spaces_are_put_in_order(project):
    """In records and scripts, and only where the text says the same."""
    claim, script = project / "claims/toys/toy-claim.yaml", project / "repro/experiments/coin.py"
    claim.write_bytes(CLAIM.replace("\n", " \r\n").encode().rstrip() + b"\n\n\n")
    script.write_text(EXPERIMENT.replace("\nHEADS", "  \nHEADS") + "\n\n")
    assert fix(project).output.count("mended") == 2
    assert (claim.read_text(), script.read_text()) == (CLAIM, EXPERIMENT)
    speaking = EXPERIMENT + 'TEXT = """a line that ends in spaces  \n"""\n'
    script.write_text(speaking)
    fix(project)
    assert script.read_text() == speaking


def test_only_the_files_that_are_named_are_mended(tmp_path):
    """As `repro check` shows only their problems."""
    root = write_bad_project("planned-and-written", tmp_path / "project")
    before = contents(root)
    assert fix(root, "claims/sources").exit_code == 0
    assert contents(root) == before


def test_evidence_is_never_touched(project):
    """Whatever its bytes are."""
    piece = project / "repro/evidence/coin/0123456789ab/fair-b0-0123456789abcdef.json"
    piece.parent.mkdir(parents=True)
    piece.write_bytes(b"{}  \r\n\r\n")
    assert "mended" not in fix(project).output
    assert piece.read_bytes() == b"{}  \r\n\r\n"


def test_what_would_cause_another_problem_is_left(tmp_path):
    """The record keeps its text, and the reason is told."""
    root = write_bad_project("moved-claim", tmp_path / "project")
    bad = root / "claims/toys/bad.yaml"
    text = bad.read_text()
    line = "  - {type: supports, claim: toy-claim, because: it is so}\n"
    bad.write_text(text + line)
    done = fix(root)
    assert "would cause another problem" in done.output
    assert bad.read_text() == text + line
