"""Plain torch: one `torch.nn.Module` per seed, initialised from its seed, where no layer of the lab will do.

    def net() -> nn.Module:
        return nn.Sequential(nn.Linear(40, 100), nn.Tanh(), nn.Linear(100, 10))

    for module, x, y in zip(modules(net, seeds), data.x, data.y, strict=True):
        optimiser = torch.optim.SGD(module.parameters(), lr=0.1)
        for _ in range(steps):
            descend(optimiser, functional.cross_entropy(module(x), y))

This trains the seeds one after another, which takes several times as long as the lanes of the lab.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn

from repro.lab.seeds import Seeds

Module = TypeVar("Module", bound=nn.Module)


def modules(make: Callable[[], Module], seeds: Seeds, purpose: str = "modules") -> list[Module]:
    """Return one module per seed, whose initial weights are drawn from that seed alone.

    Layers of torch draw their weights from its global generator. It is seeded for each module, and afterwards
    it is as it was before.

    Args:
        make: Makes a module with its initial weights; it is called once for each seed.
        seeds: Each gets its own module.
        purpose: Name of the random stream.
    """
    made = []
    with torch.random.fork_rng(devices=[]):
        for generator in seeds.generators(purpose):
            torch.manual_seed(int(generator.integers(2**63)))
            made.append(make().to(seeds.device))
    return made


def generators(seeds: Seeds, purpose: str) -> list[torch.Generator]:
    """Return a generator of torch for each seed, to pass to what takes `generator=`.

    Args:
        seeds: Each gets its own generator.
        purpose: Name of the random stream.
    """
    keys = [int(each.integers(2**63)) for each in seeds.generators(purpose)]
    return [torch.Generator(seeds.device).manual_seed(key) for key in keys]


def descend(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    """Take one step of an optimiser of torch down the gradient of a loss.

    Args:
        optimiser: Such as `torch.optim.SGD`, over a module's parameters.
        loss: One number.
    """
    optimiser.zero_grad()
    torch.autograd.backward(loss)
    optimiser.step()
