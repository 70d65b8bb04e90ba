"""What the parts of a page say follows from records and intervals, and never says more."""

import csv
import io
import json
import math
import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.exports.published import Site
from kb.exports.raw_values import as_csv, as_curves_csv, as_json
from kb.judging.certainty import nearest
from kb.judging.stats import Interval
from kb.project import read
from kb.reading.tree import Folder
from kb.reasoning.relations import Edge, edges_of
from kb.site.figures.boxes import placed
from kb.site.figures.curves import Band, Curve, curves_figure, curves_of, spread
from kb.site.figures.debate_map import columns_of
from kb.site.figures.neighbourhood import MOST, Neighbourhoods
from kb.site.figures.strip import strip_of
from kb.site.pages import debates, graph
from kb.site.pages.claim import pages as claim_pages
from kb.site.pages.claim.sensitivity import sensitivity
from kb.site.pages.debates import holders, measured_claims
from kb.site.pages.people import Speaker, people, scorecard
from kb.site.render import files
from kb.words.bounds import EXPLORED
from kb.words.states import GROUPS, STATES
from kb.words.summaries import in_plain_words
from tests.evidence_of import evidence_of
from tests.states_project import write_states_project


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Return what the pages of a project with one claim in each state are made of."""
    root = write_states_project(tmp_path_factory.mktemp("pages"))
    return Site(read(Folder(root)), root)


def finding_of(site, claim_id):
    """Return the first finding of a claim."""
    return site.judgements[claim_id].verdict.findings[0]


def test_groups_hold_every_state_once_in_the_order_of_states():
    """A count of a group leads to its first row, behind which its others follow."""
    assert [state for group in GROUPS for state in group.states] == list(STATES)


@pytest.mark.parametrize(
    ("claim_id", "words"),
    [
        ("toy-claim", "The one prediction came out as said in our small test."),
        ("toy-contradicted", "The one prediction failed in our small test."),
        ("toy-split", "In our small test 1 of 2 predictions came out as said, and 1 did not."),
        ("toy-inconclusive", "Our test cannot tell yet."),
        ("toy-invalid", "Our test tells nothing: what was predicted also happened where it must not."),
    ],
)
def test_plain_words_say_no_more_than_the_verdict(site, claim_id, words):
    """They name the test and how often it ran."""
    said = in_plain_words(site.judgements[claim_id])
    assert said.startswith(words)
    assert "10 times" in said


def test_nearness_is_the_distance_to_the_bound_in_half_widths(site):
    """An interval from 0.2 to 0.4 above a bound at 0.1 is one half width away."""
    finding = replace(finding_of(site, "toy-claim"), interval=Interval(0.2, 0.4), estimate=0.3)
    near = nearest((finding,))
    assert (near.gap, near.widths) == pytest.approx((0.1, 1.0))


def test_the_nearest_prediction_is_named(site):
    """Of two decided ones, that with the smaller distance."""
    finding = replace(finding_of(site, "toy-claim"), interval=Interval(0.2, 0.4), estimate=0.3)
    far = replace(finding, interval=Interval(0.29, 0.31))
    assert nearest((far, finding)).finding is finding


@pytest.mark.parametrize(
    ("claim_id", "words"),
    [("toy-claim", "for any bound up to 2"), ("toy-contradicted", "for any bound down to 3")],
)
def test_other_bounds_are_rounded_towards_the_careful_side(site, claim_id, words):
    """What is said to stay decided lies outside the interval or on its end."""
    said = " ".join(sensitivity(site, claim_id).sentences)
    assert words in said
    stays = float(re.search(r"any bound (?:up|down) to (-?[\d.]+)", said)[1])
    interval = finding_of(site, claim_id).interval
    assert stays <= 100 * interval.lower if "up to" in words else stays >= 100 * interval.upper


def test_flip_lists_the_standings_that_would_change(site):
    """Were the refuted ground reproduced, what rests on it would be open."""
    found = sensitivity(site, "toy-contradicted")
    assert found.supposed == "reproduced"
    assert ("toy-not-run", "undermined", "open") in found.changes


def test_nothing_flips_without_a_verdict(site):
    """A claim that was not run has no such section."""
    assert sensitivity(site, "toy-not-run") is None


def test_a_ground_stands_left_of_what_rests_on_it(site):
    """The claim itself is in the middle, and a figure is well-formed with links to its neighbours."""
    near = Neighbourhoods(site.base, site.judgements)
    assert near.columns("toy-claim") == {0: ["toy-claim"], -1: ["toy-contradicted"]}
    figure = ET.fromstring(near.drawn("toy-claim"))  # noqa: S314 # our own
    links = [part.get("href") for part in figure.iter("{http://www.w3.org/2000/svg}a")]
    assert links == ["../toy-contradicted/"]


def test_a_claim_without_relations_has_no_figure(site):
    """An empty drawing says nothing."""
    assert Neighbourhoods(site.base, site.judgements).drawn("toy-split") is None


def test_crowded_columns_are_cut(site):
    """A claim with a hundred neighbours keeps a figure that can be read."""
    near = Neighbourhoods(site.base, site.judgements)
    edge = edges_of(site.base)[0]
    near.into["toy-claim"] = [edge._replace(start=f"x{k}") for k in range(100)]
    assert len(near.columns("toy-claim")[-1]) == MOST[1]


def test_no_two_claims_share_a_place():
    """Shorter columns are centred."""
    places = placed({0: ["a"], 1: ["b", "c", "d"], -1: ["e", "f"]})
    assert (places["e"].column, places["a"].column) == (0, 1)
    assert places["a"].row == 1
    assert len(set(places.values())) == len(places)


def test_a_map_has_grounds_left_of_what_they_bear_on():
    """Each stands as far right as what it bears on allows; two that bear on one another share a column."""
    edges = [Edge(*pair, "supports") for pair in ("ab", "bc", "xc", "cy", "yc")]
    columns = columns_of(["a", "b", "c", "x", "y"], edges)
    assert {at: sorted(ids) for at, ids in columns.items()} == {0: ["c", "y"], -1: ["b", "x"], -2: ["a"]}
    assert columns_of(["alone"], []) == {0: ["alone"]}


def test_a_map_and_its_list_have_the_same_claims(site):
    """Boxes are links with titles, the list names every box, and letters name the sides."""
    for debate in site.base.debates.values():
        found = debates.mapped(site, debate, edges_of(site.base))
        drawn = ET.fromstring(found.figure)  # noqa: S314 # our own
        links = [part.get("href") for part in drawn.iter("{http://www.w3.org/2000/svg}a")]
        assert sorted(links) == sorted(f"../../claims/{i}/" for i, _, _ in found.listed)
        assert {*debate.sides[0].claims} == {i for i, letters, _ in found.listed if "A" in letters}


def test_the_matrix_holds_every_claim_once(site):
    """A cell leads to the table of claims, asked for exactly these."""
    topics = {}
    for claim_id in site.base.claims:
        topics.setdefault(site.base.topics[claim_id], []).append(claim_id)
    cells = [cell for _, row in graph.matrix(site, topics) for cell in row]
    assert sorted(i for cell in cells for i in cell.claims) == sorted(site.base.claims)
    held = next(cell for cell in cells if cell.group.slug == "stand")
    assert held.title.startswith("Toys, held: ")
    assert held.query.startswith("?topic=toys&group=stand#")


def test_a_strip_needs_numbers(site):
    """Without a finite interval there is nothing to draw."""
    finding = finding_of(site, "toy-claim")
    assert strip_of(finding).startswith("<svg")
    assert strip_of(replace(finding, interval=Interval(-math.inf, math.inf))) is None


def test_csv_holds_every_value_once(site):
    """One line per seed and outcome, with not-a-number as `nan`."""
    script = site.base.scripts["coin"]
    piece = evidence_of(script, "a" * 64, "fair", 1, (0.5, math.nan, 0.25, 1.0, math.inf))
    rows = list(csv.DictReader(io.StringIO(as_csv([piece]))))
    score = [row for row in rows if row["outcome"] == "score"]
    assert [row["value"] for row in score] == ["0.5", "nan", "0.25", "1.0", "inf"]
    assert [int(row["seed_index"]) for row in score] == [5, 6, 7, 8, 9]


def test_curves_have_a_file_of_their_own(site):
    """One line per seed with all its points; shorter curves end in empty fields."""
    script = site.base.scripts["coin"]
    curves = {"score_curve": ((0.0, 0.1, math.nan),) * 5, "short_curve": ((1.0,),) * 5}
    piece = evidence_of(script, "a" * 64, "fair", 1, (0.5,) * 5, curves=curves)
    rows = list(csv.DictReader(io.StringIO(as_curves_csv([piece]))))
    assert [int(row["seed_index"]) for row in rows] == [5, 6, 7, 8, 9] * 2
    assert [rows[0][f"point_{k}"] for k in (1, 2, 3)] == ["0.0", "0.1", "nan"]
    assert [rows[5][f"point_{k}"] for k in (1, 2, 3)] == ["1.0", "", ""]


def test_a_table_beside_a_figure_is_thinned_from_end_to_end():
    """It keeps the first and the last point."""
    assert spread(64, 9) == [0, 8, 16, 24, 32, 39, 47, 55, 63]
    assert spread(3, 9) == [0, 1, 2]
    assert spread(1, 9) == [0]


def test_a_verdict_is_sure_among_all_or_said_not_to_be(site):
    """With ten verdicts each needs ten times the evidence that one would."""
    assert set(site.surviving) <= set(site.decided)
    said = {i: " ".join(sensitivity(site, i).sentences) for i in site.decided}
    assert all(("It survives correction" in said[i]) == (i in site.surviving) for i in site.decided)


def test_json_keeps_the_provenance(site):
    """Machine, versions and seeds are given beside the values; every token is valid JSON."""
    pieces = site.ledger.of_experiment("coin")
    document = json.loads(as_json("coin", pieces), parse_constant=pytest.fail)
    assert len(document["evidence"]) == len(pieces)
    assert {"machine", "torch", "seeds", "values"} <= document["evidence"][0].keys()


def test_seeds_survive_programs_whose_numbers_are_floating_point(site):
    """Whatever such a program reads and writes again names the same seeds."""
    pieces = site.ledger.of_experiment("coin")
    read = json.loads(as_json("coin", pieces), parse_int=float)["evidence"]
    assert [[int(seed) for seed in each["seeds"]] for each in read] == [[*piece.seeds] for piece in pieces]


def test_explorer_data_name_both_ends_of_each_relation(site):
    """A relation is a pair of places in the list of claims."""
    data = json.loads(files(site)["graph/claims.json"])
    named = [(data["nodes"][start][0], data["nodes"][end][0], kind) for start, end, kind in data["edges"]]
    assert ("toy-contradicted", "toy-claim", "depends_on") in named
    assert len(named) == len(edges_of(site.base))


def test_curves_are_bands_over_seeds(site):
    """The middle lies between the ends, and what is not finite is left out."""
    script = site.base.scripts["coin"]
    piece = evidence_of(script, "a" * 64, "fair", 0, (0.5,) * 5)
    lines = ((0.0, 1.0), (1.0, math.nan), (2.0, 3.0), (3.0, 4.0), (4.0, 5.0))
    [curve] = curves_of(
        [piece.model_copy(update={"curves": {"score_curve": lines}, "scale": {"flips": 2}})], script
    )
    [band] = curve.bands
    assert (band.low, band.middle, band.high) == ((0.0, 1.0), (2.0, 3.5), (4.0, 5.0))
    assert curve.rows == [("1", ["2.0 [0.0, 4.0]"]), ("2", ["3.5 [1.0, 5.0]"])]
    drawn = curves_figure(curve, script.outcomes["score_curve"], figure_id="c")
    figure = ET.fromstring(drawn)  # noqa: S314 # our own
    assert figure.get("role") == "img"


def test_a_curve_without_numbers_is_drawn_empty(site):
    """Divergence from the first step on breaks no page."""
    band = curves_of([], site.base.scripts["coin"])
    assert list(band) == []
    piece = evidence_of(site.base.scripts["coin"], "a" * 64, "fair", 0, (0.5,) * 5)
    lost = piece.model_copy(update={"curves": {"score_curve": ((math.nan,) * 2,) * 5}, "scale": {"flips": 2}})
    [curve] = curves_of([lost], site.base.scripts["coin"])
    assert isinstance(curve, Curve)
    figure = curves_figure(curve, site.base.scripts["coin"].outcomes["score_curve"], figure_id="c")
    assert "nan" not in figure


def test_people_are_authors_and_speakers(site):
    """Each with their claims, each claim once."""
    [person] = people(site.base)
    assert (person.id, person.sources) == ("jane-doe", ["toy-source"])
    assert sorted(person.claims) == sorted(site.base.claims)


def test_measured_claims_bear_on_a_side(site):
    """A side's own measurement, and what it rests on."""
    found = measured_claims(site.base, site.judgements, ["toy-claim"])
    assert [(item.claim_id, item.words) for item in found] == [
        ("toy-claim", ""),
        ("toy-contradicted", "relied on by"),
    ]
    assert [item.weight for item in found] == ["for", "against"]
    assert holders(site.base, ["toy-claim"], 3) == ["Jane Doe"]


@given(
    middle=st.floats(-1e6, 1e6),
    widths=st.tuples(st.floats(0, 1e6), st.floats(0, 1e6)),
)
def test_a_table_never_narrows_the_ends_that_it_shows(middle, widths):
    """The cells beside a figure of lines are rounded outwards, as findings are."""
    low, high = middle - widths[0], middle + widths[1]
    band = Band("arm", 5, (low,), (middle,), (high,))
    [(_, [cell])] = Curve("c", (band,), 0, "step", (0.0,), ("1",), 1, ()).rows
    shown = [float(end) for end in re.search(r"\[(.*), (.*)\]", cell).groups()]
    assert shown[0] <= low
    assert high <= shown[1]


@pytest.mark.parametrize("explored", [None, True, False])
def test_only_bounds_fixed_before_any_look_are_said_to_be_written_down_beforehand(explored):
    """A page says no more of their age than the protocol does."""
    assert ("beforehand" in EXPLORED[explored]) is (explored is False)


def test_a_claim_opens_with_its_answer_unless_that_is_suspect(site):
    """A suspect answer comes after the verdict, with a mark in words; the exact sentence always stands."""
    pages = {page.path: page.content for page in claim_pages.pages(site)}
    good, doubtful = pages["claims/toy-claim.md"], pages["claims/toy-split.md"]
    assert good.index("30 points more heads than") < good.index("claim-head__verdict")
    assert "to be read again" not in good
    assert "claim-head__exact" in good
    assert doubtful.index("claim-head__exact") < doubtful.index("half as many again. <span")
    assert "This answer is to be read again: nobody has confirmed it" in doubtful


def test_a_debate_says_of_each_reading_whether_it_came_out(site):
    """In words, with the predictions that say so."""
    page = next(page.content for page in debates.pages(site) if page.path == "debates/toy-debate.md")
    rows = re.findall(r"<tr><td>.*?</tr>", page)
    starts = [re.search(r'data-label="Is it so\?">.*?</span>(\w+)', row)[1] for row in rows]
    assert starts == ["Obtained", "Excluded", "Open"]
    assert "Held: The loaded coin shows at least a tenth more heads." in rows[0]
    assert "In our test the load shows." in page


@pytest.mark.parametrize(
    ("state", "is_against", "weight"),
    [
        ("reproduced", False, "for"),
        ("reproduced", True, "against"),
        ("contradicted", False, "against"),
        ("contradicted", True, "undecided"),
        ("split", False, "mixed"),
        ("varies", True, "mixed"),
        ("inconclusive", False, "undecided"),
        ("invalid", True, "undecided"),
    ],
)
def test_direction_follows_from_outcome_and_relation(state, is_against, weight):
    """A claim that failed and contradicts a side says nothing for it."""
    assert debates.weight_of(state, is_against=is_against) == weight


def test_a_scorecard_counts_claims_by_stance_and_outcome(site):
    """Each claim once a stance, under one outcome."""
    [person] = [each for each in people(site.base) if each.id == "jane-doe"]
    [row] = scorecard(site, person)
    assert row.stance == "assert"
    counted = {each.word: len(each.claims) for each in row.groups}
    assert sum(counted.values()) == len(person.claims)
    assert (counted["held"], counted["failed"], counted["not testable"]) == (1, 1, 1)


def test_who_is_quoted_asserts_what_another_reports(site):
    """And whoever quotes them reports it."""
    [item] = site.base.claims["toy-claim"].stated_in
    quoted = item.model_copy(update={"by": "Ann", "quoted_by": "Bob", "stance": "reports"})
    stances = {name: Speaker("x", name).stance(quoted) for name in ("Ann", "Bob")}
    assert stances == {"Ann": "asserts", "Bob": "reports"}
