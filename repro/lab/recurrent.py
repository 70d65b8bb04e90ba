"""Recurrent layers over stacked weights.

The plain recurrence runs all lanes at once as one function over time. For LSTM and GRU torch's fused kernels
win over any batched form, but take one set of weights: they run lane by lane.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from repro.lab.parameters import Shapes, Weights

GATES = {"rnn": 1, "gru": 3, "lstm": 4}


def recurrent_shapes(kind: str, inputs: int, hidden: int, prefix: str = "recurrent.") -> Shapes:
    """Return the weight shapes of one recurrent layer, in torch's layout and order of gates.

    Args:
        kind: `rnn`, `gru` or `lstm`.
        inputs: Features of the input.
        hidden: Features of the state.
        prefix: What the names start with.
    """
    rows = GATES[kind] * hidden
    return {
        f"{prefix}weight_ih": (rows, inputs),
        f"{prefix}weight_hh": (rows, hidden),
        f"{prefix}bias_ih": (rows,),
        f"{prefix}bias_hh": (rows,),
    }


def rnn(weights: Weights, x: Tensor, prefix: str = "recurrent.") -> Tensor:
    """Return the states h_t = tanh(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh) of each lane, from h_0 = 0.

    It can be differentiated only once.

    Args:
        weights: Made with `recurrent_shapes("rnn", ...)`.
        x: Shape (lanes, time, batch, inputs).
        prefix: What the weights' names start with.

    Returns:
        Shape (lanes, time, batch, hidden).
    """
    w_ih, w_hh, b_ih, b_hh = _named(weights, prefix)
    lanes, time, batch, inputs = x.shape
    drive = torch.baddbmm((b_ih + b_hh).unsqueeze(1), x.reshape(lanes, time * batch, inputs), w_ih.mT)
    drive = drive.view(lanes, time, batch, -1)
    states: Tensor = _Recurrence.apply(drive, w_hh)  # type: ignore[no-untyped-call]  # torch
    return states


class _Recurrence(Function):
    """h_t = tanh(drive_t + W h_(t-1)) for all times and lanes, in place."""

    @staticmethod
    def forward(ctx: Any, drive: Tensor, weight: Tensor) -> Tensor:
        states = torch.empty_like(drive)
        torch.tanh(drive[:, 0], out=states[:, 0])
        for t in range(1, drive.shape[1]):
            torch.baddbmm(drive[:, t], states[:, t - 1], weight.mT, out=states[:, t]).tanh_()
        ctx.save_for_backward(states, weight)
        return states

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, Tensor]:
        if torch.is_grad_enabled():
            raise RuntimeError("rnn can be differentiated only once; write the recurrence out for a Hessian")
        states, weight = ctx.saved_tensors
        by_drive = slope.clone(memory_format=torch.contiguous_format)
        flatness = 1 - states.square()
        for t in range(states.shape[1] - 1, 0, -1):
            by_drive[:, t] *= flatness[:, t]
            by_drive[:, t - 1].baddbmm_(by_drive[:, t], weight)
        by_drive[:, 0] *= flatness[:, 0]
        later, earlier = by_drive[:, 1:].flatten(1, 2), states[:, :-1].flatten(1, 2)
        return by_drive, torch.bmm(later.mT, earlier)


def lstm(weights: Weights, x: Tensor, prefix: str = "recurrent.") -> Tensor:
    """Return the states of a long short-term memory in each lane (torch.nn.LSTM), from zero.

    Args and shapes as for `rnn`.
    """
    hidden = weights[prefix + "weight_hh"].shape[2]
    zero = x.new_zeros(1, x.shape[2], hidden)
    lanes = zip(x, *_named(weights, prefix), strict=True)
    return torch.stack(
        [torch.lstm(one, (zero, zero), w, True, 1, 0.0, True, False, False)[0] for one, *w in lanes]
    )


def gru(weights: Weights, x: Tensor, prefix: str = "recurrent.") -> Tensor:
    """Return the states of gated recurrent units in each lane (torch.nn.GRU), from zero.

    Args and shapes as for `rnn`.
    """
    zero = x.new_zeros(1, x.shape[2], weights[prefix + "weight_hh"].shape[2])
    lanes = zip(x, *_named(weights, prefix), strict=True)
    return torch.stack([torch.gru(one, zero, w, True, 1, 0.0, True, False, False)[0] for one, *w in lanes])


def _named(weights: Weights, prefix: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    w_ih, w_hh, b_ih, b_hh = (weights[prefix + name] for name in names)
    return w_ih, w_hh, b_ih, b_hh
