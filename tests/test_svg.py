"""Every figure is written by one small writer, which lets no text become markup."""

from xml.etree import ElementTree as ET

import pytest

from kb.site.figures.svg import Axis, element, figure, shortened, text

HOSTILE = "</title><script>\"'&"


def test_texts_and_values_are_escaped():
    """Whatever stands in a record reads back as it is."""
    drawn = ET.fromstring(element("g", text(HOSTILE, 1, 2), class_=HOSTILE))  # noqa: S314 # our own
    assert (drawn.get("class"), drawn[0].text) == (HOSTILE, HOSTILE)
    assert [part.tag for part in drawn.iter()] == ["g", "text"]


def test_a_figure_names_itself_by_its_words():
    """Its title and, where it has one, its description."""
    with_words = figure("k", 10, 5, figure_id="f", title="T", description="D")
    assert 'aria-labelledby="f-title f-desc"' in with_words
    assert 'aria-labelledby="f-title"' in figure("k", 10, 5, figure_id="f", title="T")


def test_an_axis_may_run_backwards():
    """Heights grow downwards; what lies outside stands at the edge."""
    axis = Axis(0, 10, 200, 100)
    assert [axis.place(value) for value in (0, 5, 10, 99, -1)] == pytest.approx([200, 150, 100, 100, 200])
    assert axis.ticks() == pytest.approx([0, 2, 4, 6, 8, 10])


def test_long_texts_are_cut_where_they_would_leave_the_drawing():
    """The last letter gives way to an ellipsis."""
    assert shortened("loaded coin", 8) == "loaded\u2026"
    assert shortened("coin", 8) == "coin"
