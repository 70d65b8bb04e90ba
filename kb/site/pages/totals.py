"""The page of numbers: what is covered, decided and stale, how often the rule errs, and the total cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from kb.exports.published import Site
from kb.judging.against_itself import Comparison, comparisons, exact_interval
from kb.judging.judgement import Judgement
from kb.judging.stats import Interval
from kb.site.page import Page, page_from
from kb.words.measured import Measured, within
from kb.words.standings import STANDINGS


class AgainstItself(NamedTuple):
    """How often an arm was found to differ from itself.

    Attributes:
        found: The comparisons in which a difference was found.
        rate: Percentage of these, with its Clopper-Pearson interval.
        by_experiment: Comparisons and false differences of each experiment.
        pairs: Comparisons by the number of seeds in a half.
        apart: Comparisons on seeds for exploring, which `repro verify --controls` measured.
        seconds: Processor seconds of measuring these.
    """

    total: int
    found: tuple[Comparison, ...]
    rate: Measured
    by_experiment: dict[str, tuple[int, int]]
    pairs: list[tuple[int, int]]
    apart: int
    seconds: float


class Cost(NamedTuple):
    """The cost of an experiment's stored evidence; seeds count once for each arm."""

    experiment: str
    claims: int
    seeds: int
    seconds: float


def pages(site: Site) -> Iterator[Page]:
    """Yield the page."""
    base, judgements = site.base, site.judgements
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
        "itself": against_itself(comparisons(base, site.ledger), _control_seconds(site)),
        "costs": costs(site),
        "machines": len({piece.machine.fingerprint for piece in site.ledger.evidence}),
        "stale": [i for i, judgement in judgements.items() if judgement.stale],
    }
    description = "How much is covered, tested, stale and paid for, and how often the rule errs."
    yield page_from(site, "stats.md", "stats", "Numbers", description, hide=("navigation", "toc"), **shown)


def _control_seconds(site: Site) -> float:
    return sum(each.seconds for filed in site.ledger.controls for each in filed.controls.blocks)


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
    total, wrong = (Counter(each.experiment for each in some) for some in (every, false))
    return AgainstItself(
        len(every),
        false,
        _percent(len(false) / len(every), exact_interval(len(false), len(every))),
        {name: (count, wrong[name]) for name, count in sorted(total.items())},
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
