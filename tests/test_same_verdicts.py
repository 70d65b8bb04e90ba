"""The command that compares two built sites finds any changed digit, and ignores words."""

from __future__ import annotations

import json
import shutil

import pytest

from benchmarks import same_verdicts
from kb.exports import api
from tests.machine_sites import site_of
from tests.states_project import write_states_project


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Return a folder with the API of a project that has a claim in each state."""
    folder = tmp_path_factory.mktemp("built")
    for path, text in api.files(site_of(write_states_project(tmp_path_factory.mktemp("states")))).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def changed(built, tmp_path):
    """Return a function that copies that folder with one claim changed by another function."""

    def change(how):
        other = shutil.copytree(built, tmp_path / "other")
        path = other / "api/v1/claims/toy-claim.json"
        claim = json.loads(path.read_text(encoding="utf-8"))
        how(claim)
        path.write_text(json.dumps(claim), encoding="utf-8")
        return str(other)

    return change


def test_a_site_judges_like_itself(built, capsys):
    """Nothing differs, and it says how much was compared."""
    assert same_verdicts.main(str(built), str(built)) == 0
    assert capsys.readouterr().out.endswith("facts compared, 0 differ\n")


def test_the_last_digit_of_an_estimate_counts(built, changed, capsys):
    """The place, the value before and the value after are named."""

    def move(claim):
        claim["findings"][0]["estimate"] += 1e-15

    assert same_verdicts.main(str(built), changed(move)) == 1
    assert "toy-claim, prediction loaded-beats-fair of loaded minus fair: estimate was" in (
        capsys.readouterr().out
    )


def test_a_finding_that_went_away_counts(built, changed):
    """So does anything that only one site tells."""
    assert same_verdicts.main(str(built), changed(lambda claim: claim["findings"].pop())) == 1


def test_words_do_not_count(built, changed):
    """Sentences may be reworded."""

    def reword(claim):
        claim["sentence"] = claim["findings"][0]["bound"] = "otherwise"

    assert same_verdicts.main(str(built), changed(reword)) == 0


def test_a_site_without_claims_is_like_none(tmp_path):
    """Comparing nothing shows nothing."""
    (tmp_path / "api/v1").mkdir(parents=True)
    for name, rows in (("claims", {"claims": []}), ("graph", {"nodes": []})):
        (tmp_path / f"api/v1/{name}.json").write_text(json.dumps(rows), encoding="utf-8")
    assert same_verdicts.main(str(tmp_path), str(tmp_path)) == 1
