"""Small data sets with a leading seed dimension: digits, linear regression, teacher and student."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.initialise import initialise
from repro.lab.mlp import mlp, mlp_shapes
from repro.lab.seeds import Seeds


class Labelled(NamedTuple):
    """Points to train and to test on: x of shape (seeds, points, ...), y of (seeds, points[, outputs])."""

    x: Tensor
    y: Tensor
    test_x: Tensor
    test_y: Tensor


def split(x: Tensor, y: Tensor, train: int) -> Labelled:
    """Return each seed's first points for training and the rest for testing, each in its own memory."""
    parts = (x[:, :train], y[:, :train], x[:, train:], y[:, train:])
    return Labelled(*(part.contiguous() for part in parts))


def digits(seeds: Seeds, *, train: int = 1437, dtype: torch.dtype = torch.float32) -> Labelled:
    """Split the 1,797 handwritten digits of 8 by 8 pixels at random for each seed.

    Args:
        seeds: Each gets its own split.
        train: Points to train on; the remaining points are for testing.
        dtype: Type of the pixels.

    Returns:
        Pixels from 0 to 1 of shape (seeds, points, 64), labels 0 to 9 of shape (seeds, points).
    """
    pixels, labels = _digits()
    order = seeds.permutations("digits", len(labels))
    x, y = pixels.to(seeds.device, dtype)[order], labels.to(seeds.device)[order]
    return split(x, y, train)


@cache
def _digits() -> tuple[Tensor, Tensor]:
    from sklearn.datasets import load_digits  # takes as long to import as torch, and few experiments need it

    pixels, labels = load_digits(return_X_y=True)
    return torch.from_numpy(pixels / 16), torch.from_numpy(labels).long()


def linear_regression(
    seeds: Seeds,
    *,
    train: int,
    test: int,
    features: int,
    noise: float = 0.0,
    dtype: torch.dtype = torch.float64,
) -> Labelled:
    """Draw normal points and y = x w / sqrt(features) + noise, with a fresh standard normal w for each seed.

    Args:
        seeds: Each gets its own problem.
        train: Points to train on, with noise.
        test: Points to test on, without noise.
        features: Dimension of a point.
        noise: Standard deviation of the noise.
        dtype: Type of all numbers.

    Returns:
        x of shape (seeds, points, features), y of shape (seeds, points, 1).
    """
    x = seeds.normal("regression x", train + test, features, dtype=dtype)
    y = x @ seeds.normal("regression w", features, 1, dtype=dtype) / features**0.5
    return _noisy(seeds, x, y, train, noise)


def teacher_student(
    seeds: Seeds,
    *,
    train: int,
    test: int,
    widths: tuple[int, ...],
    noise: float = 0.0,
    dtype: torch.dtype = torch.float32,
) -> Labelled:
    """Draw normal points and label them by a fresh random rectified network for each seed.

    Args:
        seeds: Each gets its own teacher, with weights of variance 2 / fan in.
        train: Points to train on, with noise.
        test: Points to test on, without noise.
        widths: The teacher's widths, inputs first and outputs last.
        noise: Standard deviation of the noise.
        dtype: Type of all numbers.

    Returns:
        x of shape (seeds, points, widths[0]), y of shape (seeds, points, widths[-1]).
    """
    shapes = {f"teacher {name}": shape for name, shape in mlp_shapes(*widths).items()}
    teacher = initialise(seeds, shapes, "he", dtype=dtype).weights
    x = seeds.normal("teacher x", train + test, widths[0], dtype=dtype)
    with torch.no_grad():
        y = mlp({name.removeprefix("teacher "): weight for name, weight in teacher.items()}, x)
    return _noisy(seeds, x, y, train, noise)


def _noisy(seeds: Seeds, x: Tensor, y: Tensor, train: int, noise: float) -> Labelled:
    errors = noise * seeds.normal("label noise", train, y.shape[2], dtype=y.dtype)
    parts = split(x, y, train)
    return parts._replace(y=parts.y + errors)
