"""The seeds figure shows the numbers that it is given, all of them, and nothing else."""

import math
import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.site.figures.seeds import WIDTH, Panel, Strip, axis_for, seeds_figure

SVG = "{http://www.w3.org/2000/svg}"
BOUND = (0.0, math.inf)
NUMBERS = st.floats(allow_nan=True, allow_infinity=True)


def drawn(*panels, title="Title", description="Result"):
    """Return the parsed figure."""
    return ET.fromstring(seeds_figure(panels, figure_id="f", title=title, description=description))  # noqa: S314 # our own


def panel_of(*values, bound=(0.5, math.inf), interval=(0.2, 0.9), estimate=0.6, **more):
    """Return a panel with one strip."""
    return Panel("decades", (Strip("label", bound, values, interval, estimate, **more),))


def path_of(figure, name):
    """Return the path data of the parts of one class, in order."""
    return [part.get("d") for part in figure.iter(f"{SVG}path") if part.get("class") == name]


def places(path):
    """Return the horizontal places at which a path's strokes start."""
    return [float(x) for x in re.findall(r"M([-\d.]+) ", path)]


def dots(figure):
    """Return the horizontal places of the dots, each lane of which goes on from its first."""
    found = []
    for lane in re.findall(r"M(\d+) \d+h0((?:m\d+ 0h0)*)", path_of(figure, "dots")[0]):
        steps = [int(lane[0]), *map(int, re.findall(r"m(\d+)", lane[1]))]
        found += [sum(steps[: k + 1]) for k in range(len(steps))]
    return found


def test_every_dot_stands_where_its_seed_measured():
    """The places of the dots, read back through the axis, are the values."""
    values = (0.1, 0.25, 0.25, 0.8)
    panel = panel_of(*values)
    axis = axis_for(panel)
    found = sorted(dots(drawn(panel)))
    assert found == pytest.approx([axis.place(value) for value in values], abs=0.51)


def test_interval_estimate_and_bound_stand_on_the_same_axis():
    """Each starts at the place of its number."""
    panel = panel_of(0.1, 1.0)
    figure, axis = drawn(panel), axis_for(panel)
    assert places(path_of(figure, "interval")[0])[0] == pytest.approx(axis.place(0.2), abs=0.51)
    assert places(path_of(figure, "estimate")[0]) == pytest.approx([axis.place(0.6)], abs=0.51)
    assert places(path_of(figure, "bound")[0]) == pytest.approx([axis.place(0.5)], abs=0.51)


def test_predicted_side_is_shaded_to_the_edge():
    """A one-sided bound shades everything beyond it."""
    panel = panel_of(0.1, 1.0)
    band = drawn(panel).find(f".//{SVG}rect[@class='predicted']")
    axis = axis_for(panel)
    assert float(band.get("x")) == pytest.approx(axis.place(0.5), abs=0.51)
    assert float(band.get("x")) + float(band.get("width")) == pytest.approx(axis.place(axis.high), abs=1.01)


def test_a_range_has_two_ends():
    """An equivalence bound is ruled on both sides."""
    assert len(places(path_of(drawn(panel_of(0.1, bound=(0.2, 0.4))), "bound")[0])) == 2


def test_seeds_without_a_number_are_counted_at_the_edge():
    """NaN and infinity stand on the right, minus infinity on the left; none becomes a dot."""
    figure = drawn(panel_of(0.1, math.nan, math.inf, -math.inf))
    counts = [
        (part.text, float(part.get("x")) < WIDTH / 2)
        for part in figure.iter(f"{SVG}text")
        if part.get("class") == "count"
    ]
    assert counts == [("1", True), ("2", False)]
    assert len(dots(figure)) == 1


def test_controls_are_marked_for_the_style_sheet():
    """A control can be told from a prediction without its label."""
    groups = drawn(panel_of(0.1, is_control=True)).findall(f"{SVG}g")
    assert [group.get("class") for group in groups] == ["control"]


def test_figure_says_its_result_in_words():
    """Title and description are there, escaped, and named by the image."""
    figure = drawn(panel_of(0.1), title="<b>&", description='"held" & more')
    assert figure.get("role") == "img"
    assert [figure.find(f"{SVG}{name}").text for name in ("title", "desc")] == ["<b>&", '"held" & more']
    assert figure.get("aria-labelledby").split() == ["f-title", "f-desc"]


def test_ticks_are_round_and_inside_the_axis():
    """An axis from 0 to 1 is labelled in fifths or finer."""
    axis = axis_for(panel_of(0.0, 1.0, interval=None, estimate=None))
    assert axis.ticks() == pytest.approx([0, 0.25, 0.5, 0.75, 1.0])


def test_forty_seeds_with_a_control_stay_small():
    """A figure adds little to a page's size."""
    values = tuple(math.sin(i) for i in range(40))
    strips = (
        Strip("prediction", BOUND, values, (-1, 1), 0.0),
        Strip("control", BOUND, values, (-1, 1), 0.0, is_control=True),
    )
    figure = seeds_figure((Panel("decades", strips),), figure_id="f", title="T", description="D" * 400)
    assert len(figure) < 4096


@settings(deadline=None)  # a busy machine is no failure
@given(
    values=st.lists(NUMBERS, max_size=40),
    ends=st.tuples(NUMBERS, NUMBERS),
    estimate=NUMBERS,
    label=st.text(max_size=80),
)
def test_any_numbers_give_a_valid_figure_that_nothing_leaves(values, ends, estimate, label):
    """Whatever was measured, every place lies inside the drawing."""
    finite_ends = tuple(sorted(end for end in ends if not math.isnan(end)))
    interval = finite_ends if len(finite_ends) == 2 else None
    printable = "".join(char for char in label if char.isprintable())
    panel = Panel(printable, (Strip(printable, BOUND, tuple(values), interval, estimate),))
    figure = drawn(panel)
    for path in figure.iter(f"{SVG}path"):
        assert all(0 <= x <= WIDTH for x in places(path.get("d")))
    assert all(0 <= float(part.get("x")) <= WIDTH for part in figure.iter(f"{SVG}text"))
