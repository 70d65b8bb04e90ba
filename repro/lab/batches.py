"""Which points make up each step's batch, drawn in advance."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from repro.lab.seeds import Seeds

AHEAD = 2**19
"""How many numbers are fetched at a time: a few megabytes."""


def batch_order(seeds: Seeds, count: int, batch: int, steps: int, *, purpose: str = "order") -> Tensor:
    """Draw the batches of a whole training run by going through shuffled epochs.

    Every epoch is a fresh random order of all points; points left over at its end are dropped.

    Args:
        seeds: Each gets its own order.
        count: How many points there are to train on.
        batch: How many points make a batch, at most `count`.
        steps: How many batches to draw.
        purpose: Name of the random stream.

    Returns:
        Indices of shape (seeds, steps, batch).

    Raises:
        ValueError: A batch is empty or larger than the set.
    """
    if not 0 < batch <= count:
        raise ValueError(f"a batch of {batch} from {count} points; ask for 1 to {count}")
    per_epoch = count // batch
    epochs = -(-steps // per_epoch)
    runs = [
        [rng.permutation(count)[: per_epoch * batch] for _ in range(epochs)]
        for rng in seeds.generators(purpose)
    ]
    orders = torch.stack([torch.stack([torch.from_numpy(epoch) for epoch in run]) for run in runs])
    return orders.view(len(seeds), epochs * per_epoch, batch)[:, :steps].to(seeds.device)


def take(data: Tensor, index: Tensor) -> Tensor:
    """Return the points of each lane's batch.

    Lanes may be a multiple of seeds: the lanes of one seed are neighbours and share its data, uncopied.

    Args:
        data: Points of shape (seeds, count, ...).
        index: Which points, of shape (lanes, batch) or (seeds, batch).

    Returns:
        Points of shape (lanes, batch, ...).
    """
    seeds, count = data.shape[:2]
    first = torch.arange(0, seeds * count, count, device=index.device)  # the row of each seed's first point
    first = first.repeat_interleave(len(index) // seeds).unsqueeze(1)
    if not data.is_contiguous():  # a slice: flattening it would copy the whole set
        return data[first // count, index]
    rows = index + first
    return data.flatten(0, 1).index_select(0, rows.flatten()).view(*index.shape, *data.shape[2:])


def batches(points: Tensor, labels: Tensor, order: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the points and the labels of each step, fetching several steps at a time for speed.

    Args:
        points: Shape (seeds, count, ...).
        labels: Shape (seeds, count, ...).
        order: Which points make up the batches, of shape (lanes, steps, batch) or (seeds, steps, batch).

    Yields:
        Points and labels of shape (lanes, batch, ...), as `take` returns them.
    """
    together = max(1, AHEAD // (order.shape[0] * order.shape[2] * points[0, 0].numel()))
    for first in range(0, order.shape[1], together):
        steps = order[:, first : first + together]
        x, y = (take(d, steps.flatten(1)).view(*steps.shape, *d.shape[2:]) for d in (points, labels))
        yield from zip(x.unbind(1), y.unbind(1), strict=True)
