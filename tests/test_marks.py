"""What a reader has to know at once stands beside the verdict, wherever the verdict is shown."""

import json
import re
from dataclasses import replace

import pytest

from kb.exports import badges, feeds, heads
from kb.exports.published import Site
from kb.judging.stats import Interval
from kb.project import read
from kb.reading.tree import Folder
from kb.site import discovery
from kb.site.pages.claim.predictions import absolute
from kb.time.history import Event
from kb.words.marks import marks, reading
from tests.states_project import write_states_project


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Return a project with one claim in each state."""
    root = write_states_project(tmp_path_factory.mktemp("marks"))
    return Site(read(Folder(root)), root)


def words(site, claim_id):
    """Return the marks of a claim as words."""
    return [mark.words for mark in site.marks(claim_id)]


def test_marks_say_how_many_held_where_and_how_far_the_source_was_read(site):
    """In the order of the page."""
    assert words(site, "toy-split")[:2] == ["1 of 2 predictions held", "in our small setting"]
    assert words(site, "toy-split")[-1] == "source read whole"


def test_a_verdict_that_differs_by_setting_says_so_beside_it(site):
    """With how each setting came out."""
    said = words(site, "toy-varies")
    assert said[1:3] == [
        "depends on the setting",
        'differs: reproduced in our small setting and contradicted in the setting "long"',
    ]


def test_a_close_call_is_called_one(site):
    """An interval that ends less than half of its half-width from its limit."""
    judgement = site.judgements["toy-claim"]
    [found], [setting] = judgement.verdict.findings, judgement.settings
    near = replace(found, interval=Interval(0.101, 0.4), estimate=0.25)
    close = replace(
        judgement, settings=(replace(setting, verdict=replace(setting.verdict, findings=(near,))),)
    )
    for each, expected in ((judgement, False), (close, True)):
        said = [mark.words for mark in marks(each, None, None, verdicts=1, survives=True)]
        assert ("close call" in said) is expected


def test_a_verdict_that_does_not_survive_correction_is_marked(site):
    """Only where it was decided."""
    sure = site.project.certainties["toy-claim"]
    said = [m.words for m in marks(site.judgements["toy-claim"], sure, None, verdicts=9, survives=False)]
    assert "does not survive correction for 9 verdicts" in said


def test_without_a_verdict_there_are_no_marks(site):
    """Nothing was measured that they could limit."""
    assert words(site, "toy-not-run") == []


@pytest.mark.parametrize(
    ("found", "depth"),
    [
        ([("asserts", "abstract"), ("cites", "text")], "abstract"),
        ([("asserts", "abstract"), ("asserts", "text")], "text"),
        ([("reports", "memory")], "memory"),
        ([], None),
    ],
)
def test_reading_depth_is_that_of_who_asserts_it(found, depth):
    """The best of several; that somebody else who cites it was read whole does not help."""
    assert reading(found) == depth


def test_every_output_carries_the_scope(site):
    """Badge, page to embed, linked data, feed and API say on what a verdict was reached."""
    scope = "one hundred simulated flips a seed"
    assert badges.message(site.judgements["toy-claim"]) == "reproduced in a small test, 10 seeds"
    assert f"Tested on: {scope}" in discovery.embedded(site, "toy-claim")
    explained = json.loads(heads.claim(site, "toy-claim")["linked_data"])["reviewRating"]["ratingExplanation"]
    assert f"Tested on: {scope}." in explained
    event = Event("a" * 40, "2026-05-01T00:00:00Z", "evidence", "measured", "reproduced", 10, is_turn=True)
    feed = feeds.files(replace(site, histories={"toy-claim": (event,)}))["changes/feed.xml"]
    assert f"Tested on: {scope}" in feed


def test_an_embedded_claim_carries_its_warnings(site):
    """So that nobody shows a verdict without them."""
    assert "certainty: low" in discovery.embedded(site, "toy-claim")


def test_each_arm_of_a_comparison_shows_what_it_reached(site):
    """The mean over the compared seeds, told in the unit of readers."""
    script = site.base.scripts["coin"]
    values = {"fair": {"score": (0.5, 0.52, 0.9)}}
    said = absolute("fair", script.outcomes["score"], values, 2, script.arms)
    assert re.fullmatch(r"heads with probability 0\.5: 51 % of heads", said)
    assert absolute("fair", script.outcomes["score"], {}, 2, script.arms) == "heads with probability 0.5"
