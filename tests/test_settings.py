"""Each setting is judged by itself, and a claim whose settings differ varies."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from kb.exports.claim_document import claim_document
from kb.exports.published import Site
from kb.judging.judgement import judge_claim
from kb.project import Project, read
from kb.reading.former import in_todays_names
from kb.reading.load import load_base
from kb.reading.tree import Folder
from kb.records.protocol import MINIMAL, Setting
from kb.site.render import render
from kb.words.findings import state_sentence
from kb.words.marks import marks
from kb.words.settings import scale_text
from kb.words.states import STATES
from kb.words.summaries import in_plain_words
from tests.conftest import CLAIM, EXPERIMENT
from tests.evidence_of import evidence_of, ledger_with
from tests.test_run import coin, due, measure

ROOT = Path(__file__).parents[1]
WIDE = """\
  settings:
    - {name: minimal}
    - {name: wide, scale: {flips: 300}, because: more flips show more}
    - {name: large, scale: large, needs: cuda, because: so many need a GPU}
  predictions:
"""
RECORD = "claims/toys/toy-claim.yaml"


@pytest.fixture
def wide(project):
    """Return the tiny project with three settings, of which the last needs a GPU."""
    (project / RECORD).write_text(CLAIM.replace("  predictions:\n", WIDE), encoding="utf-8")
    return project


def taken(base, shifts, **changes):
    """Return a ledger with three blocks of both coins, in which each setting shows another difference."""
    script, protocol = base.scripts["coin"], base.claims["toy-claim"].protocol
    pieces = []
    for setting in protocol.settings:
        if setting.name not in shifts:
            continue
        for block in range(3):
            for arm, centre in (("fair", 0.5), ("loaded", 0.5 + shifts[setting.name])):
                values = tuple(centre + 0.01 * ((3 * seed + block) % 7) for seed in range(5))
                fields = {
                    "scale": script.scale_of(setting),
                    "scale_name": setting.name,
                    "predictions": {"toy-claim": protocol.digest},
                    **changes,
                }
                pieces.append(evidence_of(script, script.version_at(setting), arm, block, values, **fields))
    return ledger_with(pieces)


def judged(root, shifts, **changes):
    """Return base, ledger and the judgement of the toy claim."""
    base = load_base(Folder(root))
    ledger = taken(base, shifts, **changes)
    return base, ledger, judge_claim(base, ledger, "toy-claim")


def test_a_protocol_without_settings_has_one_of_todays_version(project):
    """It is called minimal, and evidence of the script's MINIMAL is its own."""
    base = load_base(Folder(project))
    protocol = base.claims["toy-claim"].protocol
    assert protocol.settings == (MINIMAL,)
    assert base.scripts["coin"].version_at(protocol.main) == base.scripts["coin"].version()


def test_each_setting_has_its_own_version_and_verdict(wide):
    """Those without evidence are shown as not run, and do not enter."""
    _, _, found = judged(wide, {"minimal": 0.3, "wide": 0.3})
    assert [(each.name, each.state) for each in found.settings] == [
        ("minimal", "reproduced"),
        ("wide", "reproduced"),
        ("large", "not run"),
    ]
    assert len({each.version for each in found.settings}) == 3
    assert found.state == "reproduced"


def test_settings_that_differ_make_the_claim_vary(wide):
    """Its sentence says how each came out, and the exit code is that of a claim that does not hold."""
    base, _, found = judged(wide, {"minimal": 0.3, "wide": 0.0})
    sentence = state_sentence(base.claims["toy-claim"], found)
    assert found.state == "varies"
    assert sentence.startswith(
        'Varies: reproduced in our small setting and contradicted in the setting "wide". In our'
    )
    assert in_plain_words(found) == "What came out depends on the setting of the test."
    assert STATES["varies"].exit_code == 10


def test_the_main_setting_speaks_for_the_claim(wide):
    """Where only a later one has evidence, that one does."""
    _, _, found = judged(wide, {"minimal": 0.3, "wide": 0.0})
    assert (found.main.name, found.verdict.state) == ("minimal", "reproduced")
    _, _, found = judged(wide, {"wide": 0.0})
    assert (found.main.name, found.state) == ("wide", "contradicted")


def test_stale_evidence_belongs_to_the_setting_it_was_taken_at(wide):
    """The other settings have not been run."""
    base = load_base(Folder(wide))
    script = base.scripts["coin"]
    old = evidence_of(script, "f" * 64, "fair", 0, (0.5,) * 5, scale_name="wide")
    found = judge_claim(base, ledger_with([old]), "toy-claim")
    assert [each.state for each in found.settings] == ["not run", "stale", "not run"]
    assert (found.state, found.is_stale) == ("not run", True)


def test_a_further_setting_costs_no_level(wide):
    """All of them are shown, so none can be chosen for its result."""
    _, _, found = judged(wide, {"minimal": 0.3, "wide": 0.3})
    assert found.tests == ()
    assert {each.verdict.alpha for each in found.judged} == {0.05}


def test_a_whole_number_fits_a_field_of_decimals(project):
    """It becomes one, so that both spellings are one scale."""
    text = EXPERIMENT.replace("flips: int = 100", "flips: int = 100\n    rate: float = 0.5")
    (project / "repro/experiments/coin.py").write_text(text, encoding="utf-8")
    script = load_base(Folder(project)).scripts["coin"]
    whole, decimal = (Setting(name="slow", scale={"rate": rate}) for rate in (1, 1.0))
    assert script.version_at(whole) == script.version_at(decimal)


def test_a_former_record_of_large_scale_reads_as_a_setting():
    """Histories go on across the change of the field."""
    former = {"protocol": {"scale": "large", "predictions": ()}}
    assert in_todays_names(former)["protocol"]["settings"] == ({"name": "large", "scale": "large"},)
    former = {"protocol": {"scale": "minimal", "predictions": ()}}
    assert "settings" not in in_todays_names(former)["protocol"]


def names(found):
    """Return the setting of each step once."""
    return [*dict.fromkeys(step.setting.name for step in found.steps)]


def test_a_run_measures_the_main_setting(wide):
    """Others are named, and `all` leaves those waiting that need a GPU."""
    assert names(due(wide)) == ["minimal"]
    assert names(due(wide, setting="wide")) == ["wide"]
    found = due(wide, setting="all")
    assert (names(found), found.waiting) == (["minimal", "wide"], (("toy-claim", "large"),))
    assert names(due(wide, setting="all", device="cuda")) == ["minimal", "wide", "large"]


def test_settings_run_side_by_side_and_each_is_measured_once(wide):
    """Evidence carries the name of the setting and the fields that were run."""
    result, log = measure(wide, coin(0.5), setting="all")
    assert len(log) == len(result.measured) // 2 == 4
    assert {(piece.scale_name, piece.scale["flips"]) for piece in result.measured} == {
        ("minimal", 100),
        ("wide", 300),
    }
    assert due(wide, setting="all").steps == ()


def test_evidence_names_the_claims_that_are_judged_at_its_setting(wide):
    """Another claim on the experiment, without that setting, has no test there."""
    other = CLAIM.replace("title: A loaded coin", "title: Again a loaded coin")
    (wide / "claims/toys/other-claim.yaml").write_text(other, encoding="utf-8")
    result, _ = measure(wide, coin(0.5), setting="all")
    told = {piece.scale_name: sorted(piece.predictions) for piece in result.measured}
    assert told == {"minimal": ["other-claim", "toy-claim"], "wide": ["toy-claim"]}


def test_set_fields_win_over_a_setting(wide):
    """Who explores says what is run."""
    found = due(wide, setting="wide", is_exploring=True, overrides=(("flips", 7),))
    assert found.steps[0].setting.overrides == {}


def test_the_document_tells_every_setting(wide):
    """The verdict at the top is that of the main one."""
    base, ledger, found = judged(wide, {"minimal": 0.3, "wide": 0.0})
    document = claim_document(Project(Folder(wide), base, ledger), found).as_json()
    assert [(each["name"], each["scale"], each["state"]) for each in document["settings"]] == [
        ("minimal", {"flips": 100}, "reproduced"),
        ("wide", {"flips": 300}, "contradicted"),
        ("large", {"flips": 10000}, "not run"),
    ]
    assert (document["state"], document["standing"]) == ("varies", "varies")
    assert document["findings"] == document["settings"][0]["findings"]
    assert json.dumps(document)


def test_replications_are_judged_beside_the_verdict(project):
    """Each says whether it agrees, and none counts."""
    base = load_base(Folder(project))
    own, agreeing = (taken(base, {"minimal": 0.3}, replication=number) for number in (0, 1))
    opposed = taken(base, {"minimal": 0.0}, replication=2)
    ledger = ledger_with([*own.evidence, *agreeing.evidence, *opposed.evidence])
    found = judge_claim(base, ledger, "toy-claim")
    told = [(each.number, each.verdict.state, each.agrees) for each in found.main.replications]
    assert told == [(1, "reproduced", True), (2, "contradicted", False)]
    assert (found.state, found.tests, len(found.evidence)) == ("reproduced", (), 6)


def test_a_project_is_read_with_its_settings(wide):
    """Nothing is wrong in it."""
    assert read(Folder(wide)).problems == ()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"flips": 300}, "flips 300"),
        ({"is_rectified": True, "hidden_units": 40}, "rectified, hidden units 40"),
        ({"has_bias": False}, "without bias"),
        (None, ""),
    ],
)
def test_what_a_setting_sets_is_told_in_words(wide, fields, words):
    """A field that is true or false is told by its adjective."""
    _, _, found = judged(wide, {"minimal": 0.3})
    setting = Setting(name="other", scale=fields, because="it is another")
    assert scale_text(replace(found.settings[0], setting=setting)) == words


def test_a_further_setting_without_a_run_repeats_no_table(wide):
    """The page says once what was predicted, and of each such setting that nothing was measured there."""
    site = Site(read(Folder(wide)), ROOT)
    text = {page.path: page for page in render(site)}["claims/toy-claim.md"].as_markdown()
    assert text.count("Nothing has been measured here yet") == 2
    assert text.count('class="assay-table rows predictions"') == 1


@pytest.mark.parametrize(
    ("shifts", "words", "mark"),
    [
        ({"minimal": 0.3, "wide": 0.0}, "What came out depends on", "depends on the setting"),
        (
            {"minimal": 0.3, "wide": 0.1},
            "It was not decided at every setting",
            "not decided at every setting",
        ),
    ],
)
def test_settings_that_are_open_do_not_disagree(wide, shifts, words, mark):
    """Only of two that are decided one can say that the outcome depends on the setting."""
    _, _, found = judged(wide, shifts)
    assert found.state == "varies"
    assert in_plain_words(found).startswith(words)
    assert mark in [each.words for each in marks(found, None, None, verdicts=1, survives=True)]
