"""The training loop: one step for each batch, all lanes at once, by a rule of descent.

    net = initialise(seeds, mlp_shapes(40, 100, 10), "he")
    order = batch_order(seeds, points, batch, steps)
    losses = train(net, batches(x, y, order), classification(mlp), by_adam(net, 1e-3))

`losses` then has the shape (lanes, steps), and `net` holds the trained weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from repro.lab.losses import cross_entropy, squared_error
from repro.lab.optimise import adam, adam_state, sgd
from repro.lab.parameters import Parameters, Weights, gradient

Network = Callable[[Weights, Tensor], Tensor]
"""The outputs of each lane's network, given its weights and a batch of inputs."""
Loss = Callable[[Weights, Tensor, Tensor], Tensor]
"""The loss of each lane, of shape (lanes,), given weights, inputs and targets."""
Descent = Callable[[Tensor], None]
"""Takes the gradient, of shape (lanes, count), and changes the weights in place."""


def train(
    net: Parameters,
    examples: Iterable[tuple[Tensor, Tensor]],
    loss: Loss,
    descent: Descent,
    *,
    watch: Callable[[int], None] | None = None,
) -> Tensor:
    """Train every lane on its own batches and return the loss before each step.

    Args:
        net: The weights, changed in place.
        examples: Inputs and targets of each step, of shape (lanes, batch, ...), as `batches` yields them.
        loss: What is to become small.
        descent: The rule by which the weights change, such as `by_adam(net, 1e-3)`.
        watch: Called after each step with the number of steps so far, to look at the weights.

    Returns:
        Losses of shape (lanes, steps).
    """
    losses = []
    for step, (x, y) in enumerate(examples, start=1):
        value = loss(net.weights, x, y)
        descent(gradient(value, net))
        losses.append(value.detach())
        if watch is not None:
            watch(step)
    return torch.stack(losses, 1)


def classification(network: Network) -> Loss:
    """Return the mean cross entropy, in nats, of a network whose outputs are scores of classes."""
    return lambda weights, x, labels: cross_entropy(network(weights, x), labels)


def regression(network: Network) -> Loss:
    """Return the mean squared error of a network."""
    return lambda weights, x, targets: squared_error(network(weights, x), targets)


def by_sgd(net: Parameters, rate: float | Tensor, *, momentum: float = 0.0, decay: float = 0.0) -> Descent:
    """Return gradient descent on the batch that it is given, with heavy-ball momentum if it is not zero.

    Args:
        net: The weights that it changes.
        rate: Learning rate, a number or of shape (lanes,).
        momentum: Share of the velocity that is kept.
        decay: Weight decay inside the gradient.
    """
    velocity = torch.zeros_like(net.flat) if momentum else None
    return lambda slope: sgd(net.flat, slope, velocity, rate, momentum=momentum, decay=decay)


def by_adam(net: Parameters, rate: float | Tensor, *, decoupled_decay: float = 0.0) -> Descent:
    """Return Adam with its usual constants.

    Args:
        net: The weights that it changes.
        rate: Learning rate, a number or of shape (lanes,).
        decoupled_decay: Weight decay outside the gradient, as in AdamW.
    """
    state = adam_state(net.flat)
    return lambda slope: adam(net.flat, slope, state, rate, decoupled_decay=decoupled_decay)
