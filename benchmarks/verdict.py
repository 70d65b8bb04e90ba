"""How often the verdict rule errs: false decisions at the bound, coverage, operating points, seconds.

Run: python benchmarks/verdict.py [--trials 20000] [--keep | --kept]

Every trial looks after each block of five seeds from the tenth to the fortieth. What is counted as a decision
is looked for where the runner does, at 10, 15, 20, 30 and 40 seeds, and ends the trial. Rates have counts
and 95 % Clopper-Pearson intervals. `tests/test_stats.py` holds this fast path against `kb.judging.stats`.
`--keep` puts the tables of false decisions into verdict.json and on the page of the method.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats as scipy_stats
from workloads.tables import aligned, put

from kb.evidence.seeds import BLOCK_SIZE
from kb.judging.estimands import CHANCE_OF_BLOCKS, LEAST_SEEDS
from kb.judging.stats import half_width, is_finite, log_e_rate, rate_interval
from kb.judging.verdict import judge
from kb.project import read as read_project
from kb.reading.experiment import Outcome
from kb.reading.tree import Folder
from kb.records.claims import Prediction, Protocol
from kb.records.protocol import USUAL_SEEDS

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
LOOKS = tuple(range(LEAST_SEEDS, USUAL_SEEDS + 1, BLOCK_SIZE))
STOPS = (10, 15, 20, 30, 40)
"""Seeds at which the runner asks whether a claim is decided."""
EVERY_SEED = tuple(range(LEAST_SEEDS, USUAL_SEEDS + 1))
SEED = 20171205
ALPHA = 0.05
VERSIONS = (1, 4, 10, 20)
ESTIMANDS = ("mean", "median", "win rate")
ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "benchmarks" / "verdict.json"
PAGE = ROOT / "site" / "docs" / "method.md"

DISTRIBUTIONS: dict[str, Callable[[np.random.Generator, tuple[int, int]], Array]] = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "uniform": lambda rng, shape: rng.uniform(-1, 1, size=shape),
    "t with 3 degrees": lambda rng, shape: rng.standard_t(3, size=shape),
    "t with 5 degrees": lambda rng, shape: rng.standard_t(5, size=shape),
    "exponential": lambda rng, shape: rng.exponential(size=shape) - 1,
    "lognormal": lambda rng, shape: rng.lognormal(size=shape) - np.exp(0.5),
    "bimodal 80/20": lambda rng, shape: (rng.random(shape) < 0.2) - 0.2 + 0.05 * rng.normal(size=shape),
}
"""Residuals with mean 0; those with a tail have it above."""
MEDIANS: dict[str, float] = {
    "exponential": float(np.log(2) - 1),
    "lognormal": float(1 - np.exp(0.5)),
    "bimodal 80/20": float(-0.2 + 0.05 * scipy_stats.norm.ppf(0.5 / 0.8)),
}
"""Medians of those residuals where they are not 0 (of the last one but for a share of 1e-40)."""


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
    """Print how often the running intersection misses the mean by 10, 15, 20 and 40 seeds."""
    shown = (10, 15, 20, 40)
    print(f"Miscoverage in %, nominal {100 * ALPHA:g} over all looks together, {trials} trials a row")
    print(f"{'residuals':<18}" + "".join(f"{f'by n = {n}':>30}" for n in shown))
    for name, draw in DISTRIBUTIONS.items():
        rng = np.random.default_rng(SEED)
        counts = dict(zip(LOOKS, missed(running_ends(draw(rng, (trials, USUAL_SEEDS))), 0.0), strict=True))
        print(f"{name:<18}" + "".join(f"{percent(int(counts[n]), trials):>30}" for n in shown))
    for rate in (0.5, 0.9):
        hits = np.random.default_rng(SEED).random((trials, USUAL_SEEDS)) < rate
        counts = dict(zip(LOOKS, missed(running_rate_ends(hits), rate), strict=True))
        print(f"{f'rate {rate}':<18}" + "".join(f"{percent(int(counts[n]), trials):>30}" for n in shown))


def print_operating_points(trials: int) -> None:
    """Print decisions about `at_least m`, where m is one standard deviation, by true effect."""
    print(
        f"\nDecisions in %, at_least m, normal residuals, m = 1 s.d., stopped when decided, {trials} trials"
    )
    print(f"{'true effect':<18}{'reproduced':>30}{'contradicted':>30}{'mean seeds':>12}")
    for effect in (-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 4.0):
        values = np.random.default_rng(SEED).normal(effect, 1, (trials, USUAL_SEEDS))
        counts = decisions(running_ends(values), 1.0)
        _print_decisions(f"{effect:g} m", counts, trials)
    print("\nThe same, looking after each seed from the tenth")
    for effect in (0.0, 1.0, 2.0):
        values = np.random.default_rng(SEED).normal(effect, 1, (trials, USUAL_SEEDS))
        ends = running_ends(values, looks=EVERY_SEED)
        _print_decisions(f"{effect:g} m", decisions(ends, 1.0, looks=EVERY_SEED), trials)
    print("\nThe same for win_rate, looking after each block, by true share of wins")
    for rate in (0.1, 0.3, 0.5, 0.7, 0.9):
        hits = np.random.default_rng(SEED).random((trials, USUAL_SEEDS)) < rate
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
    outcomes = {"x": Outcome("x", "x", "units", "higher", 0.001)}
    rng = np.random.default_rng(SEED)
    cases = [
        {
            "a": {"x": rng.normal(2, 1, USUAL_SEEDS).tolist()},
            "b": {"x": rng.normal(0, 1, USUAL_SEEDS).tolist()},
        }
        for _ in range(claims)
    ]
    started = time.process_time()
    for values in cases:
        judge(protocol, outcomes, values)
    milliseconds = 1000 * (time.process_time() - started) / claims
    print(f"\nJudging a claim of 3 predictions over 40 seeds: {milliseconds:.2f} ms CPU ({claims} claims)")


class Table(NamedTuple):
    """A table with its heading in words."""

    title: str
    head: list[str]
    rows: list[list[str]]


def median_ends(values: Array, *, alpha: float = ALPHA) -> Ends:
    """Return the running intersection of median intervals for values of shape (trials, seeds)."""
    found = []
    for n in LOOKS:
        limit = -np.log(alpha)
        rank = next((k for k in range(n // 2 + 1) if log_e_rate(k, n, 0.5) < limit), n // 2)
        ranked = np.sort(values[:, :n], 1)
        whole = np.full(len(values), np.inf)
        found.append((ranked[:, rank - 1], ranked[:, n - rank]) if rank else (-whole, whole))
    lower, upper = (np.stack([ends[side] for ends in found], 1) for side in (0, 1))
    return Ends(np.maximum.accumulate(lower, 1), np.minimum.accumulate(upper, 1))


def doubted(values: Array, ends: Ends, *, is_median: bool) -> Flags:
    """Say, for each trial and look, whether signs that seeds are not alike forbid a decision."""
    found = []
    for column, n in enumerate(LOOKS):
        seen = values[:, :n]
        estimate = np.median(seen, 1) if is_median else seen.mean(1)
        is_outside = (estimate < ends.lower[:, column]) | (estimate > ends.upper[:, column])
        blocks = seen.reshape(len(values), -1, BLOCK_SIZE)
        between = BLOCK_SIZE * blocks.mean(2).var(1, ddof=1)
        within = blocks.var(2, ddof=1).mean(1)
        count = blocks.shape[1]
        most = scipy_stats.f.isf(CHANCE_OF_BLOCKS, count - 1, count * (BLOCK_SIZE - 1))
        found.append(is_outside | (between > most * within))
    return np.stack(found, 1)


def states(values: Array, bound: float, estimand: str, *, alpha: float = ALPHA) -> NDArray[np.int8]:
    """Return, for each trial and stop of the runner, 1 where `at_least bound` holds, -1 where not, else 0."""
    if estimand == "win rate":
        ends, bound = running_rate_ends(values > bound, alpha=alpha), 0.5
        doubts: Flags = ends.lower > ends.upper
    else:
        is_median = estimand == "median"
        ends = median_ends(values, alpha=alpha) if is_median else running_ends(values, alpha=alpha)
        doubts = doubted(values, ends, is_median=is_median)
    sides = (ends.lower > bound).astype(np.int8) - (ends.upper < bound).astype(np.int8)
    return np.where(doubts, np.int8(0), sides)[:, [LOOKS.index(stop) for stop in STOPS]]


def first_of(decided: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return each trial's first decision, 0 where it has none."""
    at = (decided != 0).argmax(1)
    return np.asarray(decided[np.arange(len(decided)), at])


def errors(trials: int) -> Table:
    """Return how often a claim whose truth lies on its bound is decided, by shape and estimand."""
    rows = []
    for name, draw in DISTRIBUTIONS.items():
        values = draw(np.random.default_rng(SEED), (trials, USUAL_SEEDS))
        row = [name]
        for estimand in ESTIMANDS:
            truth = 0.0 if estimand == "mean" else MEDIANS.get(name, 0.0)
            came = first_of(states(values, truth, estimand))
            row += [share(int((came == side).sum()), trials) for side in (1, -1)]
        rows.append(row)
    title = f"False decisions at the bound, in % of {trials:,} trials"
    return Table(title, ["residuals", *(f"{e}: {d}" for e in ESTIMANDS for d in ("held", "failed"))], rows)


def evidence_series() -> list[Array]:
    """Return the values of every prediction and control of the base, where there are ten that differ."""
    judgements = read_project(Folder(ROOT)).judgements.values()
    findings = [f for j in judgements if j.verdict for f in (*j.verdict.findings, *j.verdict.controls)]
    series = [np.array([value for value in each.values if is_finite(value)]) for each in findings]
    return [each for each in series if len(each) >= LEAST_SEEDS and np.ptp(each) > 0]


def halved(series: Array) -> Array | None:
    """Return a series with as many values above its median as below; nothing where ties forbid it."""
    middle = np.median(series)
    above, below = series[series > middle], series[series < middle]
    return np.concatenate([above, below]) if len(above) == len(below) else None


def errors_on_evidence(trials: int) -> Table:
    """Return the same for seeds drawn with replacement from what the base's own findings measured."""
    series, rows = evidence_series(), []
    for estimand in ESTIMANDS:
        rates = []
        kinds = [halved(each) for each in series] if estimand == "win rate" else series
        for number, each in enumerate(kinds):
            if each is None:
                continue
            values = np.random.default_rng((SEED, number)).choice(each, (trials, USUAL_SEEDS))
            truth = each.mean() if estimand == "mean" else np.median(each)
            rates.append(100 * np.count_nonzero(first_of(states(values, float(truth), estimand))) / trials)
        rows.append([estimand, str(len(rates)), *(f"{np.percentile(rates, q):.1f}" for q in (50, 90, 100))])
    title = f"False decisions at the bound, in % of {trials:,} trials, on residuals of findings of this base"
    return Table(title, ["estimand", "series", "median", "90th percentile", "worst"], rows)


def claim_states(parts: dict[str, float], trials: int) -> dict[str, int]:
    """Return how often a claim ends in each state: effects of its parts by role, all with the bound 1."""
    rng = np.random.default_rng(SEED)
    found = {
        role: states(rng.normal(effect, 1, (trials, USUAL_SEEDS)), 1.0, "mean")
        for role, effect in parts.items()
    }
    main, zero = found["prediction"], np.zeros((trials, len(STOPS)), np.int8)
    fails, holds = found.get("must fail", zero - 1), found.get("must hold", zero + 1)
    invalid = (fails == 1) | (holds == -1)
    open_ = (main == 0) | (holds == 0) | ((fails == 0) & (main == 1))
    states_ = np.where(invalid, 3, np.where(open_, 0, np.where(main == 1, 1, 2)))
    last = states_[np.arange(trials), np.where((states_ != 0).any(1), (states_ != 0).argmax(1), -1)]
    names = ("inconclusive", "reproduced", "contradicted", "invalid")
    return {name: int((last == number).sum()) for number, name in enumerate(names)}


CLAIMS: dict[str, dict[str, float]] = {
    "truth on the bound, no control": {"prediction": 1},
    "truth on the bound, both controls": {"prediction": 1, "must fail": 0, "must hold": 2},
    "no effect, both controls": {"prediction": 0, "must fail": 0, "must hold": 2},
    "twice the bound, both controls": {"prediction": 2, "must fail": 0, "must hold": 2},
    "twice the bound, effect also in the arm where it must fail": {"prediction": 2, "must fail": 2},
    "twice the bound, effect on the bound where it must fail": {"prediction": 2, "must fail": 1},
    "no effect, and what must hold fails": {"prediction": 0, "must hold": 0},
    "no effect, and what must hold is on its bound": {"prediction": 0, "must hold": 1},
}


def whole_claims(trials: int) -> Table:
    """Return the states of whole claims with controls."""
    found = {name: claim_states(parts, trials) for name, parts in CLAIMS.items()}
    head = ["claim (bound 1 s.d., normal residuals)", *next(iter(found.values()))]
    rows = [[name, *(share(count, trials) for count in counts.values())] for name, counts in found.items()]
    return Table(f"States of whole claims, in % of {trials:,} trials", head, rows)


def versions(trials: int) -> Table:
    """Return how often some version of a claim at its bound comes out reproduced, its best being told."""
    rows = []
    for name in ("normal", "lognormal", "bimodal 80/20"):
        sign = 1 if name == "normal" else -1
        for is_priced in (False, True):
            missed_by_all, shown = 1.0, []
            for k in range(1, max(VERSIONS) + 1):
                rng = np.random.default_rng((SEED, k))
                values = sign * DISTRIBUTIONS[name](rng, (trials, USUAL_SEEDS))
                alpha = ALPHA / 2 ** (k - 1) if is_priced else ALPHA
                rate = np.count_nonzero(first_of(states(values, 0.0, "mean", alpha=alpha)) == 1) / trials
                missed_by_all *= 1 - rate
                if k in VERSIONS:
                    shown.append(f"{100 * (1 - missed_by_all):.1f}")
            rows.append(
                [f"{name}{', tail below' if sign < 0 else ''}", "halved" if is_priced else "same", *shown]
            )
    title = f"Reproduced in some version, truth on the bound, in %, {trials:,} trials a version"
    return Table(title, ["residuals", "level", *(str(k) for k in VERSIONS)], rows)


def share(count: int, trials: int) -> str:
    """Return a count as a percentage."""
    return f"{100 * count / trials:.1f}"


def tables(trials: int) -> list[Table]:
    """Return all tables of false decisions."""
    few = max(1, trials // 10)
    return [errors(trials), errors_on_evidence(few), whole_claims(trials), versions(few)]


def page_block(found: list[Table]) -> str:
    """Return the tables as Markdown."""
    parts = []
    for table in found:
        rows = [table.head, ["---"] * len(table.head), *table.rows]
        parts.append("\n".join([f"{table.title}:", "", *(f"| {' | '.join(row)} |" for row in rows)]))
    return "\n\n".join(parts)


def print_tables(found: list[Table]) -> None:
    """Print the tables for a terminal."""
    for table in found:
        print(table.title)
        print("\n".join(aligned(table.head, table.rows)), end="\n\n")


def kept(path: Path = KEPT) -> list[Table]:
    """Return the tables that were kept."""
    return [Table(**table) for table in json.loads(path.read_text(encoding="utf-8"))]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=20_000)
    parser.add_argument("--keep", action="store_true", help="keep the tables and write them on the page")
    parser.add_argument("--kept", action="store_true", help="simulate nothing; show what was kept")
    options = parser.parse_args()
    found_tables = kept() if options.kept else tables(options.trials)
    print_tables(found_tables)
    if options.keep:
        KEPT.write_text(json.dumps([t._asdict() for t in found_tables], indent=1) + "\n", encoding="utf-8")
        PAGE.write_text(
            put(PAGE.read_text(encoding="utf-8"), "verdict", page_block(found_tables)), encoding="utf-8"
        )
    if not options.kept:
        print_coverage(options.trials)
        print_operating_points(options.trials)
        print_seconds()
