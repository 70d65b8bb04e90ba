"""`repro why`, `whatif`, `conflicts`, `next` and `graph`: what they print, and how they exit."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from repro.cli import cli
from tests.standings_project import write_standings_project


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Return the project of contradictions, with a claim that has moved and one that was split."""
    root = tmp_path_factory.mktemp("contradictions")
    write_standings_project("contradictions", root)
    (root / "claims/toys/old-fact.yaml").write_text("moved_to: fact\n", encoding="utf-8")
    (root / "claims/toys/old-pair.yaml").write_text("split_into: [fact, guess]\n", encoding="utf-8")
    return root


@pytest.fixture
def repro(root):
    """Return a caller of the command line on that project."""
    return lambda *words: CliRunner().invoke(cli, ["--root", str(root), *words])


COMMANDS = [
    ("why", "built-on-excluded"),
    ("whatif", "fact=contradicted", "law=split"),
    ("conflicts",),
    ("next",),
]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_data_is_one_document_with_a_schema(repro, words):
    """Nothing else stands on standard output."""
    found = repro(*words, "--json")
    assert found.exit_code == 0
    assert json.loads(found.output)["schema"] == f"assay/{words[0]}/1"


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_lines_fit_eighty_columns(repro, words):
    """As in any terminal."""
    found = repro(*words)
    assert found.exit_code == 0
    assert max(len(line) for line in found.output.split("\n")) <= 80


def test_why_numbers_the_steps(repro):
    """From the run of the law to the claim that is built on what it excludes."""
    lines = repro("why", "built-on-excluded").output.split("\n")
    start = lines.index("built-on-excluded: undermined")
    assert lines[start + 1].startswith(" 1 run      coin was run: 10 seeds")
    assert [line[3:11] for line in lines if line[:2].strip().isdigit()] == [
        "run     ",
        "finding ",
        "finding ",
        "rule    ",
        "relation",
        "rule    ",
        "relation",
        "rule    ",
    ]


def test_why_as_data_names_the_route(repro):
    """Every step is told apart by its kind."""
    document = json.loads(repro("why", "built-on-excluded", "--json").output)
    assert document["route"] == ["built-on-excluded", "excluded", "law"]
    assert document["standing"] == "undermined"
    assert [step["step"] for step in document["steps"]][:2] == ["run", "finding"]


def test_whatif_says_what_changes_and_why(repro):
    """Nothing is recorded."""
    output = repro("whatif", "fact=contradicted").output
    assert "Suppose fact were contradicted (now reproduced)" in output
    assert "2 standings would change:" in output
    assert "  fact: established -> refuted\n    because its own predictions were contradicted\n" in output


def test_whatif_refuses_a_verdict_on_what_nobody_can_test(tmp_path):
    """A claim that no measurement could decide cannot be supposed to be decided by one."""
    write_standings_project("own-verdicts", tmp_path)
    found = CliRunner().invoke(cli, ["--root", str(tmp_path), "whatif", "nobody-can-test=reproduced"])
    assert found.exit_code == 2
    assert "no measurement could decide 'nobody-can-test'" in found.output


def test_whatif_may_suppose_a_verdict_on_what_nobody_has_tested(tmp_path):
    """It has no standing before, and one after."""
    write_standings_project("own-verdicts", tmp_path)
    found = CliRunner().invoke(cli, ["--root", str(tmp_path), "whatif", "nobody-has-tested=contradicted"])
    assert "  nobody-has-tested: no standing -> refuted\n" in found.output


def test_why_and_show_give_the_account_of_a_claim_without_a_verdict(repro):
    """It has no standing; what bears on it stands under a heading."""
    for words in (("why", "opinion"), ("show", "opinion")):
        output = repro(*words).output
        assert "no standing" in output
        assert "Against: What it leans on failed, or what contradicts it held." in output
        assert "  - fact contradicts it by what was measured (it was seen otherwise too)" in output


def test_why_as_data_has_the_account(repro):
    """Without a standing there is neither rule nor route."""
    document = json.loads(repro("why", "opinion", "--json").output)
    assert (document["standing"], document["rule"], document["route"]) == (None, None, [])
    [entry] = document["account"]
    assert (entry["claim"], entry["role"], entry["weight"]) == ("fact", "against", "against")


def test_whatif_of_what_is_changes_nothing(repro):
    """And says so."""
    output = repro("whatif", "fact=reproduced").output
    assert output == "Suppose fact were reproduced (as it is)\n\nNo standing would change.\n"


def test_conflicts_name_the_holders(repro):
    """With the reason of the contradiction, and what would decide."""
    output = repro("conflicts").output
    assert "  fact (established)\n    held by Jane Doe\n" in output
    assert "because fact contradicts rival-fact: they were seen to disagree" in output
    assert "decide  no run that is due; the statements or their scopes need another look" in output


def test_next_says_what_it_assumed(repro):
    """The only run that is due has a measured cost."""
    output = repro("next").output
    assert output.startswith("Assumed reproduced ")
    assert " 1. run coin\n" in output
    assert "measured" in output
    assert "for undecided\n" in output


def test_next_has_nothing_where_nothing_is_due(tmp_path):
    """What has a verdict, or cannot be tested, is nothing to run."""
    write_standings_project("bases", tmp_path)
    for path in (tmp_path / "claims/toys").iterdir():
        if path.stem not in ("fallen", "castle", "ruin", "sketch"):
            path.unlink()
    found = CliRunner().invoke(cli, ["--root", str(tmp_path), "next"])
    assert found.output == "Nothing is due, and no experiment waits to be written.\n"


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ((), "digraph assay {"),
        (("--json",), '{"schema": "assay/graph/1"'),
        (("--format", "json"), '{"schema": "assay/graph/1"'),
        (("--format", "graphml"), "<graphml "),
    ],
)
def test_graph_comes_in_three_formats(repro, words, first):
    """Dot unless asked otherwise."""
    assert repro("graph", *words).output.startswith(first)


def test_graph_shows_the_part_around_a_focus(repro):
    """Only the types that are asked for."""
    words = ("--focus", "excluded", "--direction", "down", "--depth", "3", "--type", "depends_on")
    nodes = json.loads(repro("graph", *words, "--json").output)["nodes"]
    assert [item["id"] for item in nodes] == ["claim:built-on-excluded", "claim:excluded"]
    focused = json.loads(repro("graph", "--focus", "person:jane-doe", "--depth", "0", "--json").output)
    assert [item["id"] for item in focused["nodes"]] == ["person:jane-doe"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("why", "fcat"), "there is no claim 'fcat'. Did you mean fact?"),
        (("why", "old-pair"), "claim 'old-pair' was split; name one of fact, guess."),
        (("whatif", "fact"), "'fact' supposes nothing; write claim=verdict, such as fact=contradicted."),
        (("whatif", "fact=refuted"), "there is no verdict 'refuted'."),
        (("whatif", "fact=split", "fact=invalid"), "claim 'fact' cannot have two verdicts; suppose one."),
        (("graph", "--focus", "fcat"), "there is no claim 'fcat'. Did you mean fact?"),
        (("graph", "--focus", "claim:fcat"), "there is no node 'claim:fcat'. Did you mean claim:fact"),
    ],
)
def test_what_is_not_understood_is_a_usage_error(repro, words, message):
    """Exit code 2, one line, the nearest spelling."""
    found = repro(*words)
    assert found.exit_code == 2
    assert f"Error: {message}" in found.output


@pytest.mark.parametrize("words", [("why", "old-fact"), ("whatif", "old-fact=split")])
def test_old_ids_lead_to_the_claim_of_today(repro, words):
    """A note says so beside the answer."""
    found = repro(*words)
    assert found.exit_code == 0
    assert "note: claim old-fact has moved to fact.\n" in found.stderr


@pytest.mark.parametrize("words", COMMANDS[:2], ids=lambda words: words[0])
def test_reasoning_needs_neither_torch_nor_networkx(root, words):
    """These commands answer at once."""
    code = (
        "import sys\nfrom repro.cli import cli\n"
        f"cli({['--root', str(root), *words]!r}, standalone_mode=False)\n"
        "assert not {'torch', 'numpy', 'networkx'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
