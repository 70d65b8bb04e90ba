"""Arms whose names end in a number are drawn over it, with the interval that verdicts use."""

import math
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from kb.judging.stats import t_interval
from kb.reading.experiment import read_script
from kb.reading.lab import installed_lab
from kb.site.figures.curves import curves_figure
from kb.site.figures.doses import doses_of, families
from tests.conftest import write_project

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def script(tmp_path):
    """Return the script of the coin."""
    root = write_project(tmp_path)
    return read_script("coin", (root / "repro/experiments/coin.py").read_text(), installed_lab())


def drawn(script, values):
    """Return the figures of these values of the outcome `score`, by arm."""
    script = replace(script, arms=dict.fromkeys(values, "an arm"))
    return list(doses_of({arm: {"score": numbers} for arm, numbers in values.items()}, script))


@pytest.mark.parametrize(
    ("arms", "found"),
    [
        (["gain_1", "gain_2", "gain_4"], [{"gain": [1, 2, 4]}]),
        (["gain_0_9", "gain_1_5", "gain_3_0"], [{"gain": [0.9, 1.5, 3.0]}]),
        (["k_1", "k_1e2", "k_1e5"], [{"k": [1, 100, 1e5]}]),
        (["a_k_1", "a_k_2", "a_k_3", "b_k_1", "b_k_3"], [{"a_k": [1, 2, 3], "b_k": [1, 3]}]),
        (["rnn_gain_1", "rnn_gain_2", "rnn_gain_3", "lstm_bias_1"], [{"rnn_gain": [1, 2, 3]}]),
        (["gain_1", "gain_2"], []),
        (["fair", "loaded", "worn"], []),
        (["lstm_1997", "lstm_default"], []),
    ],
)
def test_families_follow_from_names(arms, found):
    """Three doses make a family; one that ends in the same word shares its axis."""
    assert [{name: sorted(doses) for name, doses in group.items()} for group in families(arms)] == found


def test_line_is_the_mean_and_band_the_interval(script):
    """At every dose, in the order of the doses."""
    values = {f"gain_{k}": tuple(k + 0.1 * i for i in range(10)) for k in (4, 1, 2)}
    [(curve, _)] = drawn(script, values)
    [band] = curve.bands
    assert curve.labels == ("1", "2", "4")
    assert curve.at == pytest.approx((0, 1 / 3, 1))
    assert band.middle == pytest.approx((1.45, 2.45, 4.45))
    interval = t_interval(values["gain_4"])
    assert band.low[2] >= interval.lower
    assert band.high[2] <= interval.upper
    assert "log scale" not in curve.along


def test_wide_doses_stand_on_a_logarithmic_axis(script):
    """One, a hundred and ten thousand stand at equal steps."""
    [(curve, _)] = drawn(script, {f"k_{name}": (0.1, 0.2) for name in ("1", "1e2", "1e4")})
    assert curve.at == pytest.approx((0, 0.5, 1))
    assert curve.along.endswith("(log scale)")


def test_a_figure_without_intervals_is_still_drawn(script):
    """Two seeds have a mean and no interval; a dose that diverged has neither."""
    [(curve, outcome)] = drawn(script, {"k_1": (0.1, 0.2), "k_2": (0.2, 0.4), "k_3": (math.nan, math.inf)})
    figure = curves_figure(curve, outcome, figure_id="f")
    assert "nan" not in figure
    parts = [part.get("class") for part in ET.fromstring(figure).iter(f"{SVG}path")]  # noqa: S314 # our own
    assert ("line" in parts, "band" in parts) == (True, False)
    assert [cells for _, cells in curve.rows] == [["0.15"], ["0.3"], ["\u2013"]]
