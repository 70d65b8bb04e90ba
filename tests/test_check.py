"""`repro check` and `repro export schema`: what they print, and how they exit."""

import json

import pytest
from click.testing import CliRunner

from repro.cli import cli
from tests.bad_project import write_bad_project


def repro(root, *arguments):
    """Return the result of a command on a project."""
    return CliRunner().invoke(cli, ["--root", str(root), *arguments], catch_exceptions=False)


@pytest.fixture
def bad(tmp_path):
    """Return a project in which one field is misspelt."""
    return write_bad_project("unknown-field", tmp_path / "project")


def test_a_good_project_gets_one_line(project):
    """Without a problem the exit code is 0 and the counts are given."""
    result = repro(project, "check")
    assert (result.exit_code, result.output) == (0, "No problems: 1 claim, 1 source, 1 experiment.\n")


def test_problems_are_printed_and_counted(bad):
    """With a problem the exit code is 2; place and code open its paragraph, and a count ends the report."""
    result = repro(bad, "check")
    assert result.exit_code == 2
    assert result.output.startswith("claims/toys/bad.yaml:15:7: error[unknown-field]: ")
    last = result.output.strip().split("\n")[-1]
    assert last == "1 problem in 1 file. Read without problems: 1 claim, 1 source, 1 experiment."


def test_json_is_one_document(bad):
    """With --json nothing but one document with a schema is printed, and the exit code is the same."""
    result = repro(bad, "check", "--json")
    document = json.loads(result.output)
    assert (result.exit_code, document["schema"]) == (2, "assay/check/1")
    assert [problem["nearest"] for problem in document["problems"]] == ["at_least"]


@pytest.mark.parametrize(
    ("path", "code"), [("claims/toys/bad.yaml", 2), ("claims/toys", 2), (".", 2), ("claims/sources", 0)]
)
def test_paths_choose_what_is_shown(bad, path, code, monkeypatch):
    """Files and folders limit the report, and the exit code with it."""
    monkeypatch.chdir(bad)
    assert repro(bad, "check", path).exit_code == code


@pytest.mark.parametrize("path", ["claims/nowhere.yaml", "/"])
def test_paths_that_are_not_there_are_refused(bad, path, monkeypatch):
    """A path that is missing or outside the project is a usage error."""
    monkeypatch.chdir(bad)
    result = repro(bad, "check", path)
    assert result.exit_code == 2
    assert path in result.output


def test_broken_evidence_is_a_problem_too(project):
    """The ledger's problems appear in the same report."""
    folder = project / "repro/evidence/coin/000000000000"
    folder.mkdir(parents=True)
    (folder / "fair-b0-0000000000000000.json").write_text("{}\n", encoding="utf-8")
    result = repro(project, "check")
    assert result.exit_code == 2
    assert "error[evidence-" in result.output


def test_schemas_are_written_once_and_checked(project):
    """`export schema` writes what is not current; with --check it only says so, and exits with 2."""
    assert repro(project, "export", "schema", "--check").exit_code == 2
    assert "wrote kb/schemas/claim.json" in repro(project, "export", "schema").output
    assert repro(project, "export", "schema", "--check").exit_code == 0
    assert repro(project, "export", "schema").output == "4 files are current.\n"


PARAGRAPHS = """\
paragraphs:
  - {anchor: [a loaded coin, more often], claims: [toy-claim]}
  - {anchor: [we thank, the coins], none: an acknowledgement}
"""


def test_coverage_lists_the_paragraphs_of_each_source(project):
    """Each with its claims, or why it has none; as data too."""
    assert repro(project, "check", "--coverage").output == "No source lists its paragraphs.\n"
    source = project / "claims/sources/toy-source.yaml"
    source.write_text(source.read_text(encoding="utf-8") + PARAGRAPHS, encoding="utf-8")
    found = repro(project, "check", "--coverage")
    head = "toy-source: 1 of 2 paragraphs assert something, 1 claim\n"
    assert (found.exit_code, found.output) == (0, f"{head}   1  toy-claim\n   2  none: an acknowledgement\n")
    (data,) = json.loads(repro(project, "check", "--coverage", "--json").output)["sources"]
    assert (data["source"], data["asserting"]) == ("toy-source", 1)
    assert data["paragraphs"][0]["claims"] == ["toy-claim"]
    assert data["paragraphs"][1]["none"] == "an acknowledgement"


def test_coverage_fails_where_a_paragraph_has_no_claim_that_can_be_read(project):
    """A paragraph whose only claim is not there counts as uncovered; exit code 2."""
    source = project / "claims/sources/toy-source.yaml"
    text = source.read_text(encoding="utf-8") + PARAGRAPHS.replace("toy-claim", "toy-clam")
    source.write_text(text, encoding="utf-8")
    found = repro(project, "check", "--coverage")
    assert found.exit_code == 2
    assert "   1  no claim that could be read\n" in found.output


def test_github_is_told_at_each_line(bad):
    """One annotation per problem, and the summary for readers of the log; the exit code stays the same."""
    result = repro(bad, "check", "--format", "github")
    assert result.exit_code == 2
    first, last = result.output.splitlines()
    assert first.startswith("::error file=claims/toys/bad.yaml,line=15,col=7,title=unknown-field::")
    assert last.startswith("1 problem in 1 file.")


def test_other_tools_get_one_document(bad):
    """In SARIF, with the meaning of each code."""
    log = json.loads(repro(bad, "check", "--format", "sarif").output)
    assert [result["ruleId"] for result in log["runs"][0]["results"]] == ["unknown-field"]


ASSERTIONS = """paragraphs:
  - anchor: [a loaded coin, more often]
    assertions:
      - {says: loaded coins show heads, claims: [toy-claim]}
      - {says: gamblers knew it, none: nobody is named}
"""


def test_coverage_counts_assertions_and_not_paragraphs(project):
    """What a paragraph asserts is listed one by one, and what no claim holds says why."""
    source = project / "claims/sources/toy-source.yaml"
    source.write_text(source.read_text(encoding="utf-8") + ASSERTIONS, encoding="utf-8")
    found = repro(project, "check", "--coverage")
    head = "toy-source: 1 of 1 paragraph assert something, 1 claim, 1 assertion without\n"
    listed = "   1  loaded coins show heads: toy-claim\n      gamblers knew it: none: nobody is named\n"
    assert (found.exit_code, found.output) == (0, head + listed)
