"""How a script declares what it measures: numbers that predictions may bound, and curves for figures.

These are plain data. The knowledge base reads them from the script's text, without importing it, so what
they hold must be literal: strings, numbers, and names of constants that are literal themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Better = Literal["higher", "lower", "neither"]
"""Which way is better."""
End = float | str
"""An end of an axis: a number, or the name of the field of `Scale` that holds it."""


@dataclass(frozen=True)
class Axis:
    """What runs along a curve, and where the curve's points lie on it.

    The points are given in one of three ways: as `values`; as the number of `points` that lie evenly spaced
    from `first` to `last`, both included; or as one point `every` so many from `first` to `last`, which
    `repro.lab.curves.thin` reduces to 64 where there are more.

    Attributes:
        label: What a reader calls it, with its unit: "step", "features per training point".
        is_logarithmic: Are equal ratios shown as equal distances? All points must then be positive.
    """

    label: str
    values: tuple[float, ...] | None = None
    first: End | None = None
    last: End | None = None
    points: int | None = None
    every: float | None = None
    is_logarithmic: bool = False


@dataclass(frozen=True)
class Outcome:
    """A number that an experiment measures once per seed.

    Attributes:
        label: What a reader calls it, without its unit: "loss after the last step".
        unit: What one step of the number means, such as "nats" or "percent of test points".
        better: Which way is better.
        resolution: The smallest difference that the measurement can resolve, in the outcome's unit; positive.
    """

    label: str
    unit: str
    better: Better
    resolution: float


@dataclass(frozen=True)
class Curve:
    """A sequence of at most 64 numbers that an experiment measures once per seed, for a figure.

    Its name ends in `_curve`.

    Attributes:
        label: What a reader calls it, without its unit: "training loss".
        unit: What one step of the numbers means.
        better: Which way is better.
        axis: What runs along it.
    """

    label: str
    unit: str
    better: Better
    axis: Axis
