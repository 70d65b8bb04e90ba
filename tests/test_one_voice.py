"""Every finding of this repository is told in the same text everywhere, and never as surer than it is."""

from __future__ import annotations

import html
import math
import re
from fractions import Fraction
from typing import get_args

import pytest
from rich.console import Console

from kb.exports import api, badges, docs
from kb.exports.claim_document import claim_document
from kb.judging.judgement import State
from kb.judging.stats import WHOLE_LINE
from kb.site.pages.claim import pages as claim_pages
from kb.words.findings import state_sentence
from kb.words.measured import Measured, measured
from kb.words.standings import RULES, STANDINGS, Rule, StandingName
from kb.words.states import CONTROL_WRONG, GROUPS, STATES
from kb.words.units import told
from repro.cli.commands import show
from repro.cli.parts.report import print_claim
from tests.machine_sites import site_of
from tests.states_project import ROOT, write_states_project

WIDTH = 80
INTERVAL = r"\[-?[\d.e-]+, -?[\d.e-]+\]"


@pytest.fixture(scope="module")
def site():
    """Return the site of this repository before it is written."""
    return site_of(ROOT)


@pytest.fixture(scope="module")
def measured_claims(site):
    """Return the judgements of all claims with a verdict."""
    found = [judgement for judgement in site.judgements.values() if judgement.verdict]
    assert len(found) > 20
    return found


@pytest.fixture(scope="module")
def pages(site):
    """Return the text of every claim's page, without its markup, by path."""
    return {page.path: one_line(plain(page.content)) for page in claim_pages.pages(site)}


def plain(page):
    """Return a page's text as a browser shows it, with the minus of a keyboard."""
    text = html.unescape(re.sub(r"<[^>]*>", "", page)).replace("\u2212", "-")
    powers = str.maketrans(
        "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207b", "0123456789-"
    )
    text = re.sub(
        r" \u00d7 10([\u2070\u00b9\u00b2\u00b3\u2074-\u2079\u207b]+)",
        lambda found: f"e{found[1].translate(powers)}",
        text,
    )
    return re.sub(r"(?<=\d),(?=\d{3})", "", text)


def one_line(text):
    """Return text without its line breaks."""
    return " ".join(text.split())


def all_findings(judgement):
    """Return every finding of a verdict, those of controls included."""
    return (*judgement.verdict.findings, *judgement.verdict.controls)


def reported(site, judgement):
    """Return what `repro run` prints of a claim."""
    console = Console(width=WIDTH, highlight=False, color_system=None)
    with console.capture() as captured:
        print_claim(console, site.project, judgement, is_exploring=False)
    return captured.get()


def shown(site, judgement):
    """Return what `repro show` prints of a claim."""
    return "\n".join(show.lines(site.project, judgement.claim_id))


def test_no_interval_is_printed_narrower_than_it_is(measured_claims):
    """Its ends are rounded outwards, exactly."""
    for judgement in measured_claims:
        for finding in all_findings(judgement):
            if finding.interval == WHOLE_LINE:
                continue
            found = measured(finding)
            kind = told(finding.prediction, finding.outcome).kind
            if kind == "factor" and not finding.estimand.is_share:  # judged as logarithms
                assert float(found.lower) == 0 or math.log10(float(found.lower)) <= finding.interval.lower
                assert math.log10(float(found.upper)) >= finding.interval.upper
                continue
            factor = 100 if finding.estimand.is_share or kind == "share" else 1
            lower, upper = finding.interval
            assert found.lower == "-inf" or Fraction(found.lower) <= factor * Fraction(lower)
            assert found.upper == "inf" or Fraction(found.upper) >= factor * Fraction(upper)


def test_the_terminal_prints_what_the_words_say(site, measured_claims):
    """`repro run` shows estimate and interval of each finding, on one line each, and the sentence."""
    for judgement in measured_claims:
        text = reported(site, judgement)
        for finding in all_findings(judgement):
            found = measured(finding)
            row = f"{found.in_short} +{re.escape(found.interval)} +{finding.seeds} "
            assert re.search(row, text), (judgement.claim_id, found)
        assert state_sentence(site.base.claims[judgement.claim_id], judgement) in one_line(text)


def test_show_prints_what_the_words_say(site, measured_claims):
    """`repro show` has each prediction's measurement and the sentence."""
    for judgement in measured_claims:
        text = one_line(shown(site, judgement))
        for finding in judgement.verdict.findings:
            assert measured(finding).text in text
        assert state_sentence(site.base.claims[judgement.claim_id], judgement) in text


def test_the_api_says_what_the_words_say(site, measured_claims):
    """Each finding's text, and the sentence."""
    for judgement in measured_claims:
        claim_id = judgement.claim_id
        answer = claim_document(site.project, judgement)
        assert [each.measured for each in answer.findings] == [
            measured(finding).text for finding in all_findings(judgement)
        ]
        assert answer.sentence == state_sentence(site.base.claims[claim_id], judgement)


def test_generated_blocks_say_what_the_words_say(site, measured_claims):
    """The block of the README may be about any claim."""
    for judgement in measured_claims:
        block = f"<!-- generated: verdict {judgement.claim_id} -->\n<!-- end -->"
        text = docs.filled(block, site.project, {})
        for finding in judgement.verdict.findings:
            assert measured(finding).text in text
        assert state_sentence(site.base.claims[judgement.claim_id], judgement) in text


def test_pages_show_what_the_words_say(site, measured_claims, pages):
    """The table of a claim's page has estimate and interval of each finding; its head has the sentence."""
    for judgement in measured_claims:
        text = pages[f"claims/{judgement.claim_id}.md"]
        for finding in all_findings(judgement):
            found = measured(finding)
            assert found.effect in text, (judgement.claim_id, found)
            assert found.interval in text, (judgement.claim_id, found)
        sentence = one_line(state_sentence(site.base.claims[judgement.claim_id], judgement))
        assert re.sub(r"(?<=\d),(?=\d{3})", "", sentence) in text


def test_every_interval_on_a_surface_is_one_of_the_words(site, measured_claims, pages):
    """No text contains an interval of its own making; those in the record's own prose are left out."""
    for judgement in measured_claims:
        verdicts = [each.verdict for each in judgement.judged]
        known = {measured(each).interval for v in verdicts for each in (*v.findings, *v.controls)}
        known |= {*re.findall(INTERVAL, one_line(site.base.claims[judgement.claim_id].model_dump_json()))}
        texts = (reported(site, judgement), shown(site, judgement), pages[f"claims/{judgement.claim_id}.md"])
        for text in texts:
            assert {*re.findall(INTERVAL, one_line(text))} <= known, judgement.claim_id


def test_every_state_standing_and_rule_has_its_row():
    """No reader meets a name without words."""
    assert set(STATES) == set(get_args(State))
    assert set(STANDINGS) == set(get_args(StandingName))
    assert set(RULES) == set(get_args(Rule))
    assert [state for group in GROUPS for state in group.states] == [*STATES]


def test_a_badge_says_the_word_of_the_state(site):
    """And nothing else but seeds."""
    for judgement in site.judgements.values():
        assert badges.message(judgement).startswith(STATES[judgement.state].word.lower())


def test_invalid_means_one_thing_everywhere(tmp_path):
    """A control came out wrong: in list of states, standing, derivation, status and API."""
    toy = site_of(write_states_project(tmp_path))
    row = STATES["invalid"]
    assert all(CONTROL_WRONG in text.lower() for text in (row.means, row.asks, row.reason, row.rule))
    assert CONTROL_WRONG in toy.standings["toy-invalid"].because[0]
    [answer] = [each for path, each in api.files(toy).items() if path.endswith("claims/toy-invalid.json")]
    assert "where it must fail" in answer


@pytest.mark.parametrize(
    ("lower", "upper", "words"),
    [
        ("0.36", "inf", "0.41 (0.36 or more)"),
        ("-inf", "0.5", "0.41 (0.5 or less)"),
        ("0", "1", "0.41 (0 to 1)"),
    ],
)
def test_an_open_end_is_told_in_words(lower, upper, words):
    """Where some seeds diverged an interval has no end on one side."""
    assert Measured("0.41", lower, upper, "", -2).text == words
