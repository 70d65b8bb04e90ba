"""A second judge: the rule of verdicts, written from its description and not from the program.

It shares nothing with the code that judges. Records are read with another YAML reader, scripts are read for
the resolutions of their outcomes, and the ends of intervals are found as roots of the e-processes themselves.
`tests/test_second_judge.py` holds the two judges against each other.
"""

from __future__ import annotations

import ast
import hashlib
import json
import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from scipy.optimize import brentq
from scipy.special import betaln
from scipy.stats import binom
from scipy.stats import f as f_distribution

Part = Mapping[str, Any]
"""A prediction or a control, as it stands in a record."""
Values = Mapping[str, Mapping[str, Sequence[float]]]
"""Values by arm and outcome, one per seed."""
Columns = dict[str, dict[str, list[float]]]
"""The same, read from evidence."""
Tests = set[tuple[str, str]]
"""Origins of versions, each with a digest of predictions and controls."""
Ends = tuple[float, float]
"""Both ends of an interval."""

BLOCK, FIRST_LOOK, LARGEST, BLOCKS_DIFFER = 5, 10, 1e300, 1e-4
LINE: Ends = (-math.inf, math.inf)
ON_VALUES = ("mean", "median")
TIGHT = {"xtol": 1e-300, "rtol": 1e-15, "maxiter": 500}


@dataclass(frozen=True)
class Second:
    """A prediction or a control, judged again.

    Attributes:
        part: With the bound and the arms that were judged.
        seeds: Seeds that all arms have in common.
        estimate: Mean, median or share; NaN where no seed gave a number.
        trail: The running intersection at each look; None where it is empty.
        decision: `reproduced`, `contradicted` or `inconclusive`.
        doubt: Why nothing was decided, where that is not the interval's doing.
    """

    part: Part
    must: str | None
    seeds: int
    estimate: float
    trail: tuple[Ends | None, ...]
    decision: str
    doubt: str = ""

    @property
    def interval(self) -> Ends | None:
        """Return the interval at the last look; None where it is empty."""
        whole = LINE if self.part.get("estimand", "mean") in ON_VALUES else (0.0, 1.0)
        return self.trail[-1] if self.trail else whole


# The e-processes and their roots


@cache
def half_width(n: int, alpha: float) -> float:
    """Return the half-width of the t interval in units of sqrt(SSE / n); infinite where it is the whole line.

    Source: the Gaussian mixture of Wang and Ramdas (arXiv:2310.03722), c = 1. Its e-value at a mean theta is
    `log E = log(k)/2 + n/2 log[(n + 1) V / ((n + 1) V - S^2)]`, `k = 1 / (n + 1)`, where S and V are the sum
    and the sum of squares of the values less theta. Location and scale do not change it: SSE is 1 here.
    """

    def excess(x: float) -> float:
        v, s_squared = 1 + x * x, n * x * x
        log_e = -math.log(n + 1) / 2 + n / 2 * math.log((n + 1) * v / ((n + 1) * v - s_squared))
        return log_e + math.log(alpha)

    return _root_above(excess)


def _root_above(excess: Callable[[float], float]) -> float:
    high = 1.0
    while excess(high) <= 0:
        high *= 2
        if high > 1e12:
            return math.inf
    return float(brentq(excess, 0.0, high, **TIGHT))


@cache
def share_interval(hits: int, n: int, alpha: float) -> Ends:
    """Return the shares that the uniform mixture of Bernoulli likelihoods does not exclude."""

    def excess(p: float) -> float:
        likelihood = (hits * math.log(p) if hits else 0) + ((n - hits) * math.log1p(-p) if hits < n else 0)
        return float(betaln(hits + 1, n - hits + 1)) - likelihood + math.log(alpha)

    best = hits / n
    lower = float(brentq(excess, 1e-300, best or 0.5, **TIGHT)) if hits else 0.0
    upper = 1 - float(brentq(lambda q: excess(1 - q), 1e-16, 1 - best, **TIGHT)) if hits < n else 1.0
    return lower, upper


@cache
def order_statistic(n: int, alpha: float) -> int:
    """Return the least number of values below a median that the sign e-process does not exclude."""
    return next(
        k for k in range(n // 2 + 1) if n * math.log(2) + float(betaln(k + 1, n - k + 1)) < -math.log(alpha)
    )


# Values and bounds


def goal_of(part: Part) -> Ends:
    """Return what a prediction bounds the judged values by; a ratio's bounds in decades."""
    is_ratio = part.get("units") == "ratio"
    if part.get("equals") is not None:
        x, r = part["equals"], part["within"]
        ends = (x / (1 + r), x * (1 + r)) if is_ratio else (x - r, x + r)
    elif part.get("between") is not None:
        ends = tuple(part["between"])
    else:
        ends = (part.get("at_least"), part.get("at_most"))
    lower, upper = (None if end is None else math.log10(end) if is_ratio else float(end) for end in ends)
    return (-math.inf if lower is None else lower, math.inf if upper is None else upper)


def arms_of(part: Part) -> tuple[str, ...]:
    """Return the one or two arms of a prediction or a control."""
    return tuple(part["contrast"]) if part.get("contrast") else (part["of"],)


def judged_values(part: Part, arms: Sequence[Sequence[float]]) -> list[float]:
    """Return one value per seed that all arms have, with NaN for every one that is not a usable number."""
    is_log = part.get("units", "linear") != "linear"

    def measured(y: float) -> float:
        return y if not is_log else math.log10(y) if 0 < y < math.inf else math.nan

    columns = [[measured(float(y)) for y in arm] for arm in arms]
    differences = columns[0] if len(columns) == 1 else [a - b for a, b in zip(*columns, strict=False)]
    return [y if math.isfinite(y) and abs(y) <= LARGEST else math.nan for y in differences]


def floor_of(part: Part, arms: Sequence[Sequence[float]], resolution: float) -> float:
    """Return the least standard deviation to believe in, in the units of the judged values."""
    if part.get("units", "linear") == "linear":
        return resolution
    n = min(map(len, arms))
    first = [y for arm in arms for y in arm[:n][:BLOCK] if 0 < y < math.inf]
    return math.log10(min(first) + resolution) - math.log10(min(first)) if first else resolution


# One prediction or control


class _Look:
    """Everything that the intervals of one prediction need."""

    def __init__(
        self, part: Part, must: str | None, arms: Sequence[Sequence[float]], resolution: float, alpha: float
    ):
        policy = part.get("on_nonfinite", "worst")
        self.policy = "best" if must == "fail" and policy == "worst" else policy
        self.goal, self.alpha = goal_of(part), alpha
        self.floor = floor_of(part, arms, resolution)
        values = judged_values(part, arms)
        if not isinstance(self.policy, str):
            values = [float(self.policy) if math.isnan(y) else y for y in values]
        self.values = values

    @property
    def finite(self) -> list[float]:
        return [y for y in self.values if not math.isnan(y)]

    def ends_for_diverged(self) -> Ends:
        """Return what a diverged seed counts as for the lower and for the upper end."""
        low, high = self.goal
        is_two_sided = math.isfinite(low) and math.isfinite(high)
        if self.policy == "worst":
            down, up = (-math.inf, math.inf)
            return (down, up) if is_two_sided else (up, up) if math.isfinite(high) else (down, down)
        if is_two_sided:
            return ((low + high) / 2,) * 2
        return (math.inf,) * 2 if math.isfinite(low) else (-math.inf,) * 2

    def mean(self, n: int) -> Ends:
        """Return the t interval of the finite ones among the first n values."""
        seen = [y for y in self.values[:n] if not math.isnan(y)]
        half = half_width(len(seen), self.alpha) if len(seen) > 1 else math.inf
        if math.isinf(half):
            return LINE
        centre, spread = _moments(seen)
        half *= max(spread, self.floor) * math.sqrt((len(seen) - 1) / len(seen))
        return centre - half, centre + half

    def opened(self, n: int, ends: Ends) -> Ends:
        """Return an interval of a mean as it is with diverged seeds: open on the side on which they count.

        The best that they can be for a goal with two ends is inside it, so the interval reaches the goal.
        """
        if not any(math.isnan(y) for y in self.values[:n]):
            return ends
        down, up = self.ends_for_diverged()
        if down == up and math.isfinite(down):
            return min(ends[0], self.goal[1]), max(ends[1], self.goal[0])
        return (-math.inf if down == -math.inf else ends[0], math.inf if up == math.inf else ends[1])

    def median(self, n: int) -> Ends:
        """Return the interval between order statistics of the first n values."""
        j = order_statistic(n, self.alpha)
        if j == 0:
            return LINE
        down, up = self.ends_for_diverged()
        low = sorted(down if math.isnan(y) else y for y in self.values[:n])
        high = sorted(up if math.isnan(y) else y for y in self.values[:n])
        return low[j - 1], high[n - j]

    def hits(self, n: int, *, ties: bool) -> int:
        """Return how many of the first n values meet the bound: a tie is a success, and no win."""
        low, high = self.goal
        seen = self.values[:n]
        diverged = sum(map(math.isnan, seen)) if self.policy == "best" else 0
        return diverged + sum(low <= y <= high if ties else low < y < high for y in seen)

    def blocks_differ(self) -> bool:
        """Say whether the means of complete, finite blocks differ more than the seeds within them explain."""
        blocks = [self.values[i : i + BLOCK] for i in range(0, len(self.values) - BLOCK + 1, BLOCK)]
        blocks = [block for block in blocks if not any(map(math.isnan, block))]
        count = len(blocks)
        if count < 2:
            return False
        scale = _power_of_two([self.floor, *(y for block in blocks for y in block)])
        scaled = [[y / scale for y in block] for block in blocks]
        means = [math.fsum(block) / BLOCK for block in scaled]
        grand = math.fsum(means) / count
        between = BLOCK * math.fsum((mean - grand) ** 2 for mean in means) / (count - 1)
        within = math.fsum((y - mean) ** 2 for block, mean in zip(scaled, means, strict=True) for y in block)
        noise = max(within / (count * (BLOCK - 1)), (self.floor / scale) ** 2)
        if noise == 0:
            return between > 0
        return float(f_distribution.sf(between / noise, count - 1, count * (BLOCK - 1))) < BLOCKS_DIFFER


def _power_of_two(values: Sequence[float]) -> float:
    """Return a number of the size of the largest value by which one may divide without rounding."""
    return math.ldexp(1.0, math.frexp(max(map(abs, values)))[1])


def _moments(values: Sequence[float]) -> Ends:
    """Return mean and standard deviation, without overflow."""
    scale = _power_of_two(values)
    scaled = [y / scale for y in values]
    mean = math.fsum(scaled) / len(scaled)
    sse = math.fsum((y - mean) ** 2 for y in scaled)
    return mean * scale, math.sqrt(sse / (len(scaled) - 1)) * scale


def _median(values: Sequence[float]) -> float:
    ordered, middle = sorted(values), len(values) // 2
    return ordered[middle] if len(values) % 2 else ordered[middle - 1] / 2 + ordered[middle] / 2


def looks(n: int, first_look: int) -> list[int]:
    """Return the numbers of seeds at which there is an interval: every block's end, and the last seed."""
    ends = list(range(first_look, n + 1, BLOCK))
    return [*ends, n] if n > first_look and n % BLOCK else ends


def judge_part(
    part: Part,
    values: Values,
    resolution: float,
    alpha: float,
    *,
    must: str | None = None,
    first_look: int = FIRST_LOOK,
) -> Second:
    """Return what becomes of a prediction, or of a control's bound.

    Args:
        part: With bound and arms.
        values: An arm that is missing has no seeds.
        resolution: Of the outcome.
        alpha: Error probability of the interval.
        must: `fail` or `hold` of a control; None of a prediction.
        first_look: Seeds at the first interval; before it was 10 it was 5, and no block was doubted.
    """
    arms = [list(values.get(arm, {}).get(part["outcome"], ())) for arm in arms_of(part)]
    look = _Look(part, must, arms, resolution, alpha)
    n, estimand = len(look.values), part.get("estimand", "mean")
    is_share = estimand not in ON_VALUES
    trail = tuple(_trail(look, estimand, n, first_look))
    if is_share:
        estimate = look.hits(n, ties=estimand == "success_rate") / n if n else math.nan
        share = part["rate"] if estimand == "success_rate" else 0.5
        low, high = share, math.inf
    else:
        low, high = look.goal
        centre = _median if estimand == "median" else lambda seen: _moments(seen)[0] if seen[1:] else seen[0]
        estimate = centre(look.finite) if look.finite else math.nan

    def decided(decision: str, doubt: str = "") -> Second:
        return Second(part, must, n, estimate, trail, decision, doubt)

    if n < first_look:
        return decided("inconclusive", "too few seeds")
    if not is_share and not look.finite:
        return decided("contradicted" if look.policy == "worst" else "inconclusive", "every seed diverged")
    interval = trail[-1]
    if interval is None:
        return decided("inconclusive", "the blocks contradict each other")
    if not is_share and first_look == FIRST_LOOK:
        if not interval[0] <= estimate <= interval[1]:
            return decided("inconclusive", "the estimate lies outside its own interval")
        if look.blocks_differ():
            return decided("inconclusive", "the blocks differ more than their seeds do")
    if (math.isinf(low) or interval[0] > low) and (math.isinf(high) or interval[1] < high):
        return decided("reproduced")
    return decided("contradicted" if interval[1] < low or interval[0] > high else "inconclusive")


def _trail(look: _Look, estimand: str, n: int, first_look: int) -> Iterator[Ends | None]:
    low, high = LINE if estimand in ON_VALUES else (0.0, 1.0)
    for seen in looks(n, first_look):
        if estimand == "mean":
            ends = look.mean(seen)
        elif estimand == "median":
            ends = look.median(seen)
        else:
            hits = look.hits(seen, ties=estimand == "success_rate")
            ends = share_interval(hits, seen, look.alpha)
        low, high = max(low, ends[0]), min(high, ends[1])
        if low > high:
            yield None
        else:
            yield look.opened(seen, (low, high)) if estimand == "mean" else (low, high)


# A whole protocol


@dataclass(frozen=True)
class SecondVerdict:
    """The verdict of one setting, with the findings that it follows from."""

    state: str
    findings: tuple[Second, ...]
    controls: tuple[Second, ...]


def controlled(control: Part, predictions: Sequence[Part]) -> Part:
    """Return the bound that a control applies, in the control's arms."""
    named = control.get("prediction")
    if named is None:
        return control
    whole = next(each for each in predictions if each["name"] == named)
    bound = {key: value for key, value in whole.items() if key not in ("of", "contrast")}
    return bound | {key: control[key] for key in ("of", "contrast") if control.get(key)}


def judge_protocol(
    protocol: Mapping[str, Any],
    resolutions: Mapping[str, float],
    values: Values,
    alpha: float,
    *,
    first_look: int = FIRST_LOOK,
    is_failing: bool = False,
) -> SecondVerdict:
    """Return the verdict of one setting.

    Args:
        protocol: As it stands in a record.
        resolutions: By outcome.
        values: Of the setting's version.
        alpha: Error probability of each interval.
        first_look: Seeds at the first interval.
        is_failing: Did a stored control of the experiment itself fail?
    """

    def judged(part: Part, must: str | None) -> Second:
        return judge_part(part, values, resolutions[part["outcome"]], alpha, must=must, first_look=first_look)

    predictions = protocol["predictions"]
    findings = tuple(judged(part, None) for part in predictions)
    controls = tuple(
        judged(controlled(each, predictions), each.get("must", "fail"))
        for each in protocol.get("controls") or ()
    )
    state = "invalid" if is_failing else _state(findings, controls)
    return SecondVerdict(state, findings, controls)


def _state(findings: Sequence[Second], controls: Sequence[Second]) -> str:
    came_out = [finding.decision for finding in findings]
    wrong = {"fail": "reproduced", "hold": "contradicted"}
    if any(control.must and control.decision == wrong[control.must] for control in controls):
        return "invalid"
    undecided = {control.must for control in controls if control.decision == "inconclusive"}
    if "inconclusive" in came_out or "hold" in undecided:
        return "inconclusive"
    if "reproduced" not in came_out:
        return "contradicted"
    if "fail" in undecided:
        return "inconclusive"
    return "split" if "contradicted" in came_out else "reproduced"


# Controls of an experiment itself


def is_beyond_chance(false: int, total: int) -> bool:
    """Say whether comparisons without any effect were decided more often than the rule allows itself.

    So many of so many independent ones would happen with a probability below 0.001 at a rate of 5 %.
    """
    return total > 0 and float(binom.sf(false - 1, total, 0.05)) < 1e-3


def false_differences(values: Columns, resolutions: Mapping[str, float]) -> tuple[int, int]:
    """Return how often halves of an arm's seeds differ, and how many were compared.

    Halves are whole blocks. Compared is what has ten pairs, is finite, and is not the same for every seed.
    """
    found = []
    for columns in values.values():
        for outcome, column in columns.items():
            half = BLOCK * (len(column) // (2 * BLOCK))
            is_usable = half >= FIRST_LOOK and len(set(column)) > 1 and outcome in resolutions
            if is_usable and all(abs(y) <= LARGEST for y in column):
                part = {"outcome": outcome, "contrast": ("a", "b"), "at_least": 0.0}
                halves = {"a": {outcome: column[:half]}, "b": {outcome: column[half : 2 * half]}}
                found.append(judge_part(part, halves, resolutions[outcome], 0.05).decision != "inconclusive")
    return sum(found), len(found)


def arm_that_learns(part: Part, better: Mapping[str, str]) -> str | None:
    """Return the arm that a prediction says does well: the one on the better side of its bound.

    Args:
        part: A prediction.
        better: Which way each outcome is better; those that are the same for any labels are left out.
    """
    arms, low, high = arms_of(part), *map(math.isfinite, goal_of(part))
    side = better.get(part["outcome"], "neither")
    if side == "neither":
        return None
    if low and high:
        return arms[0] if len(arms) == 2 else None
    if (side == "higher" and low) or (side == "lower" and high):
        return arms[0]
    return arms[1] if len(arms) == 2 else None


def state_over_settings(states: Sequence[str | None]) -> str | None:
    """Return what settings come to together; None is a setting without evidence, which does not count."""
    seen = {state for state in states if state is not None}
    return "varies" if len(seen) > 1 else next(iter(seen), None)


def replication_agrees(first: SecondVerdict, again: SecondVerdict) -> bool:
    """Say whether a replication came to the verdict of the seeds that count."""
    return first.state == again.state


# Records, scripts and evidence


def records(root: Path) -> dict[str, dict[str, Any]]:
    """Return every claim that has a protocol, by id."""
    reader = YAML(typ="safe", pure=True)
    texts = {path.stem: path.read_text("utf-8") for path in sorted((root / "claims").glob("*/*.yaml"))}
    found = {claim: reader.load(text) for claim, text in texts.items() if "\nprotocol:" in text}
    return {claim: record for claim, record in found.items() if record.get("protocol")}


def resolutions(root: Path, experiment: str) -> dict[str, float]:
    """Return the resolution of each outcome, read from the script's text."""
    assigned = _assigned(root, experiment)
    declared = assigned["OUTCOMES"]
    assert isinstance(declared, ast.Dict)
    found = {}
    for key, value in zip(declared.keys, declared.values, strict=True):
        number = _resolution(value, assigned)
        if number is not None:
            found[ast.literal_eval(key)] = number
    return found


def better_sides(root: Path, experiment: str) -> dict[str, str]:
    """Return which way each outcome is better, without those that the script says labels do not change."""
    assigned = _assigned(root, experiment)
    exempt = ast.literal_eval(assigned.get("SAME_FOR_ANY_LABELS", ast.Dict([], [])))
    declared = assigned["OUTCOMES"]
    assert isinstance(declared, ast.Dict)
    found = {}
    for key, value in zip(declared.keys, declared.values, strict=True):
        assert isinstance(value, ast.Call)
        words = {word.arg: word.value for word in value.keywords}
        side = words.get("better", value.args[2] if len(value.args) > 2 else None)
        name = ast.literal_eval(key)
        if side is not None and name not in exempt:
            found[name] = ast.literal_eval(side)
    return found


def arms_of_script(root: Path, experiment: str) -> set[str]:
    """Return the names of the arms that a script has, read from its text."""
    declared = _assigned(root, experiment)["ARMS"]
    assert isinstance(declared, ast.Dict)
    return {ast.literal_eval(key) for key in declared.keys if key is not None}


def _assigned(root: Path, experiment: str) -> dict[str, ast.expr]:
    tree = ast.parse((root / "repro" / "experiments" / f"{experiment}.py").read_text("utf-8"))
    return {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _resolution(value: ast.expr, assigned: Mapping[str, ast.expr]) -> float | None:
    if isinstance(value, ast.Call):
        named = {word.arg: word.value for word in value.keywords}
        number = named.get("resolution", value.args[3] if len(value.args) > 3 else None)
        if isinstance(number, ast.Name):
            number = assigned[number.id]
        is_curve = isinstance(value.func, ast.Name) and value.func.id == "Curve"
        return None if number is None or is_curve else float(ast.literal_eval(number))
    stated = re.search(r"resolution (\S+)", ast.literal_eval(value))
    return float(stated[1]) if stated else None


@dataclass(frozen=True)
class Piece:
    """One block of evidence."""

    experiment: str
    version: str
    seeds_from: str
    arm: str
    block: int
    replication: int
    started: str
    seeds: list[int]
    values: dict[str, list[float]]
    predictions: dict[str, str]


class Store:
    """All evidence of a project, with the links that join versions that compute the same."""

    def __init__(self, root: Path):
        """Read every file below `repro/evidence`, each of which must have the hash that it states."""
        self.root = root
        self.pieces: list[Piece] = []
        self.same_as: dict[str, str] = {}
        self.controls: list[dict[str, Any]] = []
        for path in sorted((root / "repro" / "evidence").rglob("*.json")):
            content = json.loads(path.read_text("ascii"))
            record = content["record"]
            text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
            assert hashlib.sha256(text.encode()).hexdigest() == content["sha256"], path
            assert content["sha256"][:16] in path.name, path
            if path.name.startswith("same-as-"):
                self.same_as[record["version"]] = record["same_as"]
            elif path.name.startswith("controls-of-"):
                self.controls.append(record)
            else:
                self.pieces.append(_piece(record))
        self.pieces = [each for each in self.pieces if self.is_same(each.version, each.seeds_from)]

    def origin(self, version: str) -> str:
        """Return the version at the end of a chain of links."""
        while version in self.same_as:
            version = self.same_as[version]
        return version

    def is_same(self, version: str, other: str) -> bool:
        """Say whether two versions compute the same, as far as links say."""
        return self.origin(version) == self.origin(other)

    def values(self, experiment: str, version: str, replication: int = 0) -> Columns:
        """Return the values of a version and of all that compute the same, each arm up to its first gap.

        Of two pieces for one block, the one that was started first is taken to have been there first.
        """
        first: dict[tuple[str, int], Piece] = {}
        for piece in sorted(self.pieces, key=lambda piece: piece.started, reverse=True):
            is_asked = (piece.experiment, piece.replication) == (experiment, replication)
            if is_asked and self.is_same(piece.version, version):
                first[piece.arm, piece.block] = piece
        found: Columns = {}
        for arm in {arm for arm, _ in first}:
            columns: defaultdict[str, list[float]] = defaultdict(list)
            block = 0
            while piece := first.get((arm, block)):
                for outcome, column in piece.values.items():
                    columns[outcome].extend(column)
                block += 1
            found[arm] = dict(columns)
        return found

    def controls_of(self, experiment: str, versions: Sequence[str]) -> list[dict[str, Any]]:
        """Return the controls of an experiment at some versions, and at those that compute the same."""
        origins = {self.origin(version) for version in versions}
        mine = [each for each in self.controls if each["experiment"] == experiment]
        return sorted(
            (each for each in mine if self.origin(each["version"]) in origins),
            key=lambda each: each["started"],
        )

    def fails_itself(self, experiment: str, versions: Sequence[str]) -> bool:
        """Say whether a stored control of an experiment failed, whatever claim it serves.

        Args:
            experiment: Its name.
            versions: Today's, at every setting of every claim on it.
        """
        records = self.controls_of(experiment, versions)
        if not records:
            return False
        broken = any(each["breach"] for record in records for each in record["tried"])
        passed = any(not each["refusal"] for record in records for each in record["imitated"])
        limits = resolutions(self.root, experiment)
        counts = [
            false_differences(self.values(experiment, version, number), limits)
            for version in {self.origin(version) for version in versions}
            for number in {0, *self.replications(experiment, version)}
        ]
        for version in {record["version"] for record in records}:
            blocks = [each for r in records if r["version"] == version for each in r["blocks"]]
            counts += [
                false_differences(
                    _columns([each for each in blocks if each["replication"] == number]), limits
                )
                for number in {each["replication"] for each in blocks}
            ]
        return broken or passed or is_beyond_chance(*map(sum, zip(*counts, strict=True)))

    def learns_without_labels(
        self, protocol: Mapping[str, Any], versions: Sequence[str], alpha: float
    ) -> bool:
        """Say whether a prediction of a claim holds with the labels of the arm shuffled that must do well.

        Args:
            protocol: Of the claim.
            versions: Today's, at each of its settings.
            alpha: Error probability of an interval.
        """
        experiment = protocol["experiment"]
        records = self.controls_of(experiment, versions)
        better, limits = better_sides(self.root, experiment), resolutions(self.root, experiment)
        for version in {record["version"] for record in records}:
            mine = [record for record in records if record["version"] == version]
            right = _columns(_of_set([each for r in mine for each in r["blocks"]], 1))
            again = [each for r in mine for each in r.get("shuffled", ()) if each["data_sets"]]
            mixed = _columns(again)
            for part in protocol["predictions"]:
                arm = arm_that_learns(part, better)
                if arm in mixed:
                    values = {**right, arm: mixed[arm]}
                    if judge_part(part, values, limits[part["outcome"]], alpha).decision == "reproduced":
                        return True
        return False

    def replications(self, experiment: str, version: str) -> set[int]:
        """Return the replications of a version of which there is evidence."""
        same = [piece for piece in self.pieces if piece.experiment == experiment and piece.replication]
        return {piece.replication for piece in same if self.is_same(piece.version, version)}

    def superseded(self, claim: str, protocol: Mapping[str, Any], versions: Sequence[str]) -> Tests:
        """Return the tests of a claim that have evidence and are none of today's.

        Evidence that counts today and does not name the claim was there before its predictions. What names
        the claim is of a test of it, unless it is of an arm of today's script that another claim judges.

        Args:
            claim: Id of the claim.
            protocol: Of its record.
            versions: Today's version of each setting.
        """
        parts = [*protocol["predictions"], *(protocol.get("controls") or ())]
        arms = {arm for part in parts for arm in arms_of(part)}
        current = {self.origin(version) for version in versions}
        others = arms_of_script(self.root, protocol["experiment"]) - arms
        tests = set()
        for piece in self.pieces:
            is_here, is_named = piece.experiment == protocol["experiment"], claim in piece.predictions
            is_own = is_here and piece.arm in arms and (is_named or self.origin(piece.version) in current)
            is_lost = is_named and not (is_here and piece.arm in others)
            if piece.replication == 0 and (is_own or is_lost):
                tests.add((self.origin(piece.version), piece.predictions.get(claim, "")))
        today = digest(protocol)
        return tests - {(self.origin(version), today) for version in versions}


def _of_set(blocks: Sequence[Mapping[str, Any]], number: int) -> list[Mapping[str, Any]]:
    return [each for each in blocks if each["replication"] == number]


def _columns(blocks: Sequence[Mapping[str, Any]]) -> Columns:
    """Return the values of control blocks by arm and outcome, up to each arm's first gap."""
    by_arm: defaultdict[str, dict[int, Mapping[str, Any]]] = defaultdict(dict)
    for each in blocks:
        by_arm[each["arm"]].setdefault(each["block"], each["values"])
    found: Columns = {}
    for arm, values in by_arm.items():
        columns: defaultdict[str, list[float]] = defaultdict(list)
        number = 0
        while number in values:
            for outcome, column in values[number].items():
                columns[outcome].extend(map(_number, column))
            number += 1
        found[arm] = dict(columns)
    return found


def block_seeds(version: str, replication: int, block: int) -> list[int]:
    """Return the seeds that a block must have, given the version at the end of its links."""
    texts = [f"{version}|{replication}|{BLOCK * block + i}" for i in range(BLOCK)]
    return [int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") for text in texts]


def level(superseded: int) -> float:
    """Return the error probability of each interval of a claim with so many superseded tests."""
    return 0.05 / 2**superseded


def _piece(record: Mapping[str, Any]) -> Piece:
    version = record["version"] if "version" in record else record["protocol"]
    return Piece(
        experiment=record["experiment"],
        version=version,
        seeds_from=record.get("seeds_from") or version,
        arm=record["arm"],
        block=record["block"],
        replication=record["replication"],
        started=record["started"],
        seeds=record["seeds"],
        values={outcome: [_number(y) for y in column] for outcome, column in record["values"].items()},
        predictions=dict(record["predictions"]),
    )


def _number(value: Any) -> float:
    return float(value["nonfinite"]) if isinstance(value, dict) else float(value)


USUAL = {"units": "linear", "estimand": "mean", "on_nonfinite": "worst", "must": "fail"}
NUMBERS = ("rate", "at_least", "at_most", "equals", "within", "on_nonfinite")


def digest(protocol: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what decides in predictions and controls, as evidence carries it.

    Left out are prose and what has its default; `units` goes by its former name, `scale`.
    """

    def plain(name: str, value: Any) -> Any:
        if name == "between":
            return [float(end) for end in value]
        return float(value) if name in NUMBERS and not isinstance(value, str) else value

    def deciding(part: Part) -> dict[str, Any]:
        kept = {name: value for name, value in part.items() if value is not None and USUAL.get(name) != value}
        return {
            "scale" if name == "units" else name: plain(name, value)
            for name, value in kept.items()
            if name not in ("says", "because")
        }

    content = [[deciding(part) for part in protocol.get(key) or ()] for key in ("predictions", "controls")]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
