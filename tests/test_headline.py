"""The one figure of a claim shows what it is about, in the words of its script."""

import re

import pytest

from kb.site.figures.curves import power_of_ten
from kb.site.figures.doses import common_text
from kb.site.figures.headline import headline
from tests.machine_sites import site_of
from tests.states_project import ROOT


@pytest.fixture(scope="module")
def site():
    """Return the site of this repository before it is written."""
    return site_of(ROOT)


def test_a_claim_with_curves_is_shown_by_them(site):
    """Double descent shows double descent."""
    found = headline(site, "double-descent-peak", figure_id="f")
    assert "curve-figure" in found.figure
    assert found.keys
    assert "features per training point" in found.title


def test_every_measured_claim_has_a_figure_without_names_of_arms(site):
    """Lines are named by what their arms are, never by what scripts call them."""
    for claim_id, judgement in site.judgements.items():
        if judgement.verdict is None or not judgement.verdict.seeds:
            continue
        found = headline(site, claim_id, figure_id="f")
        script = site.base.scripts[site.base.claims[claim_id].protocol.experiment]
        names = {name for name in (*script.arms, *script.outcomes) if "_" in name}
        words = {*re.findall(r"\w+", re.sub(r"<[^>]*>", " ", found.figure)), *found.keys}
        assert not names & words, claim_id


def test_what_was_not_measured_has_no_figure(site):
    """An empty drawing says nothing."""
    waiting = next(i for i, each in site.judgements.items() if each.verdict is None)
    assert headline(site, waiting, figure_id="f") is None


@pytest.mark.parametrize(
    ("exponent", "text"),
    [(0, "1"), (2, "100"), (-6, "10\u207b\u2076"), (16, "10\u00b9\u2076"), (0.5, "3.16")],
)
def test_logarithms_are_shown_as_powers_of_ten(exponent, text):
    """A tick at -6 decades says ten to the minus six."""
    assert power_of_ten(exponent) == text


@pytest.mark.parametrize(
    ("texts", "common"),
    [
        (["tanh net, gain 0.9", "tanh net, gain 1.5"], "tanh net, gain"),
        (["net, limit at 2 times", "net, limit at 4 times"], "net, limit at \u2026 times"),
        (["sigma_w^2 = 1, ordered", "sigma_w^2 = 4, chaotic"], "sigma_w^2"),
        (["same", "same"], "same"),
        (["a", "b"], ""),
    ],
)
def test_a_family_is_called_what_its_arms_share(texts, common):
    """With a gap for the number in which they differ."""
    assert common_text(texts) == common
