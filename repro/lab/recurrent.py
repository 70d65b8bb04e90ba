"""Recurrent layers over stacked weights.

The plain recurrence and the LSTM run all lanes at once, each as one function over time. The GRU uses torch's
fused kernel, which takes one set of weights, lane by lane.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional

from repro.lab.parameters import Shapes, Weights


class States(NamedTuple):
    """The states that a recurrent layer passed through.

    Attributes:
        course: All the states, of shape (lanes, time, batch, hidden).
        last: The final states, of shape (lanes, batch, hidden); cheaper to differentiate where they suffice.
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
        ctx.set_materialize_grads(False)  # an unused output has no gradient, rather than one of zeros
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

    It can be differentiated only once. Arguments and shapes are those of `rnn`.
    """
    w_ih, w_hh, b_ih, b_hh = _named(weights, prefix)
    over_time = x.permute(1, 0, 3, 2)  # (time, lanes, inputs, batch)
    bias = b_ih + b_hh
    course, last = _Memory.apply(over_time, w_ih, w_hh, bias)  # type: ignore[no-untyped-call]  # torch
    return States(course.permute(1, 0, 3, 2), last.mT)


class _Memory(Function):
    """All states of an LSTM and the last, for x of shape (time, lanes, inputs, batch).

    With gates i, f, o = sigmoid(...) and the candidate g = tanh(...) (Gers et al. 2000, without peepholes):
    c_t = f c_(t-1) + i g and h_t = o tanh(c_t). A tanh costs three times as much as a sigmoid, so tanh z is
    computed as 1 - 2 sigmoid(-2 z); its slope is four times that of the sigmoid. The input of a step is one
    matrix (the state above the input above ones), so that one product serves weights, inputs and bias.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, v: Tensor, w: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        ctx.set_materialize_grads(False)
        hidden, batch = w.shape[2], x.shape[3]
        x = _padded(x, hidden)
        steps, lanes, _, columns = x.shape
        weight = torch.cat([w, v, bias.unsqueeze(2)], 2) * _row_factors(w, 1, -2).unsqueeze(1)
        entered = x.new_empty(steps + 1, lanes, weight.shape[2], columns)
        entered[:-1, :, hidden:-1], entered[:, :, -1] = x, 1
        gates = x.new_empty(steps, lanes, 4 * hidden, columns)
        cells, squashed = (x.new_empty(steps + 1, lanes, hidden, columns) for _ in range(2))
        states = entered[:, :, :hidden]
        states[0], cells[0] = 0, 0
        over_time = (part.unbind() for part in (entered, gates, *gates.chunk(4, 2), cells))
        after = (part[1:].unbind() for part in (cells, squashed, states))
        for enters, gate, taken, kept, new, shown, cell, cell_after, squash, state in zip(
            *over_time,
            *after,
            strict=False,  # there is one more input and one more cell
        ):
            torch.bmm(weight, enters, out=gate).sigmoid_()
            torch.addcmul(taken, kept, cell, out=cell_after).addcmul_(taken, new, value=-2)
            torch.mul(cell_after, -2, out=squash).sigmoid_()
            torch.addcmul(shown, shown, squash, value=-2, out=state)
        ctx.save_for_backward(v, w, entered, gates, cells, squashed)
        ctx.batch = batch
        return states[1:, ..., :batch], states[-1, ..., :batch].clone()

    @staticmethod
    def backward(ctx: Any, by_states: Tensor | None, by_last: Tensor | None) -> tuple[Tensor | None, ...]:
        if torch.is_grad_enabled():
            raise RuntimeError("lstm can be differentiated only once; write the recurrence out for a Hessian")
        v, w, entered, gates, cells, squashed = ctx.saved_tensors
        hidden, factor = w.shape[2], _row_factors(w, 1, 4)
        back, back_x = w.mT * factor, v.mT * factor  # (lanes, hidden or inputs, gates)
        by_x = torch.empty_like(entered[:-1, :, hidden:-1]) if ctx.needs_input_grad[0] else None
        by_weight = w.new_zeros(len(w), entered.shape[2], 4 * hidden)  # transposed: the product is faster
        by_cell, by_gates = torch.zeros_like(cells[0]), torch.empty_like(gates[0])
        slope = torch.zeros_like(by_cell)
        if by_last is not None:
            slope.copy_(_padded(by_last, hidden))
        slopes = None if by_states is None else _padded(by_states, hidden)
        for t in reversed(range(len(gates))):
            if slopes is not None:
                slope += slopes[t]
            _back_through_gates(by_gates, slope, by_cell, gates[t], cells[t], squashed[t + 1])
            by_weight.baddbmm_(entered[t], by_gates.mT)
            if by_x is not None:
                by_x[t] = torch.bmm(back_x, by_gates)
            torch.bmm(back, by_gates, out=slope)
        by_w, by_v, by_bias = (by_weight * factor).mT.tensor_split([hidden, entered.shape[2] - 1], 2)
        return by_x if by_x is None else by_x[..., : ctx.batch], by_v, by_w, by_bias.squeeze(2)


def _back_through_gates(  # noqa: PLR0917  # six tensors of one step
    out: Tensor, slope: Tensor, by_cell: Tensor, gates: Tensor, cell: Tensor, squashed: Tensor
) -> None:
    """Take an LSTM's gradients by its state and by its cell back through a step, all in place.

    Args:
        out: Becomes the gradient by the inputs of the gates, with their shape.
        slope: Gradient by the state; it is overwritten.
        by_cell: Gradient by the cell; becomes that by the cell of the previous step.
        gates: The values of the gates.
        cell: The cell of the previous step.
        squashed: The sigmoid of -2 times the cell.
    """
    taken, kept, new, shown = gates.chunk(4, 1)
    by_taken, by_kept, by_new, by_shown = out.chunk(4, 1)
    torch.addcmul(slope, slope, squashed, value=-2, out=by_shown)
    by_cell.add_(torch.ops.aten.sigmoid_backward(slope.mul_(shown), squashed), alpha=4)
    torch.addcmul(by_cell, by_cell, new, value=-2, out=by_taken)
    torch.mul(by_cell, cell, out=by_kept)
    torch.mul(by_cell, taken, out=by_new)
    torch.ops.aten.sigmoid_backward(out, gates, grad_input=out)
    by_cell.mul_(kept)


def _row_factors(w: Tensor, gate: float, candidate: float) -> Tensor:
    """Return one factor for the rows of the gates and one for those of the candidate, the third of four."""
    return w.new_tensor([gate, gate, candidate, gate]).repeat_interleave(w.shape[2])


def _padded(x: Tensor, hidden: int) -> Tensor:
    """Return x with zeros after its last dimension, so that every lane fills whole vector registers.

    Torch's sigmoid rounds differently at a tensor's end than within it. 32 numbers fill the widest pass.
    """
    fill = -x.shape[-1] % (32 // math.gcd(hidden, 32))
    return functional.pad(x, (0, fill)) if fill else x


def gru(weights: Weights, x: Tensor, prefix: str = "recurrent.") -> States:
    """Return the states of gated recurrent units in each lane (torch.nn.GRU), from zero.

    Arguments and shapes are those of `rnn`.
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
