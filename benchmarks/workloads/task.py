"""What a workload trains on, and the ways to train it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from repro.lab.parameters import Parameters, Shapes, leaves
from repro.lab.seeds import Seeds


class Task(NamedTuple):
    """Everything that is made before the clock starts.

    Attributes:
        x: Points of shape (seeds, count, ...).
        y: Labels or targets of shape (seeds, count, ...).
        order: Batches of shape (seeds, steps, batch); without points if every step takes all of them.
        flat: Initial weights of shape (seeds, weights).
        shapes: The shape of each weight of one network, in the order of a torch module's parameters.
    """

    x: Tensor
    y: Tensor
    order: Tensor
    flat: Tensor
    shapes: Shapes

    def part(self, seeds: slice, steps: int) -> Task:
        """Return the first steps of some seeds."""
        order = self.order[seeds, :steps].contiguous()
        return Task(self.x[seeds], self.y[seeds], order, self.flat[seeds], self.shapes)

    def parameters(self) -> Parameters:
        """Return a fresh copy of the initial weights."""
        return leaves(self.flat.clone(), self.shapes)


class Variant(NamedTuple):
    """One way to train all seeds of a task.

    Attributes:
        train: Maps a task to the losses of the last step's batches, of shape (seeds,). In JAX: to a function
            and its arguments, to be compiled.
        fraction: Share of the steps that is timed; the seconds are scaled to all of them.
        flops: Multiplications and additions in matrix products, of a step of one seed.
        is_jax: Must `train` be compiled?
    """

    train: Callable[[Task], Any]
    fraction: float
    flops: float
    is_jax: bool = False


class Workload(NamedTuple):
    """One training problem.

    Attributes:
        title: What is trained on what.
        steps: Steps of a full run.
        prepare: Makes a task from seeds and steps.
        variants: Ways to train by name: `plain`, `vmap`, `lab...` and `jax...`.
    """

    title: str
    steps: int
    prepare: Callable[[Seeds, int], Task]
    variants: Mapping[str, Variant]


def full_batches(seeds: Seeds, steps: int) -> Tensor:
    """Return the order of a task whose steps take all points, of shape (seeds, steps, 0)."""
    return torch.empty(len(seeds), steps, 0, dtype=torch.int64)
