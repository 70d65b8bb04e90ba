"""The judge and a second one, who shares no code with it, agree on the base and on random cases."""

from __future__ import annotations

import inspect
import json
import math
from collections import defaultdict
from itertools import starmap
from pathlib import Path

import numpy as np
import pytest

from kb.evidence.controls import Imitated, Tried, as_controls_file
from kb.exports import api
from kb.judging.verdict import Outcome, judge
from kb.project import read
from kb.reading.load import load_base
from kb.reading.tree import Folder
from kb.records.protocol import Protocol
from tests import second_judge
from tests.conftest import write_project
from tests.evidence_of import control_block, controls_of, shuffled_block
from tests.machine_sites import site_of
from tests.measured import SCRIPT, change, measure

ROOT = Path(__file__).parent.parent
RELATIVE = 1e-9
CASES, SHARDS = 4000, 4
KINDS = ("normal", "normal", "skewed", "tied", "constant", "drifting", "jumping", "huge")
UNJUDGED = ("not run", "stale", "to be written")


def outcome_of(resolution):
    """Return an outcome of which the resolution is all that matters."""
    fields = {"name": "y", "label": "y", "unit": "units", "resolution": resolution}
    directions = {"better": "neither", "direction": "neither"}
    known = inspect.signature(Outcome).parameters
    return Outcome(**{name: value for name, value in (fields | directions).items() if name in known})


def first_look():
    """Return at how many seeds the program first decides: five or ten equal values settle it."""
    prediction = {"name": "p", "says": "p", "outcome": "y", "of": "a", "at_least": 0.0, "because": "b"}
    protocol = Protocol.model_validate({"experiment": "e", "predictions": (prediction,)})
    decides = judge(protocol, {"y": outcome_of(0.01)}, {"a": {"y": [1.0] * 5}}).state == "reproduced"
    return 5 if decides else 10


FIRST_LOOK = first_look()


def close(mine, theirs, scale):
    """Say whether two numbers are the same but for rounding, infinities and NaN included."""
    both_nan = math.isnan(mine) and math.isnan(theirs)
    return both_nan or mine == theirs or abs(mine - theirs) <= RELATIVE * max(abs(mine), scale)


def ends_of(mine, interval):
    """Return the ends of an interval; the program shows an empty one as everything that there is."""
    if interval is not None:
        return interval
    return second_judge.LINE if mine.part.get("estimand", "mean") in ("mean", "median") else (0.0, 1.0)


def differences(mine, estimate, trail, seeds, decision):
    """Yield what differs between a finding of the second judge and the program's.

    Where the first look is at five seeds, the program also looks at fewer; that look is not compared.
    """
    if mine.decision != decision:
        yield f"decision {mine.decision} ({mine.doubt}), program {decision}"
    if mine.seeds != seeds:
        yield f"seeds {mine.seeds}, program {seeds}"
    expected = [ends_of(mine, interval) for interval in mine.trail]
    widths = [upper - lower for lower, upper in expected if math.isfinite(upper - lower)]
    if not close(mine.estimate, estimate, min(widths, default=0.0)):
        yield f"estimate {mine.estimate}, program {estimate}"
    if mine.doubt == "every seed diverged" or mine.seeds < FIRST_LOOK == 5:
        return
    if len(expected) != len(trail) or not all(map(same_ends, expected, trail)):
        yield f"intervals {expected}, program {[tuple(ends) for ends in trail]}"


def same_ends(mine, theirs):
    """Say whether two intervals are the same but for rounding."""
    width = mine[1] - mine[0] if math.isfinite(mine[1] - mine[0]) else 0.0
    return all(close(one, other, width) for one, other in zip(mine, theirs, strict=True))


# The base


@pytest.fixture(scope="module")
def documents():
    """Return what the program says of each claim of this repository that has a protocol, by id."""
    files = dict(api.files(site_of(ROOT)))
    named = {path.rpartition("/")[2][:-5]: path for path in files if path.startswith("api/v1/claims/")}
    return {claim: json.loads(files[named[claim]]) for claim in second_judge.records(ROOT)}


@pytest.fixture(scope="module")
def store():
    """Return all evidence of this repository."""
    return second_judge.Store(ROOT)


@pytest.fixture(scope="module")
def failing(documents, store):
    """Return the claims that a stored control leaves without a verdict, by the second judge."""
    protocols = {claim: record["protocol"] for claim, record in second_judge.records(ROOT).items()}
    versions = {claim: [each["version"] for each in documents[claim]["settings"]] for claim in protocols}
    current = defaultdict(list)
    for claim, protocol in protocols.items():
        current[protocol["experiment"]] += versions[claim]
    broken = {name for name, every in current.items() if every and store.fails_itself(name, every)}
    return {
        claim
        for claim, protocol in protocols.items()
        if versions[claim] and (verdict := documents[claim]["verdict"])
        if protocol["experiment"] in broken
        or store.learns_without_labels(protocol, versions[claim], verdict["alpha"])
    }


def second_verdict(record, document, store, version, *, is_failing=False):
    """Return what the second judge makes of a claim at a setting; None where it has no evidence."""
    protocol = record["protocol"]
    values = store.values(protocol["experiment"], version) if version else {}
    if not values:
        return None
    resolutions = second_judge.resolutions(ROOT, protocol["experiment"])
    alpha = document["verdict"]["alpha"]
    words = {"first_look": FIRST_LOOK, "is_failing": is_failing}
    return second_judge.judge_protocol(protocol, resolutions, values, alpha, **words)


@pytest.fixture(scope="module")
def second_verdicts(documents, store):
    """Return the second judge's verdicts by claim, at the main settings."""
    records = second_judge.records(ROOT)
    return {
        claim: second_verdict(records[claim], document, store, document["version"])
        for claim, document in documents.items()
    }


def second_states(record, document, store, *, is_failing):
    """Yield the state of each setting of a claim, None where it has no evidence."""
    for setting in document["settings"]:
        verdict = second_verdict(record, document, store, setting["version"], is_failing=is_failing)
        yield verdict and verdict.state


def test_the_second_judge_finds_every_control_that_failed(documents, failing):
    """Of arms, of imitated faults, of arms against themselves, and of shuffled labels."""
    theirs = {claim: document["verdict"] for claim, document in documents.items() if document["verdict"]}
    assert failing == {claim for claim, verdict in theirs.items() if verdict["failing"]}


def planted(root, case):
    """Write a project whose controls say one thing, with evidence, and return it."""
    write_project(root)
    change(
        root, SCRIPT, 'heads", unit="share of heads", better="neither"', 'heads", unit="x", better="higher"'
    )
    measure(root)
    script = load_base(Folder(root)).scripts["coin"]
    version, low, high = script.version(), (0.5, 0.51, 0.49, 0.5, 0.52), (0.8, 0.81, 0.79, 0.8, 0.82)
    apart = [
        control_block(version, arm, block, low if block < 2 else high, number=number)
        for arm in script.arms
        for number in (1, 2, 3)
        for block in range(4)
    ]
    right = [control_block(version, "fair", block, low) for block in range(2)]
    changes = {
        "nothing": {"blocks": tuple(apart[:4])},
        "breach": {"tried": (Tried(arm="fair", breach="it is broken"),)},
        "passed": {"imitated": (Imitated(arm="fair", mutant="seeds ignored", refusal=""),)},
        "apart": {"blocks": tuple(apart)},
        "held": {"blocks": right, "shuffled": [shuffled_block(version, "loaded", b, high) for b in (0, 1)]},
        "learned": {"blocks": right, "shuffled": [shuffled_block(version, "loaded", b, low) for b in (0, 1)]},
        "drew none": {
            "blocks": right,
            "shuffled": [shuffled_block(version, "loaded", b, high, data_sets=0) for b in (0, 1)],
        },
    }
    fields = {name: tuple(parts) for name, parts in changes[case].items()}
    path, content = as_controls_file(controls_of(script, version, **fields))
    (root / path).write_bytes(content)
    return root


@pytest.mark.parametrize(
    ("case", "kinds"),
    [
        ("nothing", []),
        ("breach", ["contract broken"]),
        ("passed", ["fault not refused"]),
        ("apart", ["differs from itself"]),
        ("held", ["labels do not matter"]),
        ("learned", []),
        ("drew none", []),
    ],
)
def test_both_judges_agree_on_controls_that_failed(tmp_path, case, kinds):
    """Whichever of them fails leaves no verdict; one false difference is chance."""
    root = planted(tmp_path / "project", case)
    project = read(Folder(root))
    assert not project.problems
    verdict = project.judgements["toy-claim"].verdict
    assert [each.kind for each in verdict.failing] == kinds
    record, store = second_judge.records(root)["toy-claim"], second_judge.Store(root)
    versions = [each.version for each in project.judgements["toy-claim"].settings]
    mine = store.fails_itself("coin", versions)
    mine |= store.learns_without_labels(record["protocol"], versions, verdict.alpha)
    assert mine == bool(kinds)
    state = second_judge.judge_protocol(
        record["protocol"],
        second_judge.resolutions(root, "coin"),
        store.values("coin", versions[0]),
        verdict.alpha,
        is_failing=mine,
    ).state
    assert state == verdict.state == ("invalid" if kinds else "reproduced")


def test_the_second_judge_comes_to_every_state_of_the_base(documents, store, failing):
    """Each claim with evidence has the same state over its settings, and no other claim has one."""
    records = second_judge.records(ROOT)
    theirs = {claim: document["state"] for claim, document in documents.items()}
    states = {
        claim: second_judge.state_over_settings(
            list(second_states(records[claim], document, store, is_failing=claim in failing))
        )
        for claim, document in documents.items()
    }
    mine = {claim: state for claim, state in states.items() if state}
    assert mine == {claim: state for claim, state in theirs.items() if state not in UNJUDGED}


def test_the_superseded_tests_of_every_claim_are_counted_alike(documents, store):
    """Version and digest of each, whoever counts."""
    records = second_judge.records(ROOT)
    for claim, document in documents.items():
        protocol = records[claim]["protocol"]
        versions = [setting["version"] for setting in document["settings"]]
        theirs = {(test["version"], test["predictions"]) for test in document["tests"]}
        assert theirs == (store.superseded(claim, protocol, versions) if versions else set()), claim


def test_every_test_with_evidence_is_judged_alike_by_todays_predictions(store):
    """Superseded ones too, so that there is something to compare while a new version has no evidence."""
    wrong, count = [], 0
    for claim, record in second_judge.records(ROOT).items():
        experiment = record["protocol"]["experiment"]
        for version in sorted({each.version for each in store.pieces if each.experiment == experiment}):
            wrong += [f"{claim}, {version[:12]}: {it}" for it in compared(record["protocol"], version, store)]
            count += 1
    assert count > 50
    assert not wrong, "\n".join(wrong)


def compared(protocol, version, store):
    """Yield how the two judges differ on the evidence of one version."""
    resolutions = second_judge.resolutions(ROOT, protocol["experiment"])
    values = store.values(protocol["experiment"], version)
    outcomes = {name: outcome_of(resolution) for name, resolution in resolutions.items()}
    theirs = judge(Protocol.model_validate_json(json.dumps(protocol)), outcomes, values)
    mine = second_judge.judge_protocol(protocol, resolutions, values, 0.05, first_look=FIRST_LOOK)
    yield from disagreements_of(mine, theirs)


def disagreements_of(mine, theirs):
    """Yield how two verdicts differ."""
    findings = zip((*mine.findings, *mine.controls), (*theirs.findings, *theirs.controls), strict=True)
    for one, other in findings:
        found = differences(one, other.estimate, other.trail, other.seeds, other.decision)
        yield from (f"{dict(one.part)}, must {one.must}: {difference}" for difference in found)
    if mine.state != theirs.state:
        yield f"verdict {mine.state}, program {theirs.state}"


def test_every_block_of_evidence_has_the_seeds_of_its_version(store):
    """They follow from the version at the end of its links, the replication and the number of the block."""
    wrong = [
        piece
        for piece in store.pieces
        if piece.seeds
        != second_judge.block_seeds(store.origin(piece.version), piece.replication, piece.block)
    ]
    assert not wrong


def shown(document):
    """Yield estimate, intervals, seeds and decision of each finding, as the program shows them."""
    for finding in document["findings"]:
        assert finding["interval"] == finding["trail"][-1] if finding["trail"] else True
        trail = [
            (-math.inf if lower is None else lower, math.inf if upper is None else upper)
            for lower, upper in finding["trail"]
        ]
        estimate = math.nan if finding["estimate"] is None else finding["estimate"]
        yield estimate, trail, finding["seeds"], finding["decision"]


def in_decades(mine, estimate, trail, seeds, decision):
    """Return a shown finding in the units in which it is judged: a ratio is shown as a factor."""
    if mine.part.get("units") != "ratio":
        return estimate, trail, seeds, decision

    def decades(factor):
        return math.log10(factor) if 0 < factor < math.inf else math.copysign(math.inf, factor - 1)

    return decades(estimate), [tuple(map(decades, ends)) for ends in trail], seeds, decision


def test_the_second_judge_comes_to_every_finding_of_the_base(documents, second_verdicts):
    """Estimate, interval, seeds and decision agree for each prediction and control of each claim."""
    wrong = []
    for claim, verdict in second_verdicts.items():
        if verdict is None:
            continue
        mine, theirs = (*verdict.findings, *verdict.controls), list(shown(documents[claim]))
        assert len(mine) == len(theirs), claim
        for one, other in zip(mine, theirs, strict=True):
            found = differences(one, *in_decades(one, *other))
            which = f"{claim}, {one.part['name']} of {second_judge.arms_of(one.part)}"
            wrong += [f"{which}: {difference}" for difference in found]
    assert not wrong, "\n".join(wrong)


def test_the_level_of_each_claim_follows_from_its_superseded_tests(documents, store):
    """Each superseded test halves it; where the program does not count tests yet, each declared revision."""
    protocols = {claim: record["protocol"] for claim, record in second_judge.records(ROOT).items()}
    judged = {claim: document for claim, document in documents.items() if document["verdict"]}
    theirs = {claim: document["verdict"]["alpha"] for claim, document in judged.items()}
    tests, revisions = {}, {}
    for claim, document in judged.items():
        versions = [setting["version"] for setting in document["settings"]]
        superseded = store.superseded(claim, protocols[claim], versions)
        tests[claim] = second_judge.level(len(superseded))
        revisions[claim] = second_judge.level(len(protocols[claim].get("revisions") or ()))
    assert theirs in (tests, revisions)


# Random cases


class Draw:
    """Random protocols and values, as one would and as one would not write them."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.resolution = float(self.pick((0.001, 0.01, 1.0)))
        self.n = int(self.pick((0, 4, 5, 9, 10, 12, 15, 20, 25, 30, 40, 40)))
        self.kind = self.pick(KINDS)
        self.scale = float(10.0 ** self.rng.integers(-2, 4))
        self.values = {arm: {"y": self.arm()} for arm in "abcd"}
        if self.chance(0.1):
            self.values["b"]["y"] = self.values["b"]["y"][: self.n // 2]
        if self.chance(0.03):
            del self.values["c"]

    def pick(self, options):
        """Return one of some options."""
        return options[int(self.rng.integers(len(options)))]

    def chance(self, share):
        """Say yes in a share of all cases."""
        return bool(self.rng.random() < share)

    def arm(self):
        """Return one arm's values."""
        rng, n = self.rng, self.n
        centre = self.pick((0.0, 0.5, 2.0, 10.0))
        if self.kind == "skewed":
            y = centre + np.exp(1.5 * rng.normal(size=n))
        elif self.kind == "tied":
            y = np.round(centre + rng.normal(size=n))
        elif self.kind == "constant":
            y = np.full(n, centre)
        else:
            y = centre + rng.normal(size=n) * self.pick((0.05, 1.0))
        if self.kind == "drifting":
            y = y + np.arange(n) // 5 * self.pick((0.3, 3.0))
        if self.kind == "jumping" and n:
            y[self.pick(range(0, n, 5)) :] += 8.0
        y = y * (1e298 if self.kind == "huge" else self.scale)
        share = self.pick((0.0, 0.0, 0.0, 0.05, 0.3, 1.0 if self.chance(0.2) else 0.0))
        bad = rng.choice([math.nan, math.inf, -math.inf, 1e301], size=n)
        return [float(value) for value in np.where(rng.random(n) < share, bad, y)]

    def bound(self, part):
        """Return a bound in the neighbourhood of the values, often one of them."""
        units = part["units"]
        arms = [self.values.get(arm, {"y": []})["y"] for arm in second_judge.arms_of(part)]
        seen = [y for y in second_judge.judged_values(part, arms) if not math.isnan(y)] or [0.0]
        spread = float(np.ptp(np.array(seen) / 1e10)) * 1e10 / 4 or self.resolution
        near = float(np.median(seen)) + 1.5 * spread * float(self.rng.normal())
        at = self.pick(seen) if self.chance(0.3) else near
        width = spread * float(self.rng.exponential()) + 1e-6 * (abs(at) or 1.0)
        if units == "ratio":
            at, width = 10.0 ** min(max(at, -200), 200), float(self.rng.exponential()) + 0.01
            between = (at / (1 + width), at * (1 + width))
        else:
            between = (at - width, at + width)
        return self.pick(
            ({"at_least": at}, {"at_most": at}, {"between": between}, {"equals": at, "within": width})
        )

    def part(self, name):
        """Return a prediction, or a control with a bound of its own."""
        estimands = ("mean", "mean", "median", "median", "win_rate", "success_rate")
        estimand = self.pick(estimands if FIRST_LOOK == 10 else ("mean", "mean", "win_rate", "success_rate"))
        two = self.chance(0.6)
        part = {"name": name, "says": "p", "outcome": "y", "because": "b", "estimand": estimand}
        part |= self.arms(two)
        part["units"] = self.pick(("linear", "linear", "log10"))
        if FIRST_LOOK == 10 and two and estimand in ("mean", "median") and self.chance(0.2):
            part["units"] = "ratio"
        if estimand == "success_rate":
            part["rate"] = float(self.pick((0.1, 0.5, 0.8)))
        part["on_nonfinite"] = self.pick(("worst", "worst", "best", 0.5))
        return part | self.bound(part)

    def arms(self, two, other_than=()):
        """Return one arm or two, not those of the prediction that a control is of."""
        chosen = tuple(str(arm) for arm in self.rng.permutation(list("abcd"))[: 1 + two])
        if set(chosen) == set(other_than):
            return self.arms(two, other_than)
        return {"contrast": chosen} if two else {"of": chosen[0]}

    def protocol(self):
        """Return predictions and controls."""
        predictions = tuple(self.part(f"p{i}") for i in range(self.pick((1, 1, 2, 3))))
        controls = tuple(self.control(i, predictions) for i in range(self.pick((0, 0, 1, 2))))
        return {"experiment": "e", "predictions": predictions, "controls": controls}

    def control(self, i, predictions):
        """Return a control of a prediction, or with a bound of its own."""
        must = {"must": self.pick(("fail", "hold"))} if FIRST_LOOK == 10 else {}
        if must and self.chance(0.5):
            return self.part(f"c{i}") | must
        named = self.pick(predictions)
        arms = self.arms("contrast" in named, second_judge.arms_of(named))
        return {"prediction": named["name"], "because": "b", **arms, **must}


def disagreements(seed):
    """Return how the two judges differ on a random case."""
    draw = Draw(seed)
    protocol, superseded = draw.protocol(), draw.pick((0, 0, 1, 3))
    arguments = (Protocol.model_validate(protocol), {"y": outcome_of(draw.resolution)}, draw.values)
    theirs = judge(*arguments, superseded=superseded)
    mine = second_judge.judge_protocol(
        protocol, {"y": draw.resolution}, draw.values, second_judge.level(superseded), first_look=FIRST_LOOK
    )
    return [f"{seed}, {draw.kind}: {difference}" for difference in disagreements_of(mine, theirs)]


@pytest.mark.parametrize("shard", range(SHARDS))
def test_both_judges_agree_on_random_protocols_and_values(shard):
    """On normal, skewed, tied, constant, drifting and huge values, diverged seeds among them."""
    wrong = [text for seed in range(shard, CASES, SHARDS) for text in disagreements(seed)]
    assert not wrong, "\n".join(wrong[:20])


# The second judge itself


def test_the_ends_of_an_interval_are_where_the_e_value_reaches_its_limit():
    """The t e-process of the values themselves, less the mean that is doubted, is 1 / alpha at both ends."""
    values = np.random.default_rng(1).normal(3, 2, size=10)
    part = {"name": "p", "outcome": "y", "of": "a", "at_least": 0.0}
    seen = second_judge.judge_part(part, {"a": {"y": values.tolist()}}, 1e-9, 0.05)

    def e_value(theta):
        n, v, s = len(values), ((values - theta) ** 2).sum(), (values - theta).sum()
        return math.sqrt(1 / (n + 1)) * ((n + 1) * v / ((n + 1) * v - s * s)) ** (n / 2)

    assert [e_value(end) for end in seen.interval] == pytest.approx([20, 20], rel=1e-9)


@pytest.mark.parametrize(
    ("decisions", "state"),
    [
        ((("reproduced",), ("fail", "reproduced"), ("hold", "inconclusive")), "invalid"),
        ((("inconclusive",), ("hold", "contradicted")), "invalid"),
        ((("reproduced", "inconclusive"),), "inconclusive"),
        ((("contradicted",), ("hold", "inconclusive")), "inconclusive"),
        ((("contradicted", "contradicted"), ("fail", "inconclusive")), "contradicted"),
        ((("reproduced", "contradicted"), ("fail", "inconclusive")), "inconclusive"),
        ((("reproduced", "contradicted"), ("fail", "contradicted")), "split"),
        ((("reproduced",), ("hold", "reproduced")), "reproduced"),
    ],
)
def test_the_verdict_of_a_setting_in_the_order_of_the_rule(decisions, state):
    """Wrong controls come first, then what is open, then what all predictions say."""
    (predicted, *controls) = decisions

    def finding(must, decision):
        return second_judge.Second({}, must, 10, 0.0, (), decision)

    findings = [finding(None, decision) for decision in predicted]
    assert second_judge._state(findings, list(starmap(finding, controls))) == state


def test_settings_that_came_out_otherwise_vary():
    """Settings without evidence do not count."""
    assert second_judge.state_over_settings(["split", None, "split"]) == "split"
    assert second_judge.state_over_settings(["split", "reproduced", None]) == "varies"
    assert second_judge.state_over_settings([None]) is None
