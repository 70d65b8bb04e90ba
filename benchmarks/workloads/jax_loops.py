"""Training in JAX: one seed's run as a scan over steps, to be mapped over seeds and compiled whole.

Imported only by the processes that train with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from .task import Task

Weights = dict[str, jax.Array]
Loss = Callable[[Weights, Any, jax.Array, jax.Array], tuple[jax.Array, Any]]
"""From weights, running statistics, points and labels to a loss and new statistics."""
Rule = tuple[Callable[[Weights], Any], Callable[[Weights, Weights, Any], tuple[Weights, Any]]]
"""An optimiser: weights to its state; weights, gradient and state to new weights and state."""


def adam(rate: float) -> Rule:
    """Return Adam as torch defines it."""

    def start(weights: Weights) -> Any:
        zero = jax.tree.map(jnp.zeros_like, weights)
        return zero, zero, jnp.zeros((), jnp.float32)

    def step(weights: Weights, slope: Weights, state: Any) -> tuple[Weights, Any]:
        first, second, count = state
        count = count + 1
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, slope)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, slope)
        size, root = rate / (1 - 0.9**count), jax.lax.rsqrt(1 - 0.999**count)
        weights = jax.tree.map(
            lambda w, m, v: w - size * m / (jnp.sqrt(v) * root + 1e-8), weights, first, second
        )
        return weights, (first, second, count)

    return start, step


def sgd(rate: float) -> Rule:
    """Return gradient descent."""
    return lambda _: (), lambda weights, slope, state: (
        jax.tree.map(lambda w, g: w - rate * g, weights, slope),
        state,
    )


def run(
    task: Task,
    loss: Loss,
    rule: Rule,
    statistics: Any = (),
    condense: Callable[..., Any] = lambda x, y: (x, y),
) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """Return the function that trains all seeds, to be compiled, and its arguments.

    Args:
        task: What to train on.
        loss: One seed's loss on one batch.
        rule: The optimiser.
        statistics: One seed's running statistics before the first step.
        condense: Turns one seed's points and labels into what its steps need.
    """
    jax.config.update("jax_enable_x64", task.x.dtype.itemsize == 8)
    start, step = rule
    slopes = jax.value_and_grad(loss, has_aux=True)

    def one(weights: Weights, x: jax.Array, y: jax.Array, order: jax.Array) -> jax.Array:
        x, y = condense(x, y)

        def advance(carry: Any, index: jax.Array) -> tuple[Any, jax.Array]:
            weights, state, statistics = carry
            batch = (x[index], y[index]) if index.size else (x, y)
            (value, statistics), slope = slopes(weights, statistics, *batch)
            return (*step(weights, slope, state), statistics), value

        return jax.lax.scan(advance, (weights, start(weights), statistics), order)[1][-1]

    weights = {name: weight.detach().numpy() for name, weight in task.parameters().weights.items()}
    return jax.vmap(one), (weights, task.x.numpy(), task.y.numpy(), task.order.int().numpy())


def cross_entropy(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """Return the mean cross entropy of one seed's batch."""
    logs = jax.nn.log_softmax(logits)
    return -jnp.take_along_axis(logs, labels[:, None], 1).mean()
