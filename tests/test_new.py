"""`repro new` writes what passes every check, refuses what already exists, and says what comes next."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

import repro.cli.commands.new
import repro.cli.parts.asking
from kb.exports.published import Site
from kb.project import read
from kb.reading.load import load_base
from kb.reading.tree import Folder
from kb.site.render import render
from kb.writing.lookalikes import like_claim, like_experiment, like_source, taken_by
from repro.cli import cli
from repro.cli.parts.new_words import persons
from tests.test_experiments import ROOT

ABOUT = (
    *("--title", "The mean of many draws errs less than that of few"),
    *("--kind", "theoretical", "--topic", "toys", "--stance", "asserts", "--source", "toy-source"),
    *("--statement", "Averaging many independent draws lands nearer to the truth than averaging few."),
    *("--section", "Conclusions", "--anchor", "many draws", "than few"),
)
BET = (
    *("--scope", "Standard normal draws.", "--arms", "few,many", "--outcome", "error"),
    *("--at-least", "0.05", "--because", "doubling the draws should bring at least so much"),
    *("--control", "many,as_many", "--control-because", "as many draws err as little"),
)
MEASURE = ("--unit", "deviations of a draw", "--better", "lower", "--resolution", "0.001")
SOURCE = (
    *("--title", "The probable error of a mean", "--type", "article-journal", "--issued", "1908-03"),
    *("--author", "Gosset, William Sealy; The Brewers", "--doi", "10.1093/biomet/6.1.1"),
    *("--verified", "secondary"),
)
PARAGRAPHS = """\
paragraphs:
  - {anchor: [a loaded coin, more often], claims: [toy-claim]}
  - {anchor: [we thank, the coins], none: an acknowledgement}
"""
TWENTY_LINES = '''\
"""Does the mean of many draws err less than that of few?

Hypothesis  Independent errors cancel.

Method      Take the mean of uniform draws and see how far it lies from one half.

Arms        few: 5 draws. many: 500 draws.

Outcomes    error: the distance.
"""

from dataclasses import dataclass

from torch import Tensor

from repro.lab.outcomes import Outcome
from repro.lab.seeds import Seeds

ARMS = {"few": "5 draws", "many": "500 draws"}
OUTCOMES = {"error": Outcome("distance", unit="of a draw", better="lower", resolution=0.001)}
DRAWS = {"few": 5, "many": 500}


@dataclass(frozen=True)
class Scale:
    """Size of the experiment."""

    repeats: int = 50


MINIMAL = Scale()
LARGE = Scale(repeats=5000)


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    """Return the mean distance over some repeats."""
    means = seeds.uniform("draws", scale.repeats, DRAWS[arm]).mean(2)  # (seeds, repeats)
    return {"error": (means - 0.5).abs().mean(1)}
'''


@pytest.fixture
def new(project):
    """Return a caller of `repro new` on the tiny project."""
    return lambda *words, **how: CliRunner().invoke(cli, ["--root", str(project), "new", *words], **how)


@pytest.fixture
def terminal(monkeypatch):
    """Pretend that a user can answer."""
    monkeypatch.setattr(repro.cli.parts.asking, "is_terminal", lambda: True)
    monkeypatch.setattr(repro.cli.commands.new, "is_terminal", lambda: True)


def files(project):
    """Return the content of every file of a project."""
    return {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}


def problems(project):
    """Return the codes of all problems."""
    return [problem.code for problem in load_base(Folder(project), today="2026-01-31").problems]


def page(project, claim_id):
    """Return a claim's page, with the templates of the real site."""
    (project / "site").symlink_to(ROOT / "site")
    pages = {page.path: page.content for page in render(Site(read(Folder(project)), project))}
    (project / "site").unlink()
    return pages[f"claims/{claim_id}.md"]


def text(project, claim_id):
    """Return a claim's record."""
    return (project / f"claims/toys/{claim_id}.yaml").read_text(encoding="utf-8")


def test_a_claim_without_a_test_says_what_it_would_take(project, new):
    """It is untested, passes the check, and the next steps are named."""
    found = new("claim", "many-draws", *ABOUT, "--untested", "A minute of any computer.")
    assert (found.exit_code, problems(project)) == (0, [])
    assert found.output.startswith("wrote   claims/toys/many-draws.yaml\n1. Say under `relations` ")
    assert found.output.endswith("Once it can be tested: `repro new experiment NAME --claim many-draws`.\n")
    assert text(project, "many-draws").endswith("untested: A minute of any computer.\n")
    assert "{section: Conclusions, anchor: [many draws, than few]}" in text(project, "many-draws")


def test_a_claim_on_a_script_predicts_with_its_arms_and_outcomes(project, new):
    """One prediction in an English sentence, without a control where there are no arms for one."""
    bet = (
        "--control",
        "none",
        "--arms",
        "loaded,fair",
        "--outcome",
        "score",
        "--at-least",
        "0.1",
        "--because",
        "a player sees it",
    )
    found = new("claim", "many-draws", *ABOUT, "--experiment", "coin", "--scope", "one hundred flips", *bet)
    assert (found.exit_code, problems(project)) == (0, [])
    protocol = load_base(Folder(project)).claims["many-draws"].protocol
    assert protocol.predictions[0].says == (
        "The score in the arm “loaded” is at least 0.1 above that in the arm “fair”."
    )
    assert protocol.controls == ()
    assert "see whether the script could have arms in which the effect has no business" in found.output


def test_a_claim_whose_script_is_missing_plans_it(project, new):
    """Then the script is written, and all claims that planned it have arms and outcomes in it."""
    new("claim", "many-draws", *ABOUT, "--experiment", "drawing", "--planned", "Draw. 1 second.", *BET)
    assert problems(project) == []
    assert new("experiment", "drawing", *MEASURE).exit_code == 0
    assert problems(project) == []
    assert "planned:" not in text(project, "many-draws")
    assert [*load_base(Folder(project)).scripts["drawing"].arms] == ["few", "many", "as_many"]


def test_a_claim_is_written_together_with_its_source(project, new):
    """Neither would pass the check without the other."""
    words = [f"--source-{word[2:]}" if word.startswith("--") else word for word in SOURCE]
    about = ["student-1908-mean" if word == "toy-source" else word for word in ABOUT]
    assert new("claim", "many-draws", *about, *words, "--untested", "A minute.").exit_code == 0
    source = load_base(Folder(project)).sources["student-1908-mean"]
    assert problems(project) == []
    assert [person.full for person in source.author] == ["William Sealy Gosset", "The Brewers"]


@pytest.mark.parametrize(
    ("author", "message"),
    [
        ("Yann LeCun and Yoshua Bengio", "one author or several?"),
        ("Doe & Roe", "one author or several?"),
        ("LeCun, Y., Bengio, Y.", "one author or several?"),
        ("; ;", "name nobody"),
        ("", "name nobody"),
        ("Doe, ", "lacks a part beside a comma"),
    ],
)
def test_authors_that_may_be_one_or_several_are_asked_about(project, new, author, message):
    """Nothing is guessed, and nothing is written."""
    before = files(project)
    words = [f"--source-{word[2:]}" if word.startswith("--") else word for word in SOURCE]
    words[words.index("--source-author") + 1] = author
    about = ["student-1908-mean" if word == "toy-source" else word for word in ABOUT]
    result = new("claim", "many-draws", *about, *words, "--untested", "A minute.")
    assert (result.exit_code, message in result.output) == (2, True), result.output
    assert files(project) == before


def test_what_is_no_text_is_refused(project, new):
    """Bytes that a terminal sends in Latin-1, as Python passes them on."""
    before = files(project)
    words = [f"--source-{word[2:]}" if word.startswith("--") else word for word in SOURCE]
    words[words.index("--source-author") + 1] = "M\udcfcller, Ada"
    about = ["student-1908-mean" if word == "toy-source" else word for word in ABOUT]
    result = new("claim", "many-draws", *about, *words, "--untested", "A minute.")
    assert (result.exit_code, "not UTF-8" in result.output) == (2, True), result.output
    assert files(project) == before


def test_a_title_without_latin_letters_needs_an_id(new):
    """None can be made of it."""
    about = ["深度学习" if word == ABOUT[1] else word for word in ABOUT]
    result = new("claim", *about, "--untested", "A minute.")
    assert (result.exit_code, "repro new claim ID" in result.output) == (2, True), result.output


@pytest.mark.parametrize(
    ("author", "people"),
    [
        ("LeCun, Yann; Bengio, Yoshua", [("LeCun", "Yann", None), ("Bengio", "Yoshua", None)]),
        ("King, Martin Luther, Jr.", [("King", "Martin Luther", "Jr.")]),
        ("King, Jr., Martin Luther;", [("King", "Martin Luther", "Jr.")]),
        ("{Doe and Sons, Ltd.}; OpenAI", [(None, "Doe and Sons, Ltd.", None), (None, "OpenAI", None)]),
    ],
)
def test_authors_are_read_as_they_are_written(author, people):
    """Semicolons part people, commas the parts of a name, braces hold one name together."""
    found = [
        (each.get("family"), each.get("given", each.get("literal")), each.get("suffix"))
        for each in persons(author)
    ]
    assert found == people


def test_a_source_is_named_by_a_claim_that_is_there(project, new):
    """It states the claim too, so that it is not left unused."""
    place = ("--stance", "reports", "--page", "3")
    assert new("source", "student-1908-mean", "--claim", "toy-claim", *SOURCE, *place).exit_code == 0
    assert problems(project) == []
    assert '  - {source: student-1908-mean, stance: reports, locator: {page: "3"}}\n' in text(
        project, "toy-claim"
    )


@pytest.mark.parametrize(("number", "claims"), [("1", "[toy-claim, many-draws]"), ("2", "[many-draws]")])
def test_a_source_that_was_read_whole_lists_the_claim(project, new, number, claims):
    """Under its paragraph, also where the paragraph was thought to assert nothing."""
    source = project / "claims/sources/toy-source.yaml"
    source.write_text(source.read_text(encoding="utf-8") + PARAGRAPHS, encoding="utf-8")
    words = [*ABOUT, "--untested", "A minute."]
    assert "--paragraph  Where" in new("claim", "many-draws", *words).output
    assert new("claim", "many-draws", *words, "--paragraph", number).exit_code == 0
    assert problems(project) == []
    assert f"claims: {claims}}}\n" in source.read_text(encoding="utf-8")


def test_a_new_claim_says_who_is_quoted_by_whom(project, new):
    """Both voices stand in the record."""
    words = ["--untested", "A minute.", "--by", "Ann", "--quoted-by", "Bob"]
    assert new("claim", "many-draws", *ABOUT, *words).exit_code == 0
    assert problems(project) == []
    assert "by: Ann, quoted_by: Bob" in " ".join(text(project, "many-draws").replace("\n", ", ").split())


def test_a_paragraph_that_lists_its_assertions_is_left_to_people(project, new):
    """Which of its assertions the claim states cannot be guessed; the message says where to list it."""
    source = project / "claims/sources/toy-source.yaml"
    listed = PARAGRAPHS.replace("claims: [toy-claim]", "assertions: [{says: heads win, claims: [toy-claim]}]")
    source.write_text(source.read_text(encoding="utf-8") + listed, encoding="utf-8")
    found = new("claim", "many-draws", *ABOUT, "--untested", "A minute.", "--paragraph", "1")
    assert found.exit_code != 0
    assert "under the assertion that states it" in " ".join(found.output.split())
    assert problems(project) == []


def test_an_experiment_takes_an_untested_claim_along(project, new):
    """The claim gets a protocol, which says that the script is a template still; so does its page."""
    new("claim", "many-draws", *ABOUT, "--untested", "A minute.")
    found = new("experiment", "drawing", "--claim", "many-draws", *BET, *MEASURE)
    assert (found.exit_code, problems(project)) == (0, [])
    assert "untested" not in text(project, "many-draws")
    assert "the script is still the template" in page(project, "many-draws")


def test_an_experiment_comes_with_a_claim_that_is_not_there(project, new):
    """Both are written at once."""
    assert new("experiment", "drawing", "--claim", "many-draws", *ABOUT, *BET, *MEASURE).exit_code == 0
    assert problems(project) == []


def test_an_experiment_keeps_the_contract(project, new):
    """As written, whatever the claims ask for, including those of the linter and the formatter."""
    new("experiment", "drawing", "--claim", "many-draws", *ABOUT, *BET, *MEASURE)
    script = project / "repro/experiments/drawing.py"
    config = f"--config={ROOT}/pyproject.toml"
    for tool in (("check", "--ignore=INP001"), ("format", "--check")):
        command = (sys.executable, "-m", "ruff", *tool, config, str(script))
        assert subprocess.run(command, check=False).returncode == 0
    (project / "tests").mkdir()
    test = (ROOT / "tests/test_experiments.py").read_text(encoding="utf-8")
    (project / "tests/test_experiments.py").write_text(test, encoding="utf-8")
    (project / "repro/lab").symlink_to(ROOT / "repro/lab")
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "drawing", "tests")
    done = subprocess.run(
        command, cwd=project, capture_output=True, text=True, check=False, env={"PYTHONPATH": "."}
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


def test_a_claim_goes_from_nothing_to_a_page_with_no_other_file_touched(project, new):
    """Check, run by real workers, verdict, derivation, graph and page, with a script of twenty lines."""
    before = files(project)
    words = (*ABOUT, *BET, *MEASURE, "--control", "none")
    assert new("experiment", "drawing", "--claim", "many-draws", *words).exit_code == 0
    (project / "repro/experiments/drawing.py").write_text(TWENTY_LINES, encoding="utf-8")
    claim = project / "claims/toys/many-draws.yaml"
    claim.write_text(text(project, "many-draws").split("  deviations:")[0], encoding="utf-8")
    call = lambda *words: CliRunner().invoke(cli, ["--root", str(project), *words])  # noqa: E731
    assert call("check").output == "No problems: 2 claims, 1 source, 2 experiments.\n"
    assert call("run", "many-draws").exit_code == 0
    assert "many-draws: established\n" in call("why", "many-draws").output
    edges = json.loads(call("graph", "--focus", "many-draws", "--json").output)["edges"]
    assert {"asserts", "tested_by"} <= {edge["key"] for edge in edges}
    assert "over 10 seeds" in page(project, "many-draws")
    new_files = {path.relative_to(project).parts[:2] for path in files(project).keys() - before.keys()}
    assert new_files == {
        ("claims", "toys"),
        ("repro", "experiments"),
        ("repro", "evidence"),
        ("build", "contract.json"),
        ("build", "overheads.json"),
    }
    assert {path: files(project)[path] for path in before} == before


def test_a_template_never_counts(project, new):
    """It can be explored; a run refuses it, its claim is still to be written, and the check passes."""
    new("experiment", "drawing", "--claim", "many-draws", *ABOUT, *BET, *MEASURE)
    call = lambda *words: CliRunner().invoke(cli, ["--root", str(project), *words])  # noqa: E731
    assert call("run", "many-draws", "--explore").exit_code == 0
    refused = call("run", "many-draws")
    assert refused.exit_code == 2
    assert "repro/experiments/drawing.py is still the template that `repro new` wrote" in refused.output
    assert call("run", "toys/").exit_code == 0
    assert {path.parts[-4] for path in project.glob("repro/evidence/*/*/*.json")} == {"evidence"}
    assert {path.parts[-3] for path in project.glob("repro/evidence/*/*/*.json")} == {"coin"}
    assert read(Folder(project)).judgements["many-draws"].state == "to be written"


@pytest.mark.parametrize(
    ("bound", "sentence"),
    [
        (("--at-least", "0.05"), "is at least 0.05 above that in the arm “with dropout”."),
        (("--at-least", "-0.05"), "is at most 0.05 below that in the arm “with dropout”."),
        (("--at-most", "-0.05"), "is at least 0.05 below that in the arm “with dropout”."),
        (("--at-most", "0.2", "--units", "ratio"), "is at most 0.2 times that in the arm “with dropout”."),
        (
            ("--at-least", "1", "--units", "log10"),
            "is at least 1 decade above that in the arm “with dropout”.",
        ),
        (("--at-least", "0"), "is no lower than that in the arm “with dropout”."),
    ],
)
def test_the_sentence_of_a_prediction_is_english(project, new, bound, sentence):
    """Whatever arms and outcomes are called, and whichever sign and unit the bound has."""
    words = ["--scope", "Any.", "--arms", "without,with_dropout", "--outcome", "regret", "--because", "b"]
    words += ["--control", "with_dropout,as_before", "--control-because", "nothing differs"]
    found = new("experiment", "drawing", "--claim", "many-draws", *ABOUT, *words, *bound, *MEASURE)
    assert found.exit_code == 0, found.output
    says = load_base(Folder(project)).claims["many-draws"].protocol.predictions[0].says
    assert says == f"The regret in the arm “without” {sentence}"


def test_the_outcome_is_described_as_its_author_says(project, new):
    """Unit, direction and resolution are asked for, not taken from the template; the control is written."""
    words = ("--unit", "% of test images", "--better", "higher", "--resolution", "0.5")
    missing = new("experiment", "drawing", "--claim", "many-draws", *ABOUT, *BET)
    assert missing.exit_code == 2
    assert "--better higher|lower|neither" in missing.output
    assert new("experiment", "drawing", "--claim", "many-draws", *ABOUT, *BET, *words).exit_code == 0
    base = load_base(Folder(project))
    outcome = base.scripts["drawing"].outcomes["error"]
    assert (outcome.unit, outcome.better, outcome.resolution) == ("% of test images", "higher", 0.5)
    [control] = base.claims["many-draws"].protocol.controls
    assert (control.contrast, control.because) == (("many", "as_many"), "as many draws err as little")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("claim", "toy-claim", *ABOUT, "--untested", "x"), "is taken by claims/toys/toy-claim.yaml"),
        (("claim", "toyclaim", *ABOUT, "--untested", "x"), "is taken by claims/toys/toy-claim.yaml"),
        (("claim", "claim-toys", *ABOUT, "--untested", "x"), "this looks like the claim toy-claim"),
        (("claim", "../../x", *ABOUT, "--untested", "x"), "'../../x' cannot name a file here"),
        (("claim", "index", *ABOUT, "--untested", "x"), "error[reserved-id]"),
        (("claim", "many-draws", *ABOUT, "--untested", "x", "--not-testable", "y"), "give one of --untested"),
        (("claim", "many-draws", *ABOUT), "  --untested  What a test would take"),
        (("claim", "many-draws", *ABOUT, "--source", "toy-sorce", "--untested", "x"), "mean toy-source?"),
        (("claim", "many-draws", *ABOUT, "--experiment", "coin", *BET), "error[unknown-arm]"),
        (("claim", "many-draws", *ABOUT, "--experiment", "coin", *BET, "--at-most", "1"), "give one of"),
        (("claim", "many-draws", *ABOUT, "--experiment", "coin", *BET, "--control", "fair"), "as many arms"),
        (("experiment", "x", "--claim", "y", *ABOUT, *BET, *MEASURE, "--control", "many,few"), "reversed"),
        (("claim", "many-draws", *ABOUT, "--topic", "sources", "--untested", "x"), "holds no claims"),
        (("experiment", "coin"), "already exists: repro/experiments/coin.py"),
        (("experiment", "coins"), "this looks like the experiment coin"),
        (("experiment", "Coin"), "'Coin' cannot name a file here"),
        (("experiment", "drawing", "--claim", "toy-claim"), "already has the experiment coin"),
        (("source", "a", "--claim", "toy-clam"), "Did you mean toy-claim?"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_nothing_is_written(project, new, words, message):
    """One glance says what is wrong; exit code 2; every file is as it was."""
    before = files(project)
    found = new(*words)
    assert found.exit_code == 2
    assert message in found.output
    assert files(project) == before


def test_a_duplicate_source_is_refused_by_its_address(project, new):
    """However it is called; what had been written is taken back."""
    before = files(project)
    words = ("--claim", "toy-claim", *SOURCE, "--url", "http://example.org/coins/", "--stance", "reports")
    found = new("source", "unlike-anything", *words, "--page", "3")
    assert found.exit_code == 2
    assert "error[duplicate-source]" in found.output
    assert files(project) == before


def test_what_only_looks_alike_is_written_when_asked_for(project, new):
    """Two claims may have similar names; the user has to say so."""
    assert new("claim", "claim-toys", *ABOUT, "--untested", "A minute.", "--anyway").exit_code == 0
    assert problems(project) == []


def test_in_a_terminal_what_is_missing_is_asked_for(project, new, terminal):
    """In order, with choices and proposals; the id comes from the title."""
    answers = [
        "Many draws err less", "theoretical", "toys", "Many are better.", "toy-source", "asserts", "Results",
        "experiment", "coin", "one hundred flips", "loaded, fair", "score", "0.1", "a player sees it", "none",
    ]  # fmt: skip
    found = new("claim", input="\n".join(answers) + "\n")
    assert found.exit_code == 0, found.output
    assert problems(project) == []
    assert load_base(Folder(project)).claims["many-draws-err-less"].protocol.arms == ("loaded", "fair")
    assert "a folder of claims/: toys; or a new one" in found.output


def test_as_data_it_is_one_document(new):
    """For programs that write claims."""
    found = new("claim", "many-draws", *ABOUT, "--untested", "A minute.", "--json")
    data = json.loads(found.stdout)
    assert (data["schema"], data["wrote"], data["changed"]) == (
        "assay/new/1",
        ["claims/toys/many-draws.yaml"],
        [],
    )


def test_likeness_sees_through_the_order_of_words(project):
    """Ids, titles and names; what is merely about the same is not alike."""
    base = load_base(Folder(project))
    assert taken_by(base, "Toy_Claim") == "claims/toys/toy-claim.yaml"
    assert like_claim(base, "other", "A fair coin shows heads more often than a loaded one") == "toy-claim"
    assert like_claim(base, "other", "A loaded coin is a fraud") is None
    assert like_source(base, "On fair coins that are not", ["Poe"]) == "toy-source"
    assert like_source(base, "On coins that are not so fair", ["Doe"]) == "toy-source"
    assert like_source(base, "On coins that are not so fair", ["Poe"]) is None
    assert like_experiment(base, "the_coin_of_the_realm") is None


def test_no_two_records_of_the_project_are_taken_for_one(request):
    """The threshold lies above what any two claims of ours share."""
    base = load_base(Folder(request.config.rootpath))
    for claim_id, claim in base.claims.items():
        others = {key: other for key, other in base.claims.items() if key != claim_id}
        assert like_claim(type(base)(**{**vars(base), "claims": others}), claim_id, claim.title) is None
