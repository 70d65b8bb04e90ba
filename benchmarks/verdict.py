"""How often the verdict rule errs: coverage of the intervals, operating points, and the time it takes.

Run: python benchmarks/verdict.py [--trials 20000]

Every trial looks after each block of five seeds up to 40, as the runner does, unless the heading says other.
Rates come with counts and 95 % Clopper-Pearson intervals. `tests/test_stats.py` holds this fast path
against `kb.judging.stats`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats as scipy_stats

from kb.evidence.seeds import BLOCK_SIZE, MAX_SEEDS
from kb.judging.stats import half_width, rate_interval
from kb.judging.verdict import judge
from kb.reading.experiment import Outcome
from kb.records.claims import Prediction, Protocol

Array = NDArray[np.float64]
LOOKS = tuple(range(BLOCK_SIZE, MAX_SEEDS + 1, BLOCK_SIZE))
EVERY_SEED = tuple(range(BLOCK_SIZE, MAX_SEEDS + 1))
SEED = 20171205
ALPHA = 0.05

DISTRIBUTIONS: dict[str, Callable[[np.random.Generator, tuple[int, int]], Array]] = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "uniform": lambda rng, shape: rng.uniform(-1, 1, size=shape),
    "t with 5 degrees": lambda rng, shape: rng.standard_t(5, size=shape),
    "exponential": lambda rng, shape: rng.exponential(size=shape) - 1,
    "lognormal": lambda rng, shape: rng.lognormal(size=shape) - np.exp(0.5),
    "bimodal 80/20": lambda rng, shape: (rng.random(shape) < 0.2) - 0.2 + 0.05 * rng.normal(size=shape),
}
"""Residuals with mean 0."""


class Ends(NamedTuple):
    """Lower and upper ends of the running intersection, each of shape (trials, looks); they may cross."""

    lower: Array
    upper: Array


class Decisions(NamedTuple):
    """Counts of trials by decision, and the mean number of seeds of a trial."""

    reproduced: int
    contradicted: int
    seeds: float


def running_ends(values: Array, *, alpha: float = ALPHA, looks: tuple[int, ...] = LOOKS) -> Ends:
    """Return the running intersection after each look for values of shape (trials, seeds)."""
    means = np.stack([values[:, :n].mean(1) for n in looks], 1)
    deviations = np.stack([values[:, :n].std(1, ddof=1) for n in looks], 1)
    half = deviations * np.array([half_width(n, alpha) for n in looks])
    return Ends(np.maximum.accumulate(means - half, 1), np.minimum.accumulate(means + half, 1))


def running_rate_ends(hits: NDArray[np.bool_], *, alpha: float = ALPHA) -> Ends:
    """Return the running intersection of rate intervals for hits of shape (trials, seeds)."""
    ends = [np.array([rate_interval(k, n, alpha) for k in range(n + 1)])[hits[:, :n].sum(1)] for n in LOOKS]
    lower, upper = (np.stack([end[:, side] for end in ends], 1) for side in (0, 1))
    return Ends(np.maximum.accumulate(lower, 1), np.minimum.accumulate(upper, 1))


def missed(ends: Ends, truth: float) -> NDArray[np.int64]:
    """Return, for each look, how many trials have excluded the truth by then."""
    return np.asarray(((ends.lower > truth) | (ends.upper < truth)).sum(0), dtype=np.int64)


def decisions(ends: Ends, bound: float, *, looks: tuple[int, ...] = LOOKS) -> Decisions:
    """Return how trials that stop at their first decision about `at_least bound` come out."""
    above, below = ends.lower > bound, ends.upper < bound
    decided = above | below
    first = np.where(decided.any(1), decided.argmax(1), len(looks) - 1)
    at_first = np.arange(len(first)), first
    return Decisions(
        int((above & ~below)[at_first].sum()),
        int((below & ~above)[at_first].sum()),
        float(np.array(looks)[first].mean()),
    )


def clopper_pearson(count: int, trials: int) -> tuple[float, float]:
    """Return the 95 % interval of a rate, in percent."""
    interval = scipy_stats.binomtest(count, trials).proportion_ci(0.95, "exact")
    return 100 * interval.low, 100 * interval.high


def percent(count: int, trials: int) -> str:
    """Return a rate with its interval and count."""
    low, high = clopper_pearson(count, trials)
    return f"{100 * count / trials:5.2f} [{low:5.2f}, {high:5.2f}] {count:>6}"


def print_coverage(trials: int) -> None:
    """Print how often the running intersection misses the mean by 5, 10, 20 and 40 seeds."""
    shown = (5, 10, 20, 40)
    print(f"Miscoverage in %, nominal {100 * ALPHA:g} over all looks together, {trials} trials a row")
    print(f"{'residuals':<18}" + "".join(f"{f'by n = {n}':>30}" for n in shown))
    for name, draw in DISTRIBUTIONS.items():
        rng = np.random.default_rng(SEED)
        counts = dict(zip(LOOKS, missed(running_ends(draw(rng, (trials, MAX_SEEDS))), 0.0), strict=True))
        print(f"{name:<18}" + "".join(f"{percent(int(counts[n]), trials):>30}" for n in shown))
    for rate in (0.5, 0.9):
        hits = np.random.default_rng(SEED).random((trials, MAX_SEEDS)) < rate
        counts = dict(zip(LOOKS, missed(running_rate_ends(hits), rate), strict=True))
        print(f"{f'rate {rate}':<18}" + "".join(f"{percent(int(counts[n]), trials):>30}" for n in shown))


def print_operating_points(trials: int) -> None:
    """Print decisions about `at_least m`, where m is one standard deviation, by true effect."""
    print(
        f"\nDecisions in %, at_least m, normal residuals, m = 1 s.d., stopped when decided, {trials} trials"
    )
    print(f"{'true effect':<18}{'reproduced':>30}{'contradicted':>30}{'mean seeds':>12}")
    for effect in (-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 4.0):
        values = np.random.default_rng(SEED).normal(effect, 1, (trials, MAX_SEEDS))
        counts = decisions(running_ends(values), 1.0)
        _print_decisions(f"{effect:g} m", counts, trials)
    print("\nThe same, looking after each seed from the fifth")
    for effect in (0.0, 1.0, 2.0):
        values = np.random.default_rng(SEED).normal(effect, 1, (trials, MAX_SEEDS))
        ends = running_ends(values, looks=EVERY_SEED)
        _print_decisions(f"{effect:g} m", decisions(ends, 1.0, looks=EVERY_SEED), trials)
    print("\nThe same for win_rate, looking after each block, by true share of wins")
    for rate in (0.1, 0.3, 0.5, 0.7, 0.9):
        hits = np.random.default_rng(SEED).random((trials, MAX_SEEDS)) < rate
        _print_decisions(f"{rate:g}", decisions(running_rate_ends(hits), 0.5), trials)


def _print_decisions(label: str, counts: Decisions, trials: int) -> None:
    held, failed = percent(counts.reproduced, trials), percent(counts.contradicted, trials)
    print(f"{label:<18}{held:>30}{failed:>30}{counts.seeds:>12.1f}")


def print_seconds(claims: int = 1000) -> None:
    """Print the time to judge claims of three predictions over 40 seeds, on one core."""
    bounds: tuple[dict[str, Any], ...] = (
        {"at_least": 1.0},
        {"between": (0.0, 4.0)},
        {"at_least": 1.0, "estimand": "win_rate"},
    )
    predictions = tuple(
        Prediction(name=f"p{i}", says="It is so", because="timing", outcome="x", contrast=("a", "b"), **bound)
        for i, bound in enumerate(bounds)
    )
    protocol = Protocol(experiment="timing", predictions=predictions)
    outcomes = {"x": Outcome("x", "units", "higher", 0.001)}
    rng = np.random.default_rng(SEED)
    cases = [
        {"a": {"x": rng.normal(2, 1, MAX_SEEDS).tolist()}, "b": {"x": rng.normal(0, 1, MAX_SEEDS).tolist()}}
        for _ in range(claims)
    ]
    started = time.process_time()
    for values in cases:
        judge(protocol, outcomes, values)
    milliseconds = 1000 * (time.process_time() - started) / claims
    print(f"\nJudging a claim of 3 predictions over 40 seeds: {milliseconds:.2f} ms CPU ({claims} claims)")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=20_000)
    options = parser.parse_args()
    print_coverage(options.trials)
    print_operating_points(options.trials)
    print_seconds()
