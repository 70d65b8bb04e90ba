"""The workloads of the training benchmark: every variant trains the same networks."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

import pytest
import torch

from benchmarks.workloads import batch_norm, cnn, linear, mlp, recurrent
from benchmarks.workloads.task import Variant, Workload
from repro.lab.seeds import Seeds

SEEDS = Seeds((0, 1, 2, 3, 4))
STEPS = 3
WORKLOADS = MappingProxyType({
    "W1": mlp.WORKLOAD,
    "W2": cnn.WORKLOAD,
    "W3": batch_norm.WORKLOAD,
    "W4-rnn": recurrent.workload("rnn"),
    "W4-lstm": recurrent.workload("lstm"),
    "W5": linear.WORKLOAD,
})  # fmt: skip


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def cases(*, is_jax: bool) -> list[tuple[Workload, Variant]]:
    """Return every variant that is in JAX, or is not, but for the plain loop."""
    return [
        pytest.param(workload, variant, id=f"{number} {name}")
        for number, workload in WORKLOADS.items()
        for name, variant in workload.variants.items()
        if variant.is_jax == is_jax and name != "plain"
    ]


def assert_trains_as_plain(workload: Workload, losses: torch.Tensor, task) -> None:
    """Compare the losses of the last step with the plain loop's."""
    plain = workload.variants["plain"].train(task)
    assert losses.isfinite().all()
    torch.testing.assert_close(losses.to(plain.dtype), plain, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("workload", "variant"), cases(is_jax=False))
def test_every_variant_trains_the_networks_of_the_plain_loop(workload, variant):
    """From the same weights, on the same batches, the losses after a few steps are the same."""
    task = workload.prepare(SEEDS, STEPS)
    assert_trains_as_plain(workload, variant.train(task), task)


@pytest.mark.parametrize(("workload", "variant"), cases(is_jax=True))
def test_jax_trains_the_networks_of_the_plain_loop(workload, variant):
    """The peer does the same work: its losses are those of the plain loop."""
    import jax

    task = workload.prepare(SEEDS, STEPS)
    function, arguments = variant.train(task)
    assert_trains_as_plain(workload, torch.tensor(jax.jit(function)(*arguments).tolist()), task)
