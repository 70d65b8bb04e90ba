"""A claim's states over time are a figure that says them in words."""

from xml.etree import ElementTree as ET

from kb.site.figures.timeline import MOST, timeline, turns
from kb.time.history import Event

SVG = "{http://www.w3.org/2000/svg}"


def event(state, seeds=0, *, commit="a" * 40, is_turn=True):
    """Return one event of the first of May."""
    return Event(commit, "2026-05-01T00:00:00Z", "evidence", "evidence added", state, seeds, is_turn)


def drawn(*events):
    """Return the parsed figure."""
    return ET.fromstring(timeline(events, figure_id="t"))  # noqa: S314 # our own


def test_every_turn_is_drawn_and_said():
    """State, seeds and day, from left to right."""
    figure = drawn(event("not run"), event("not run", is_turn=False), event("reproduced", 10, commit=None))
    said = "Not run no seeds 2026-05-01; Reproduced 10 seeds not committed."
    assert figure.find(f"{SVG}desc").text == said
    groups = [part.get("class") for part in figure.findall(f"{SVG}g")]
    assert groups == ["badge--not-run", "badge--reproduced"]


def test_a_claim_that_never_changed_has_no_figure():
    """A single mark says nothing that the badge does not."""
    assert timeline([event("not run")], figure_id="t") is None
    assert timeline([], figure_id="t") is None


def test_only_the_latest_are_drawn():
    """The title says how many are not shown."""
    events = [event("inconclusive", 5 * k) for k in range(1, MOST + 3)]
    figure = drawn(*events)
    assert len(figure.findall(f"{SVG}g")) == MOST
    assert figure.find(f"{SVG}title").text == "State over time; 2 earlier changes not shown"
    assert len(turns(events)) == MOST + 2
