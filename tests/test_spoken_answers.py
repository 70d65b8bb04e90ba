"""An answer is suspect once what it speaks of is another; readings are told from verdicts."""

from dataclasses import replace

import pytest

from kb.judging.judgement import judge_base
from kb.judging.stats import Interval
from kb.reading.load import load_base
from kb.reading.tree import Folder
from kb.reasoning.answers import spoken_answers, suspect_answers, verdict_digest
from kb.reasoning.readings import decision_of, obtained
from kb.records.debates import Condition, Reading
from tests.evidence_of import evidence_of, ledger_with

ANSWER = "answer:\n  says: The loaded coin showed 30 points more heads.\n"
DEBATE = """\
title: Does a load show?
question: Is a loaded coin told from a fair one?
sides:
  - {name: It shows, claims: [toy-claim]}
  - {name: It does not, claims: [toy-open]}
discriminating: {what: Flip both., claims: [toy-claim, toy-open]}
readings:
  - {if: heads differ, then: it shows}
answer: {says: It shows., of: "00000000"}
"""


def with_verdict(judgement, **changes):
    """Return a judgement with another verdict at its one setting."""
    (found,) = judgement.settings
    other = replace(found, verdict=replace(found.verdict, **changes))
    return replace(judgement, settings=(other,))


def judged(root, *blocks):
    """Return the records, and their judgements on blocks of values of the fair and the loaded coin."""
    base = load_base(Folder(root))
    script = base.scripts["coin"]
    digests = {"toy-claim": base.claims["toy-claim"].protocol.digest}
    pieces = [
        evidence_of(script, script.version(), arm, number, values, predictions=digests)
        for number, block in enumerate(blocks)
        for arm, values in zip(("fair", "loaded"), block, strict=True)
    ]
    return base, judge_base(base, ledger_with(pieces))


BLOCK = ((0.5, 0.51, 0.49, 0.5, 0.5), (0.8, 0.81, 0.79, 0.8, 0.82))
MORE = ((0.5, 0.5, 0.48, 0.5, 0.52), (0.79, 0.8, 0.81, 0.8, 0.83))
SMALLER = ((0.5, 0.51, 0.49, 0.5, 0.5), (0.54, 0.55, 0.53, 0.54, 0.55))
LOADED, LONGER, WEAK = (BLOCK, MORE), (BLOCK, MORE, BLOCK), (SMALLER, SMALLER)
"""Blocks of one test of ten or fifteen seeds."""


def digest(base, judgements):
    """Return the digest of the verdict on the toy claim."""
    return verdict_digest(base.claims["toy-claim"], judgements["toy-claim"])


@pytest.fixture
def answered(project):
    """Return a project whose claim has an answer."""
    path = project / "claims/toys/toy-claim.yaml"
    path.write_text(path.read_text(encoding="utf-8") + ANSWER, encoding="utf-8")
    return project


def test_more_seeds_of_the_same_test_leave_an_answer_alone(answered):
    """Digits move a little; the decision does not."""
    once, more = judged(answered, *LOADED), judged(answered, *LONGER)
    assert once[1]["toy-claim"].verdict.findings != more[1]["toy-claim"].verdict.findings
    assert digest(*once) == digest(*more)


def test_another_decision_is_another_digest(answered):
    """What was reproduced is contradicted."""
    states = {judged(answered, *blocks)[1]["toy-claim"].state for blocks in (LOADED, WEAK)}
    assert states == {"reproduced", "contradicted"}
    assert digest(*judged(answered, *LOADED)) != digest(*judged(answered, *WEAK))


def test_another_side_of_zero_is_another_digest(answered):
    """An effect that is no longer there may not go on being called one."""
    base, judgements = judged(answered, *LOADED)
    judgement = judgements["toy-claim"]
    finding = judgement.verdict.findings[0]
    moved = replace(finding, interval=Interval(-0.1, 0.3))
    other = with_verdict(judgement, findings=(moved,))
    assert finding.interval.lower > 0
    assert verdict_digest(base.claims["toy-claim"], other) != digest(base, judgements)


def test_another_test_is_another_digest(answered):
    """Answers quote figures, and another version of the script gives others."""
    before = digest(*judged(answered, *LOADED))
    script = answered / "repro/experiments/coin.py"
    script.write_text(script.read_text(encoding="utf-8").replace("flips: int = 100", "flips: int = 200"))
    assert digest(*judged(answered, *LOADED)) != before


def test_an_answer_is_suspect_until_it_carries_the_digest_of_today(answered):
    """Without one, and with a wrong one."""
    base, judgements = judged(answered, *LOADED)
    assert [each.record_id for each in suspect_answers(base, judgements)] == ["toy-claim"]
    path = answered / "claims/toys/toy-claim.yaml"
    text = path.read_text(encoding="utf-8")
    for of, is_suspect in (("00000000", True), (digest(base, judgements), False)):
        path.write_text(f'{text}  of: "{of}"\n', encoding="utf-8")
        base, judgements = judged(answered, *LOADED)
        assert spoken_answers(base, judgements)["toy-claim"].is_suspect is is_suspect


def test_without_a_verdict_every_answer_is_suspect(answered):
    """There is nothing that it could speak of."""
    found = spoken_answers(*judged(answered))["toy-claim"]
    assert (found.now, found.is_suspect) == ("", True)


def test_the_answer_of_a_debate_speaks_of_the_claims_that_are_asked(answered):
    """A claim without a verdict counts as such, so that its first verdict is noticed."""
    record = (answered / "claims/toys/toy-claim.yaml").read_text(encoding="utf-8")
    (answered / "claims/debates").mkdir()
    (answered / "claims/debates/toy-debate.yaml").write_text(DEBATE, encoding="utf-8")
    for old, new in (("statement: >-\n  A", "statement: >-\n  Any"), ("title: A", "title: Any")):
        record = record.replace(old, new)
    other = answered / "claims/toys/toy-open.yaml"
    other.write_text(record.replace("experiment: coin", "experiment: dice\n  planned: all"), encoding="utf-8")
    before = spoken_answers(*judged(answered, *LOADED))["toy-debate"]
    assert before.claims == ("toy-claim", "toy-open")
    other.write_text(record, encoding="utf-8")
    after = spoken_answers(*judged(answered, *LOADED))["toy-debate"]
    assert "" not in (before.now, after.now)
    assert before.now != after.now


def reading(*came_out):
    """Return a reading that obtains when the prediction of the toy claim, then of its twin, come out so."""
    when = [
        Condition.model_validate({"claim": claim, "prediction": "loaded-beats-fair", "is": each})
        for claim, each in zip(("toy-claim", "toy-twin"), came_out, strict=False)
    ]
    return Reading.model_validate({"if": "heads differ", "then": "it shows", "when": tuple(when)})


@pytest.mark.parametrize(
    ("came_out", "blocks", "expected"),
    [
        (["reproduced"], LOADED, "obtained"),
        (["contradicted"], LOADED, "not obtained"),
        (["contradicted"], WEAK, "obtained"),
        (["reproduced", "contradicted"], LOADED, "not obtained"),
        (["reproduced", "reproduced"], LOADED, "obtained"),
        (["reproduced"], [], "open"),
        ([], LOADED, "open"),
    ],
)
def test_a_reading_obtains_when_every_prediction_came_out_as_it_says(project, came_out, blocks, expected):
    """One that came out the other way excludes it, and it is open as long as one is not decided."""
    _, judgements = judged(project, *blocks)
    both = {**judgements, "toy-twin": judgements["toy-claim"]}
    assert obtained(reading(*came_out), both) == expected


@pytest.mark.parametrize("state", ["invalid", "inconclusive"])
def test_a_prediction_whose_control_says_nothing_tells_nothing(project, state):
    """Neither where the control came out wrong, nor while it is open."""
    _, judgements = judged(project, *LOADED)
    judgement = judgements["toy-claim"]
    verdict = judgement.verdict
    decision = {"invalid": "reproduced", "inconclusive": "inconclusive"}[state]
    controls = tuple(replace(each, decision=decision) for each in verdict.controls)
    other = with_verdict(judgement, state=state, controls=controls)
    assert decision_of(reading("reproduced").when[0], {"toy-claim": other}) is None


def test_a_reading_names_claims_that_have_a_record(project):
    """As relations and sides do."""
    named = "{if: heads differ, then: it shows, when: [{claim: toy-clam, prediction: any, is: reproduced}]}"
    text = DEBATE.replace("{if: heads differ, then: it shows}", named)
    (project / "claims/debates").mkdir()
    (project / "claims/debates/toy-debate.yaml").write_text(text, encoding="utf-8")
    found = [p for p in load_base(Folder(project)).problems if p.place.line == 8]
    assert [(problem.code, problem.nearest) for problem in found] == [("unknown-claim", "toy-claim")]
