"""How much of the gain of the best of many networks is there on digits that selected nothing?

Hypothesis: a measured accuracy is the true one plus luck with the test set. The best of many carries the luck
that made it best, which fresh digits do not show. Where the candidates are one recipe started anew, luck is
much of what sets them apart; where they are recipes that differ, there is something real to be found.

Method: networks are trained on 300 digits of scikit-learn and give their answers on all others. A seed is
many contests; each splits these others into test, validation and fresh digits, and is won by the candidate
that does best on the part it is selected on (by lot where several do). It gains its lead over the mean.

Arms: candidates that differ in their initial weights alone, or in their learning rate as well, log-uniform
within a factor of ten around that of the recipe; selected on the test digits, or on validation digits.

Outcomes: gain of the winner on the test digits and on fresh ones, their difference, and their ratio.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from sklearn.datasets import load_digits
from torch import Tensor
from torch.nn.functional import cross_entropy

from repro.lab.outcomes import Outcome
from repro.lab.seeds import Seeds

TRAINED_ON = 300  # digits
RATE = 0.01  # learning rate of Adam in the recipe
PARTS = ("test", "validation", "fresh")  # into which the other digits are split
LOTS = 1e6  # lots tell equal scores apart; over this they are less than one digit


@dataclass(frozen=True)
class Scale:
    """Contests per seed, candidates in each, hidden units of a network and steps of its training."""

    contests: int = 400
    candidates: int = 20
    hidden: int = 16
    steps: int = 100


MINIMAL = Scale()
LARGE = Scale(contests=4000, candidates=100, hidden=64, steps=400)
TRIAL = {"contests": 20, "candidates": 5, "steps": 40}
OUTCOMES = {
    "apparent_gain": Outcome(
        "gain of the winner on the test digits", unit="percentage points", better="higher", resolution=0.01
    ),
    "fresh_gain": Outcome(
        "gain of the winner on fresh digits", unit="percentage points", better="higher", resolution=0.01
    ),
    "optimism": Outcome(
        "gain on the test digits that fresh digits do not show",
        unit="percentage points",
        better="lower",
        resolution=0.01,
    ),
    "real_share": Outcome(
        "share of the gain that fresh digits show",
        unit="share of the gain",
        better="higher",
        resolution=0.001,
    ),
}


class Arm(NamedTuple):
    """What selects the winner, and by how many decades the rate may differ from the recipe's."""

    text: str
    selected_on: str
    decades: float


ARMS = {
    "restarts": Arm("one recipe, selected on the test digits", "test", 0.0),
    "restarts_validated": Arm("one recipe, selected on validation digits", "validation", 0.0),
    "recipes": Arm("learning rates that differ, selected on the test digits", "test", 1.0),
    "recipes_validated": Arm("learning rates that differ, selected on validation digits", "validation", 1.0),
}


def right_answers(seeds: Seeds, scale: Scale, factor: Tensor) -> Tensor:
    """Return for each network which digits beyond those it was trained on it has right.

    A factor on how far the weights have moved is one on Adam's rate, since Adam does not see how large
    gradients are.

    Args:
        seeds: The seeds of the block.
        scale: Hidden units and steps.
        factor: On the learning rate, (seeds, networks).

    Returns:
        Ones and zeros, (seeds, networks, digits).
    """
    pixels, classes = load_digits(return_X_y=True)
    networks = factor.shape[1]
    order = seeds.permutations("training set", len(pixels))
    x = torch.from_numpy(pixels / 16).float().to(seeds.device)[order][:, None]  # (seeds, 1, digits, 64)
    y = torch.from_numpy(classes).to(seeds.device)[order][:, None].expand(-1, networks, -1)
    first = seeds.normal("first layer", networks, 64, scale.hidden) / 8
    second = seeds.normal("second layer", networks, scale.hidden, 10) / scale.hidden**0.5
    moved = [torch.zeros_like(weights, requires_grad=True) for weights in (first, second)]
    optimiser = torch.optim.Adam(moved, lr=RATE)

    def logits(points: Tensor) -> Tensor:
        of_first, of_second = (factor[..., None, None] * move for move in moved)
        found: Tensor = (points @ (first + of_first)).relu() @ (second + of_second)
        return found

    for _ in range(scale.steps):
        scores = logits(x[:, :, :TRAINED_ON])  # (seeds, networks, TRAINED_ON, 10)
        loss = cross_entropy(scores.movedim(-1, 1), y[..., :TRAINED_ON], reduction="sum") / TRAINED_ON
        for move, slope in zip(moved, torch.autograd.grad(loss, moved), strict=True):
            move.grad = slope
        optimiser.step()
    with torch.no_grad():
        answers = logits(x[:, :, TRAINED_ON:]).argmax(-1)
    return (answers == y[..., TRAINED_ON:]).double()


def scored(seeds: Seeds, scale: Scale, right: Tensor) -> dict[str, Tensor]:
    """Return the accuracy of each network on each part in each contest, (seeds, contests, networks)."""
    digits = right.shape[-1]
    place = seeds.uniform("split", scale.contests, digits).argsort(-1)  # (seeds, contests, digits)
    scores = {}
    for number, part in enumerate(PARTS):
        is_in = (place * len(PARTS) // digits == number).double()
        scores[part] = is_in / is_in.sum(-1, keepdim=True) @ right.mT
    return scores


def percent_gained(scores: Tensor, winner: Tensor) -> Tensor:
    """Return by how much the winner leads the mean candidate, in the mean over contests, (seeds,)."""
    lead = scores.gather(-1, winner)[..., 0] - scores.mean(-1)  # (seeds, contests)
    return 100 * lead.mean(1)


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, selected_on, decades = ARMS[arm]
    log10_factor = decades * seeds.uniform("rates", scale.candidates, low=-1.0)
    scores = scored(seeds, scale, right_answers(seeds, scale, 10**log10_factor))
    lots = seeds.uniform("lots", scale.contests, scale.candidates, dtype=torch.float64) / LOTS
    winner = (scores[selected_on] + lots).argmax(-1, keepdim=True)  # (seeds, contests, 1)
    apparent = percent_gained(scores["test"], winner)
    fresh = percent_gained(scores["fresh"], winner)
    return {
        "apparent_gain": apparent,
        "fresh_gain": fresh,
        "optimism": apparent - fresh,
        "real_share": fresh / apparent,
    }
