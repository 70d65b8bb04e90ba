"""How much progress does reporting the best of k equal models on the test set manufacture?

Hypothesis: a measured accuracy is the true one plus luck. The largest of k measurements carries the luck that
made it largest: an order statistic on the test points, nothing on fresh ones. Real networks share training
set, recipe and the hard test points, so their luck is correlated and there is less of it to pick from.

Method: a seed is many contests, each won by the candidate that does best on the points it is selected on (by
lot where several do). Simulated candidates are right on each point with their true probability. Networks have
different initial weights and are trained on digits; each contest splits the rest into test and fresh points.

Arms: how many equal candidates compete. In one arm validation points select the winner, in one the candidates
truly differ, so that there is something to find, and in one they are networks.

Outcomes: gain of the winner over the mean candidate on the test points, on points that selected nothing, and
the difference; how often it beats one more run of the recipe, for equal candidates k/(k + 1) of the contests.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor
from torch.nn.functional import cross_entropy

from repro.lab.outcomes import Outcome
from repro.lab.seeds import Seeds

ACCURACY = 0.9  # true accuracy of the mean simulated candidate
TRAINED_ON = 300  # digits
RATE = 0.01  # learning rate of Adam
LOTS = 1e6  # lots tell equal scores apart; over this they are less than one point
Scores = dict[str, Tensor]  # accuracies of one more run and of all candidates, (seeds, contests, runs)


@dataclass(frozen=True)
class Scale:
    """Contests per seed, points in each set, hidden units of a network and steps of its training."""

    contests: int = 400
    points: int = 1000
    hidden: int = 16
    steps: int = 100


MINIMAL = Scale()
LARGE = Scale(contests=4000, hidden=64, steps=400)
OUTCOMES = {
    "apparent_gain": Outcome(
        "gain of the winner on the test points", unit="percentage points", better="higher", resolution=0.01
    ),
    "fresh_gain": Outcome(
        "gain of the winner on fresh points", unit="percentage points", better="higher", resolution=0.01
    ),
    "optimism": Outcome(
        "gain on the test points that fresh points do not show",
        unit="percentage points",
        better="lower",
        resolution=0.01,
    ),
    "beats_one_run": Outcome(
        "contests in which the winner beats one more run",
        unit="share of contests",
        better="neither",
        resolution=0.0025,
    ),
}


def simulated(seeds: Seeds, scale: Scale, runs: int, *, spread: float = 0.0) -> Scores:
    normal = seeds.normal("truth", scale.contests, runs, dtype=torch.float64)
    truth = (ACCURACY + spread * normal.cpu().numpy()).clip(0, 1)  # (seeds, contests, runs)
    scores = {}
    for part in ("test", "validation", "fresh"):
        right = [
            rng.binomial(scale.points, chances)
            for rng, chances in zip(seeds.generators(part), truth, strict=True)
        ]
        scores[part] = torch.from_numpy(np.stack(right) / scale.points).to(seeds.device)
    return scores


def networks(seeds: Seeds, scale: Scale, runs: int) -> Scores:
    pixels, classes = load_digits(return_X_y=True)
    order = seeds.permutations("training set", len(pixels))
    x = torch.from_numpy(pixels / 16).float().to(seeds.device)[order][:, None]  # (seeds, 1, digits, 64)
    labels = torch.from_numpy(classes).to(seeds.device)[order]  # (seeds, digits)
    y = labels[:, None].expand(-1, runs, -1)  # (seeds, runs, digits)
    right = right_answers(seeds, scale, x, y)
    rest = right.shape[-1]
    in_test = seeds.uniform("split", scale.contests, rest).argsort(-1) < rest // 2  # (seeds, contests, rest)
    place = seeds.uniform("places", scale.contests, runs).argsort(-1)  # who is the one more run
    scores = {}
    for part, is_in in (("test", in_test), ("fresh", ~in_test)):
        counted = is_in.double()
        accuracy = counted / counted.sum(-1, keepdim=True) @ right.mT  # (seeds, contests, runs)
        scores[part] = accuracy.gather(-1, place)
    return scores


def right_answers(seeds: Seeds, scale: Scale, x: Tensor, y: Tensor) -> Tensor:
    """Return for each run which digits beyond those it was trained on it has right, (seeds, runs, rest)."""
    runs = y.shape[1]
    x_train, y_train = x[:, :, :TRAINED_ON], y[..., :TRAINED_ON]
    x_rest, y_rest = x[:, :, TRAINED_ON:], y[..., TRAINED_ON:]
    W1 = seeds.normal("W1", runs, 64, scale.hidden).div_(8).requires_grad_()
    W2 = seeds.normal("W2", runs, scale.hidden, 10).div_(scale.hidden**0.5).requires_grad_()
    optimiser = torch.optim.Adam([W1, W2], lr=RATE)
    for _ in range(scale.steps):
        logits = (x_train @ W1).relu() @ W2  # (seeds, runs, TRAINED_ON, 10)
        loss = cross_entropy(logits.movedim(-1, 1), y_train, reduction="sum")
        W1.grad, W2.grad = torch.autograd.grad(loss / TRAINED_ON, (W1, W2))
        optimiser.step()
    with torch.no_grad():
        answers = ((x_rest @ W1).relu() @ W2).argmax(-1)
    return (answers == y_rest).double()


class Arm(NamedTuple):
    """How many candidates compete, what selects the winner, and how their scores come about."""

    text: str
    candidates: int
    selected_on: str = "test"
    scores: Callable[[Seeds, Scale, int], Scores] = simulated


ARMS = {
    "best_of_5": Arm("5 equal candidates, selected on the test points", 5),
    "best_of_20": Arm("20 equal candidates, selected on the test points", 20),
    "best_of_100": Arm("100 equal candidates, selected on the test points", 100),
    "validated_best_of_100": Arm("100 equal candidates, selected on validation points", 100, "validation"),
    "unequal_best_of_20": Arm("20 candidates a point apart", 20, "test", partial(simulated, spread=0.01)),
    "networks_best_of_20": Arm("20 networks on digits, selected on the test points", 20, "test", networks),
}


def percent_gained(scores: Tensor, winner: Tensor) -> Tensor:
    """Return by how much the winner leads the mean candidate, (seeds, contests)."""
    return 100 * (scores.gather(-1, winner)[..., 0] - scores[..., 1:].mean(-1))


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, candidates, selected_on, make = ARMS[arm]
    scores = make(seeds, scale, 1 + candidates)
    lots = seeds.uniform("lots", scale.contests, 1 + candidates, dtype=torch.float64) / LOTS
    drawn = {part: score + lots for part, score in scores.items()}
    winner = drawn[selected_on][..., 1:].argmax(-1, keepdim=True) + 1  # (seeds, contests, 1)
    test_gain = percent_gained(scores["test"], winner)
    fresh_gain = percent_gained(scores["fresh"], winner)
    of_winner = drawn["test"].gather(-1, winner)[..., 0]  # (seeds, contests)
    of_one_run = drawn["test"][..., 0]
    return {
        "apparent_gain": test_gain.mean(1),
        "fresh_gain": fresh_gain.mean(1),
        "optimism": (test_gain - fresh_gain).mean(1),
        "beats_one_run": (of_winner > of_one_run).double().mean(1),
    }
