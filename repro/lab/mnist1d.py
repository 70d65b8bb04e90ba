"""MNIST-1D, fresh for every seed: the recipe of S. Greydanus and D. Kobak (2020), arXiv:2011.14439.

Ten templates of twelve points are padded, dilated to 72 points, scaled, moved around a circle, laid on
noise, sheared and resampled to 40 points. Made on the CPU, so that every device trains on the same points.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from repro.lab.data import Labelled, split
from repro.lab.seeds import Seeds

FEATURES, CLASSES = 40, 10
LENGTH = 72  # points of a signal before it is resampled
PADDINGS = range(36, 61)  # zeros behind the template, drawn uniformly
SHIFTS = 48  # moves to the right, 0 to 47, drawn uniformly
SCALE = 0.4  # heights are multiplied by 0.8 to 1.2
SHEAR = 0.75  # slopes are -0.375 to 0.375 over the signal
CORRELATED, WHITE = 0.25, 0.02  # deviations of the noises; the first is then smoothed
MEAN, DEVIATION = -0.006, 0.1547  # of all points of signals, before they are standardised
BLUR, REACH = 2.0, 8  # deviation and half width of the smoothing window
TEMPLATES = (
    (5, 6, 6.5, 6.75, 7, 7, 7, 7, 6.75, 6.5, 6, 5),
    (5, 3, 3, 3.4, 3.8, 4.2, 4.6, 5, 5.4, 5.8, 5, 5),
    (5, 6, 6.5, 6.5, 6, 5.25, 4.75, 4, 3.5, 3.5, 4, 5),
    (5, 6, 6.5, 6.5, 6, 5, 5, 6, 6.5, 6.5, 6, 5),
    (5, 4.4, 3.8, 3.2, 2.6, 2.6, 5, 5, 5, 5, 5, 5),
    (5, 3, 3, 3, 3, 5, 6, 6.5, 6.5, 6, 4.5, 5),
    (5, 4, 3.5, 3.25, 3, 3, 3, 3, 3.25, 3.5, 4, 5),
    (5, 7, 7, 6.6, 6.2, 5.8, 5.4, 5, 4.6, 4.2, 5, 5),
    (5, 4, 3.5, 3.5, 4, 5, 5, 4, 3.5, 3.5, 4, 5),
    (5, 4, 3.5, 3.5, 4, 5, 5, 5, 5, 4.7, 4.3, 5),
)


def mnist1d(
    seeds: Seeds, *, train: int = 4000, test: int = 1000, dtype: torch.dtype = torch.float32
) -> Labelled:
    """Generate one data set per seed: classes balanced over train and test, mean 0, standard deviation 1.

    Args:
        seeds: Each gets its own data set.
        train: Points to train on.
        test: Points to test on.
        dtype: Type of the signals.

    Returns:
        Signals of shape (seeds, points, 40), labels 0 to 9 of shape (seeds, points).

    Raises:
        ValueError: The points cannot be divided evenly among ten classes.
    """
    count = train + test
    if count % CLASSES:
        raise ValueError(f"{train} + {test} points do not divide among {CLASSES} classes")
    sets = [_signals(rng, count) for rng in seeds.generators("mnist1d")]
    x = torch.from_numpy(np.stack([signals for signals, _ in sets])).to(seeds.device, dtype)
    labels = torch.from_numpy(np.stack([digits for _, digits in sets])).to(seeds.device)
    return split(x, labels, train)


def _signals(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    clean, is_noise = _dilated()
    labels = rng.permutation(np.arange(count) % CLASSES)
    padding = rng.integers(len(PADDINGS), size=count)
    shift = rng.integers(SHIFTS, size=count)
    height = rng.uniform(1 - SCALE / 2, 1 + SCALE / 2, (count, 1))
    slope = rng.uniform(-SHEAR / 2, SHEAR / 2, (count, 1))
    place = (np.arange(LENGTH) - shift[:, None]) % LENGTH  # (count, 72)
    signal = height * clean[labels[:, None], padding[:, None], place]
    signal += is_noise[padding[:, None], place] * (rng.standard_normal((count, LENGTH)) @ _smoothing())
    signal += WHITE * rng.standard_normal((count, LENGTH))
    signal -= slope * np.linspace(-0.5, 0.5, LENGTH)
    signal = signal @ _interpolation(LENGTH, FEATURES).T
    return (signal - signal.mean()) / signal.std(), labels


class Style(NamedTuple):
    """How signals vary about their templates; as it stands, as those of `mnist1d` do.

    Attributes:
        paddings: Zeros behind a template, at most 60, drawn uniformly; the more, the shorter it becomes.
        shifts: Moves to the right, drawn uniformly.
        scale: Range of the factors on heights, about 1.
        shear: Range of slopes over a signal, about 0.
        correlated: Deviation of the noise before it is smoothed.
        white: Deviation of the noise that is not smoothed.
    """

    paddings: range = PADDINGS
    shifts: range = range(SHIFTS)
    scale: float = SCALE
    shear: float = SHEAR
    correlated: float = CORRELATED
    white: float = WHITE


def mnist1d_styled(seeds: Seeds, style: Style, *, train: int, test: int = 0) -> Labelled:
    """Generate one data set per seed in another style, on the scale of the usual signals.

    Args:
        seeds: Each gets its own data set.
        style: How the signals vary.
        train: Points to train on.
        test: Points to test on.

    Returns:
        Signals of shape (seeds, points, 40), labels 0 to 9 of shape (seeds, points).
    """
    count = train + test
    sets = [_styled(rng, count, style) for rng in seeds.generators(f"mnist1d {style}")]
    x = torch.from_numpy(np.stack([signals for signals, _ in sets])).to(seeds.device, torch.float32)
    labels = torch.from_numpy(np.stack([digits for _, digits in sets])).to(seeds.device)
    return split((x - MEAN) / DEVIATION, labels, train)


def _styled(rng: np.random.Generator, count: int, style: Style) -> tuple[np.ndarray, np.ndarray]:
    """Return signals before they are standardised, and labels; in the usual style they are `_signals`."""
    clean, is_noise = _dilated()
    labels = rng.permutation(np.arange(count) % CLASSES)
    padding = style.paddings.start - PADDINGS.start + rng.integers(len(style.paddings), size=count)
    shift = style.shifts.start + rng.integers(len(style.shifts), size=count)
    height = rng.uniform(1 - style.scale / 2, 1 + style.scale / 2, (count, 1))
    slope = rng.uniform(-style.shear / 2, style.shear / 2, (count, 1))
    place = (np.arange(LENGTH) - shift[:, None]) % LENGTH  # (count, 72)
    smooth = style.correlated / CORRELATED * _smoothing()
    signal = height * clean[labels[:, None], padding[:, None], place]
    signal += is_noise[padding[:, None], place] * (rng.standard_normal((count, LENGTH)) @ smooth)
    signal += style.white * rng.standard_normal((count, LENGTH))
    signal -= slope * np.linspace(-0.5, 0.5, LENGTH)
    return signal @ _interpolation(LENGTH, FEATURES).T, labels


def templates() -> Tensor:
    """Return the ten templates, each starting at 0 with deviation 1/6, of shape (10, 12)."""
    x = np.array(TEMPLATES)
    x = (x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True)
    return torch.from_numpy((x - x[:, :1]) / 6)


@cache
def _dilated() -> tuple[np.ndarray, np.ndarray]:
    """Return templates padded and dilated, (10, 25, 72), and where they are padding, (25, 72)."""
    plain = templates().numpy()
    signals, rooms = [], []
    for padding in PADDINGS:
        padded = np.pad(plain, ((0, 0), (0, padding)))
        signals.append(padded @ _interpolation(padded.shape[1], LENGTH).T)
        rooms.append(np.linspace(0, padded.shape[1] - 1, LENGTH) >= plain.shape[1])
    return np.stack(signals, 1), np.stack(rooms)


@cache
def _interpolation(before: int, after: int) -> np.ndarray:
    """Return the matrix of linear interpolation to evenly spaced points, of shape (after, before)."""
    units = np.eye(before)
    points = np.linspace(0, before - 1, after)
    return np.stack([np.interp(points, np.arange(before), unit) for unit in units], 1)


@cache
def _smoothing() -> np.ndarray:
    """Return the scaled Gaussian window with mirrored ends as a matrix, of shape (72, 72)."""
    window = np.exp(-0.5 * (np.arange(-REACH, REACH + 1) / BLUR) ** 2)
    window *= CORRELATED / window.sum()
    matrix = np.zeros((LENGTH, LENGTH))
    for target in range(LENGTH):
        for offset, weight in zip(range(-REACH, REACH + 1), window, strict=True):
            source = target + offset
            source = -1 - source if source < 0 else source
            source = 2 * LENGTH - 1 - source if source >= LENGTH else source
            matrix[source, target] += weight
    return matrix
