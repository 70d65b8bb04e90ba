"""Dose-response curves: arms whose names end in a number, as a line over that number.

`rnn_gain_0_9`, `rnn_gain_1_5` and `rnn_gain_3_0` are three doses of one family. Naming arms like this
is all it takes to get the figure. A band is the interval of the mean that verdicts use.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from kb.evidence.seeds import BLOCK_SIZE
from kb.judging.stats import confidence_sequence, is_finite
from kb.reading.experiment import Script
from kb.reading.outcomes import Outcome
from kb.site.figures.curves import LOGARITHMIC, MOST_ARMS, Band, Curve, shares

NAMED = re.compile(r"(?P<family>.*?[a-z][a-z0-9]*)_(?P<dose>\d+(_\d+)?|\d+e\d+)")
LEAST_DOSES = 3
"""The fewest doses of one family; two points show no shape."""
WIDE = 8
"""Doses that span more than this factor are drawn on a logarithmic axis."""
GAP = "\u2026"
"""Stands in a family's text for the number in which its arms differ."""
Family = dict[float, str]
"""The arm of each dose."""


def families(arms: Sequence[str]) -> list[dict[str, Family]]:
    """Return groups of families that share an axis: those whose names end in the same word, or are one word.

    Families with a single dose are left out, as are groups in which no family has three doses.
    """
    grouped: dict[str, dict[str, Family]] = defaultdict(lambda: defaultdict(dict))
    for arm in arms:
        if found := NAMED.fullmatch(arm):
            words = found["family"].split("_")
            dose = float(found["dose"].replace("_", "."))
            grouped[words[-1] if len(words) > 1 else ""][found["family"]][dose] = arm
    kept = [{name: doses for name, doses in group.items() if len(doses) > 1} for group in grouped.values()]
    return [group for group in kept if any(len(doses) >= LEAST_DOSES for doses in group.values())]


def doses_of(
    values: Mapping[str, Mapping[str, Sequence[float]]], script: Script
) -> Iterator[tuple[Curve, Outcome]]:
    """Yield a figure for each group of families and each outcome that its arms measured.

    Args:
        values: By arm, then by outcome: one number per seed.
        script: The script whose arms they are.
    """
    for group in families([arm for arm in script.arms if values.get(arm)]):
        doses = sorted({dose for family in group.values() for dose in family})
        for outcome in script.outcomes.values():
            measured = all(
                outcome.name in values[arm] for family in group.values() for arm in family.values()
            )
            if measured and not outcome.is_curve:
                yield _figure(group, doses, values, outcome, script.arms)


def _figure(
    group: Mapping[str, Family],
    doses: Sequence[float],
    values: Mapping[str, Mapping[str, Sequence[float]]],
    outcome: Outcome,
    arms: Mapping[str, str],
) -> tuple[Curve, Outcome]:
    is_wide = doses[0] > 0 and doses[-1] > WIDE * doses[0]
    at = shares(doses, is_logarithmic=is_wide)
    labels = tuple(f"{dose:g}".replace("e+0", "e") for dose in doses)
    texts = {
        name: common_text([arms[arm] for arm in family.values()]) or name.replace("_", " ")
        for name, family in group.items()
    }
    bands = [
        _band(texts[name], [values[family[d]][outcome.name] if d in family else () for d in doses], outcome)
        for name, family in group.items()
    ]
    curve = Curve(
        outcome.name,
        tuple(bands[:MOST_ARMS]),
        max(0, len(bands) - MOST_ARMS),
        f"{_along(next(iter(texts.values())))}{LOGARITHMIC if is_wide else ''}",
        at,
        labels,
        len(doses),
        tuple(zip(at, labels, strict=True)),
    )
    return curve, outcome


def common_text(texts: Sequence[str]) -> str:
    """Return what the texts of a family's arms share, with an ellipsis for a gap between beginning and end.

    >>> common_text(["tanh net, gain 0.9", "tanh net, gain 1.5"]), common_text(["300 features", "9 features"])
    ('tanh net, gain', '\u2026 features')
    """
    split = [words.split() for words in texts]
    shortest = min(map(len, split))
    head = next((k for k in range(shortest) if len({words[k] for words in split}) > 1), shortest)
    rest = shortest - head
    tail = next((k for k in range(rest) if len({words[-1 - k] for words in split}) > 1), rest)
    first = " ".join(split[0][:head]).rstrip(" =,")
    last = " ".join(split[0][len(split[0]) - tail :])
    return f"{first} {GAP} {last}".strip() if last else first


def _along(common: str) -> str:
    """Return what the axis of a family shows: what follows the last comma of its text."""
    return common.rpartition(", ")[2].replace(f"{GAP} ", "")


def _band(name: str, columns: Sequence[Sequence[float]], outcome: Outcome) -> Band:
    finite = [[value for value in column if is_finite(value)] for column in columns]
    middle = tuple(math.fsum(column) / len(column) if column else math.nan for column in finite)
    ends = [_interval(column, outcome.resolution) for column in finite]
    seeds = max(len(column) for column in columns)
    return Band(name, seeds, tuple(low for low, _ in ends), middle, tuple(high for _, high in ends))


def _interval(values: Sequence[float], resolution: float) -> tuple[float, float]:
    trail = confidence_sequence(values, block=BLOCK_SIZE, floor=resolution)
    low, high = trail[-1] if trail else (math.nan, math.nan)
    return (low, high) if math.isfinite(low) and math.isfinite(high) else (math.nan, math.nan)
