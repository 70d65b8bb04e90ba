"""Controls of every verdict, from the values that it rests on: arms swapped, no effect, an effect put in.

Each judges the values of a finding again after a change whose result is known. Without its effect, or with
the effect turned round, a prediction must not come out reproduced; an effect well beyond its bound must be
found. Nothing is measured for this.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf
from typing import Literal, NamedTuple

from kb.evidence.controls import FiledControls, Imitated, Tried
from kb.evidence.ledger import Ledger
from kb.evidence.seeds import derive_seed
from kb.judging.against_itself import Comparison, comparisons
from kb.judging.bounds import Decision
from kb.judging.details import Detail, FailedControl
from kb.judging.estimands import LEAST_SEEDS
from kb.judging.failing import failing, without_labels
from kb.judging.finding import Finding, Values, find
from kb.judging.judgement import Judgement
from kb.judging.labels import Relabelled, relabelled
from kb.judging.stats import is_finite, moments
from kb.judging.verdict import level_after
from kb.reading.base import Base
from kb.records.claims import Prediction

Change = Literal["arms swapped", "no effect", "labels of arms shuffled", "effect put in"]
INJECTED = 3.0
"""How far beyond its bound an effect is put, in standard deviations."""
Columns = dict[str, tuple[float, ...]]
"""For each arm one number per seed, of the outcome that is bounded."""


class Checked(NamedTuple):
    """A finding judged again after a change of its values.

    Attributes:
        decision: What came out.
        wanted: What had to come out; None if anything but `reproduced`.
        detail: Why it came out so.
    """

    claim_id: str
    setting: str
    prediction: str
    change: Change
    decision: Decision
    wanted: Decision | None
    detail: Detail

    @property
    def is_passed(self) -> bool:
        """Did it come out as it had to?"""
        return self.decision != "reproduced" if self.wanted is None else self.decision == self.wanted


def checks(base: Base, ledger: Ledger, judgements: Mapping[str, Judgement]) -> Iterator[Checked]:
    """Yield every control of every prediction that has a verdict.

    A contrast whose bound holds an effect of zero is not swapped, emptied or shuffled: that there is no
    effect is what it says. Where seeds are counted, a bound that begins or ends with zero holds it, too. A
    contrast that is contradicted is not swapped: it may hold the other way round. Into values that diverged
    no effect can be put.
    """
    for claim_id, protocol, script in base.protocols():
        for each in judgements[claim_id].judged:
            if each.verdict is None:
                continue
            values = ledger.values(script.name, each.version, protocol.arms, judgements[claim_id].replication)
            for finding in each.verdict.findings:
                for change, changed, wanted in _changed(finding, values, each.version):
                    again = find(finding.prediction, None, script.outcomes, changed, alpha=each.verdict.alpha)
                    name, (decision, detail) = finding.prediction.name, (again.decision, again.detail)
                    yield Checked(claim_id, each.name, name, change, decision, wanted, detail)


def _changed(
    finding: Finding, values: Values, version: str
) -> Iterator[tuple[Change, Values, Decision | None]]:
    prediction = finding.prediction
    columns = {
        arm: tuple(values.get(arm, {}).get(prediction.outcome, ()))[: finding.seeds] for arm in finding.arms
    }
    if finding.seeds < LEAST_SEEDS:
        return
    bound = finding.bound
    counts_nothing = prediction.estimand == "success_rate" and bound.lower <= 0 <= bound.upper
    if prediction.contrast and not (counts_nothing or bound.lower < 0 < bound.upper):
        if finding.decision != "contradicted":
            yield "arms swapped", _as_values(prediction, swapped(prediction.contrast, columns)), None
        yield "no effect", _as_values(prediction, emptied(prediction.contrast, columns)), None
        mixed = shuffled(prediction.contrast, columns, version)
        yield "labels of arms shuffled", _as_values(prediction, mixed), None
    if not finding.nonfinite and len({*finding.values}) > 1:
        has_two_ends = finding.bound.lower > -inf and finding.bound.upper < inf
        wanted: Decision = "contradicted" if has_two_ends else "reproduced"
        yield "effect put in", _as_values(prediction, injected(finding, columns)), wanted


def _as_values(prediction: Prediction, columns: Columns) -> Values:
    return {arm: {prediction.outcome: column} for arm, column in columns.items()}


def swapped(contrast: tuple[str, str], columns: Columns) -> Columns:
    """Return the values with each arm's under the name of the other."""
    first, second = contrast
    return {first: columns[second], second: columns[first]}


def emptied(contrast: tuple[str, str], columns: Columns) -> Columns:
    """Return one constant value for every seed of both arms: the outcome of the second arm's first seed."""
    second = columns[contrast[1]]
    value = next((each for each in second if is_finite(each)), 1.0)
    return dict.fromkeys(contrast, (value,) * len(second))


def shuffled(contrast: tuple[str, str], columns: Columns, version: str) -> Columns:
    """Return the values with the arms exchanged at half of the seeds, which a hash of the version draws."""
    first, second = (columns[arm] for arm in contrast)
    order = sorted(range(len(first)), key=lambda seed: derive_seed(version, seed, stream="explore"))
    exchanged = {*order[: len(first) // 2]}
    return {
        contrast[0]: _picked(first, second, exchanged),
        contrast[1]: _picked(second, first, exchanged),
    }


def _picked(own: Sequence[float], other: Sequence[float], exchanged: set[int]) -> tuple[float, ...]:
    pairs = enumerate(zip(own, other, strict=True))
    return tuple(b if seed in exchanged else a for seed, (a, b) in pairs)


def injected(finding: Finding, columns: Columns) -> Columns:
    """Return the values with the first arm moved, so that their mean lies 3 s.d. beyond the bound.

    A range with one end must then hold. Values that a range with two ends bounds are put above it, where it
    must fail. In decades moving multiplies.
    """
    _, mean, deviation = moments(finding.values)
    spread = INJECTED * max(deviation, finding.outcome.resolution)
    goal = finding.bound.lower + spread if finding.bound.upper == inf else finding.bound.upper + spread
    if finding.bound.lower == -inf:
        goal = finding.bound.upper - spread
    first = finding.arms[0]
    if finding.prediction.units == "linear":
        moved = tuple(value + (goal - mean) for value in columns[first])
    else:
        moved = tuple(value * 10 ** (goal - mean) for value in columns[first])
    return {**columns, first: moved}


class Summary(NamedTuple):
    """The controls of one experiment.

    Attributes:
        files: What was measured of today's versions for controls, the oldest first.
        tried: What came of trying each arm of each test version: the latest.
        imitated: What the trial said of imitated faults, by test version, arm and fault: the latest.
        compared: Every arm against itself, of any test version.
        checked: Every prediction that has a verdict, judged again with changed values.
        relabelled: Predictions judged with the labels of an arm shuffled, each with its claim.
        unlabelled: Arms that drew no labels when theirs were to be shuffled.
        failing: The stored controls that failed, and so leave no verdict.
    """

    experiment: str
    files: tuple[FiledControls, ...]
    tried: tuple[Tried, ...]
    imitated: tuple[Imitated, ...]
    compared: tuple[Comparison, ...]
    checked: tuple[Checked, ...]
    relabelled: tuple[tuple[str, Relabelled], ...] = ()
    unlabelled: tuple[str, ...] = ()
    failing: tuple[FailedControl, ...] = ()

    @property
    def false(self) -> int:
        """Return how many comparisons of an arm with itself found a difference."""
        return sum(each.is_false for each in self.compared)

    @property
    def is_failed(self) -> bool:
        """Did a control fail? A false difference fails none; more of them than chance explains do."""
        return bool(self.failing) or not all(each.is_passed for each in self.checked)


def summaries(base: Base, ledger: Ledger, judgements: Mapping[str, Judgement]) -> dict[str, Summary]:
    """Return the controls of every experiment by its name."""
    compared: dict[str, list[Comparison]] = defaultdict(list)
    checked: dict[str, list[Checked]] = defaultdict(list)
    for comparison in comparisons(base, ledger):
        compared[comparison.experiment].append(comparison)
    relearned: dict[str, list[tuple[str, Relabelled]]] = defaultdict(list)
    failed = {name: [*failing(base, ledger, script)] for name, script in base.scripts.items()}
    for claim_id, protocol, script in base.protocols():
        alpha = level_after(len(judgements[claim_id].tests))
        relearned[script.name] += [
            (claim_id, each) for each in relabelled(protocol, script, ledger, alpha=alpha)
        ]
        failed[script.name] += without_labels(protocol, script, ledger, alpha=alpha)
    serving = {claim_id: protocol.experiment for claim_id, protocol, _ in base.protocols()}
    for each in checks(base, ledger, judgements):
        checked[serving[each.claim_id]].append(each)
    found = {}
    for name, script in base.scripts.items():
        current = {ledger.origin(script.version_at(setting)) for setting in base.settings(name)}
        files = sorted(
            (filed for filed in ledger.controls if ledger.origin(filed.controls.version) in current),
            key=lambda filed: (filed.controls.started, filed.sha256),
        )
        tried = {(filed.controls.version, each.arm): each for filed in files for each in filed.controls.tried}
        imitated = {
            (filed.controls.version, each.arm, each.mutant): each
            for filed in files
            for each in filed.controls.imitated
        }
        found[name] = Summary(
            name,
            tuple(files),
            tuple(tried.values()),
            tuple(imitated.values()),
            tuple(compared[name]),
            tuple(checked[name]),
            tuple(relearned[name]),
            _unlabelled(files),
            tuple(dict.fromkeys(failed[name])),
        )
    return found


def _unlabelled(files: Iterable[FiledControls]) -> tuple[str, ...]:
    """Return the arms that drew no data with labels when their labels were to be shuffled."""
    every = [each for filed in files for each in filed.controls.shuffled]
    drew = {each.arm for each in every if each.data_sets}
    return tuple(sorted({each.arm for each in every} - drew))
