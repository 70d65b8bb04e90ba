"""The page of numbers: what is covered, decided and stale, how often the rule errs, and the total cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple

from kb.exports.published import Site
from kb.judging.against_itself import Comparison, exact_interval
from kb.judging.controls import Summary, summaries
from kb.judging.judgement import Judgement
from kb.judging.stats import Interval
from kb.reading.experiment import Script
from kb.site.page import Page, page_from
from kb.words.controls import failures
from kb.words.measured import Measured, within
from kb.words.standings import STANDINGS

CameOut = Literal["passed", "passed in part", "not measured", "failed"]
"""What came of an experiment's controls."""
Passed = tuple[int, int]
"""How many passed, and of how many."""


class AgainstItself(NamedTuple):
    """How often an arm was found to differ from itself.

    Attributes:
        found: The comparisons in which a difference was found.
        rate: Percentage of these, with its Clopper-Pearson interval.
        pairs: Comparisons by the number of seeds in a half.
        apart: Comparisons on seeds for exploring, which `repro verify --controls` measured.
        seconds: Processor seconds of measuring these.
    """

    total: int
    found: tuple[Comparison, ...]
    rate: Measured
    pairs: list[tuple[int, int]]
    apart: int
    seconds: float


class Tested(NamedTuple):
    """What came of one experiment's controls; pairs are how many passed, and of how many.

    Attributes:
        measured: Days on which they were measured, the first and the last; none if they never were.
        arms: Arms that keep the contract.
        faults: Imitated faults that were refused.
        itself: Arms against themselves in which no difference was found.
        labels: Predictions that did not hold with shuffled labels.
        judged: Judgements with arms swapped, no effect, mixed arms or an effect put in that came out right.
        came_out: Whether one failed; a false difference of an arm from itself alone is none. In part:
            some arms were not tried.
        failed: What failed, as clauses.
    """

    experiment: str
    measured: tuple[str, ...]
    arms: Passed
    faults: Passed
    itself: Passed
    labels: Passed
    judged: Passed
    came_out: CameOut
    failed: tuple[str, ...]


class Cost(NamedTuple):
    """The cost of an experiment's stored evidence; seeds count once for each arm."""

    experiment: str
    claims: int
    seeds: int
    seconds: float


def pages(site: Site) -> Iterator[Page]:
    """Yield the page."""
    base, judgements = site.base, site.judgements
    every = summaries(base, site.ledger, judgements)
    standings = Counter(standing.standing for standing in site.standings.values())
    kinds = Counter(claim.kind for claim in base.claims.values())
    sources = Counter(source.verified for source in base.sources.values())
    shown: dict[str, Any] = {
        "groups": site.by_group,
        "by_state": site.by_state,
        "by_standing": [(name, standings[name]) for name in STANDINGS if standings[name]],
        "kinds": sorted(kinds.items()),
        "checked": sorted(sources.items()),
        "controls": _controls(judgements.values()),
        "predictions": _predictions(judgements.values()),
        "judged": [i for i, judgement in judgements.items() if judgement.verdict],
        "decided": site.decided,
        "surviving": site.surviving,
        "itself": against_itself(
            (each for found in every.values() for each in found.compared), _control_seconds(site)
        ),
        "tested": [tested(found, base.scripts[name]) for name, found in every.items()],
        "costs": costs(site),
        "machines": len({piece.machine.fingerprint for piece in site.ledger.evidence}),
        "stale": [i for i, judgement in judgements.items() if judgement.stale],
    }
    description = "How much is covered, tested, stale and paid for, and how often the rule errs."
    yield page_from(site, "stats.md", "stats", "Numbers", description, hide=("navigation", "toc"), **shown)


def _control_seconds(site: Site) -> float:
    return sum(each.seconds for filed in site.ledger.controls for each in filed.controls.blocks)


def tested(found: Summary, script: Script) -> Tested:
    """Return what came of the controls of one experiment, as counts."""
    is_whole = {each.arm for each in found.tried} >= script.arms.keys()
    passed: CameOut = "passed" if is_whole else "passed in part" if found.files else "not measured"
    days = sorted(filed.controls.started[:10] for filed in found.files)
    return Tested(
        found.experiment,
        tuple(dict.fromkeys((days[0], days[-1]))) if days else (),
        _passed(not each.breach for each in found.tried),
        _passed(bool(each.refusal) for each in found.imitated),
        _passed(not each.is_false for each in found.compared),
        _passed(each.is_passed for _, each in found.relabelled),
        _passed(each.is_passed for each in found.checked),
        "failed" if found.is_failed else passed,
        tuple(failures(found)) if found.is_failed else (),
    )


def _passed(found: Iterable[bool]) -> Passed:
    came_out = list(found)
    return sum(came_out), len(came_out)


def against_itself(found: Iterable[Comparison], seconds: float) -> AgainstItself | None:
    """Return the comparisons counted, or None if there are none.

    Args:
        found: The comparisons.
        seconds: Processor seconds of measuring what is no evidence.
    """
    every = tuple(found)
    if not every:
        return None
    false = tuple(comparison for comparison in every if comparison.is_false)
    return AgainstItself(
        len(every),
        false,
        _percent(len(false) / len(every), exact_interval(len(false), len(every))),
        sorted(Counter(comparison.pairs for comparison in every).items()),
        sum(not comparison.is_evidence for comparison in every),
        seconds,
    )


def _percent(share: float, ends: tuple[float, float]) -> Measured:
    return within(100 * share, Interval(100 * ends[0], 100 * ends[1]))


def costs(site: Site) -> list[Cost]:
    """Return the cost of each measured experiment, the most expensive first."""
    serving = Counter(c.protocol.experiment for c in site.base.claims.values() if c.protocol)
    found = [
        Cost(
            name,
            serving[name],
            sum(len(piece.seeds) for piece in pieces),
            sum(piece.seconds for piece in pieces),
        )
        for name in {piece.experiment: None for piece in site.ledger.evidence}
        if (pieces := site.ledger.of_experiment(name))
    ]
    return sorted(found, key=lambda cost: (-cost.seconds, cost.experiment))


def _controls(judgements: Iterable[Judgement]) -> Counter[str]:
    return Counter(c.decision for j in judgements if j.verdict for c in j.verdict.controls)


def _predictions(judgements: Iterable[Judgement]) -> Counter[str]:
    return Counter(f.decision for j in judgements if j.verdict for f in j.verdict.findings)
