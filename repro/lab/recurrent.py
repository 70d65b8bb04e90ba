"""Recurrent layers over stacked weights.

The plain recurrence runs all lanes at once as one function over time. For LSTM and GRU torch's fused kernels
win over any batched form, but take one set of weights: they run lane by lane, and are fastest where the
gradient is taken lane by lane too (`repro.lab.parameters.each_lane`): one lane's graph stays in the cache.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd import Function

from repro.lab.parameters import Shapes, Weights


class States(NamedTuple):
    """What a recurrent layer went through.

    Attributes:
        course: All states, of shape (lanes, time, batch, hidden).
        last: The last ones, of shape (lanes, batch, hidden); cheaper to differentiate where they are enough.
    """

    course: Tensor
    last: Tensor


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


def rnn(weights: Weights, x: Tensor, prefix: str = "recurrent.") -> States:
    """Return the states h_t = tanh(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh) of each lane, from h_0 = 0.

    It can be differentiated only once.

    Args:
        weights: Made with `recurrent_shapes("rnn", ...)`.
        x: Shape (lanes, time, batch, inputs).
        prefix: What the weights' names start with.
    """
    w_ih, w_hh, b_ih, b_hh = _named(weights, prefix)
    over_time = x.permute(1, 0, 3, 2).contiguous()  # (time, lanes, inputs, batch)
    bias = b_ih + b_hh
    course, last = _Recurrence.apply(over_time, w_ih, w_hh, bias)  # type: ignore[no-untyped-call]  # torch
    return States(course.permute(1, 0, 3, 2), last.mT)


class _Recurrence(Function):
    """All h_t = tanh(V x_t + W h_(t-1) + b) and the last, for x of shape (time, lanes, inputs, batch).

    Time comes first because matrix kernels batch over lanes only where a step's lanes are contiguous.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, v: Tensor, w: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        ctx.set_materialize_grads(False)  # an output that nobody used has no slope, rather than one of zeros
        states = x.new_empty(len(x), len(w), w.shape[2], x.shape[3])
        for t, state in enumerate(states):
            torch.baddbmm(bias.unsqueeze(2), v, x[t], out=state)
            if t:
                state.baddbmm_(w, states[t - 1])
            state.tanh_()
        ctx.save_for_backward(x, v, w, states)
        return states, states[-1].clone()

    @staticmethod
    def backward(ctx: Any, by_states: Tensor | None, by_last: Tensor | None) -> tuple[Tensor | None, ...]:
        if torch.is_grad_enabled():
            raise RuntimeError("rnn can be differentiated only once; write the recurrence out for a Hessian")
        x, v, w, states = ctx.saved_tensors
        by_x = torch.empty_like(x) if ctx.needs_input_grad[0] else None
        by_v, by_w, by_bias = torch.zeros_like(v), torch.zeros_like(w), v.new_zeros(v.shape[:2])
        slope = torch.zeros_like(states[0]) if by_last is None else by_last.contiguous()
        for t in reversed(range(len(x))):
            if by_states is not None:
                slope = slope + by_states[t]
            slope = torch.ops.aten.tanh_backward(slope, states[t])
            by_bias += slope.sum(2)
            by_v.baddbmm_(slope, x[t].mT)
            if by_x is not None:
                torch.bmm(v.mT, slope, out=by_x[t])
            if t:
                by_w.baddbmm_(slope, states[t - 1].mT)
                slope = torch.bmm(w.mT, slope)
        return by_x, by_v, by_w, by_bias


def lstm(weights: Weights, x: Tensor, prefix: str = "recurrent.") -> States:
    """Return the states of a long short-term memory in each lane (torch.nn.LSTM), from zero.

    Args and shapes as for `rnn`.
    """
    zero = x.new_zeros(1, x.shape[2], weights[prefix + "weight_hh"].shape[2])
    lanes = zip(x, *_named(weights, prefix), strict=True)
    return _stacked(
        [torch.lstm(one, (zero, zero), w, True, 1, 0.0, True, False, False)[:2] for one, *w in lanes]
    )


def gru(weights: Weights, x: Tensor, prefix: str = "recurrent.") -> States:
    """Return the states of gated recurrent units in each lane (torch.nn.GRU), from zero.

    Args and shapes as for `rnn`.
    """
    zero = x.new_zeros(1, x.shape[2], weights[prefix + "weight_hh"].shape[2])
    lanes = zip(x, *_named(weights, prefix), strict=True)
    return _stacked([torch.gru(one, zero, w, True, 1, 0.0, True, False, False) for one, *w in lanes])


def _stacked(lanes: list[tuple[Tensor, Tensor]]) -> States:
    course, last = zip(*lanes, strict=True)
    return States(torch.stack(course), torch.cat(last))


def _named(weights: Weights, prefix: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    w_ih, w_hh, b_ih, b_hh = (weights[prefix + name] for name in names)
    return w_ih, w_hh, b_ih, b_hh
