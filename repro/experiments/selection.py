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

from repro.lab.seeds import Seeds

ACCURACY = 0.9  # true accuracy of the mean simulated candidate
TRAINED_ON = 300  # digits


@dataclass(frozen=True)
class Scale:
    """Contests of a seed, points in each set, hidden units of a network and steps of its training."""

    contests: int = 400
    points: int = 1000
    hidden: int = 16
    steps: int = 100


MINIMAL = Scale()
LARGE = Scale(contests=4000, hidden=64, steps=400)
Scores = dict[
    str, Tensor
]  # accuracy of each candidate and of one more run: (seeds, contests, candidates + 1)


def simulated(seeds: Seeds, scale: Scale, runs: int, *, spread: float = 0.0) -> Scores:
    truth = ACCURACY + spread * seeds.normal("truth", scale.contests, runs, dtype=torch.float64).cpu().numpy()
    scores = {}
    for part in ("test", "validation", "fresh"):
        chances = zip(seeds.generators(part), truth.clip(0, 1), strict=True)
        counts = np.stack([rng.binomial(scale.points, chance) for rng, chance in chances])
        scores[part] = torch.from_numpy(counts / scale.points).to(seeds.device)
    return scores


def networks(seeds: Seeds, scale: Scale, runs: int) -> Scores:
    pixels, classes = load_digits(return_X_y=True)
    order = seeds.permutations("training set", len(pixels))
    x = torch.from_numpy(pixels / 16).float().to(seeds.device)[order][:, None]  # (seeds, 1, digits, 64)
    y = torch.from_numpy(classes).to(x.device)[order][:, None].expand(-1, runs, -1)  # (seeds, runs, digits)
    W1 = seeds.normal("W1", runs, 64, scale.hidden).div_(8).requires_grad_()
    W2 = seeds.normal("W2", runs, scale.hidden, 10).div_(scale.hidden**0.5).requires_grad_()
    optimiser = torch.optim.Adam([W1, W2], lr=0.01)
    for _ in range(scale.steps):
        logits = (x[:, :, :TRAINED_ON] @ W1).relu() @ W2  # (seeds, runs, digits, 10)
        loss = torch.nn.functional.cross_entropy(logits.movedim(-1, 1), y[..., :TRAINED_ON], reduction="sum")
        W1.grad, W2.grad = torch.autograd.grad(loss / TRAINED_ON, (W1, W2))
        optimiser.step()
    with torch.no_grad():
        right = (((x[:, :, TRAINED_ON:] @ W1).relu() @ W2).argmax(-1) == y[..., TRAINED_ON:]).double()
    half = seeds.uniform("split", scale.contests, right.shape[-1]).argsort(-1) < right.shape[-1] // 2
    place = seeds.uniform("places", scale.contests, runs).argsort(-1)  # who is the one more run
    parts = {"test": half.double(), "fresh": (~half).double()}
    return {p: (m / m.sum(-1, keepdim=True) @ right.mT).gather(-1, place) for p, m in parts.items()}


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
OUTCOMES = {
    "apparent_gain": "percentage points; higher is better; resolution 0.01",
    "fresh_gain": "percentage points; higher is better; resolution 0.01",
    "optimism": "percentage points; lower is better; resolution 0.01",
    "beats_one_run": "share of contests; neither is better; resolution 0.0025",
}


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, candidates, selected_on, make = ARMS[arm]
    scores = make(seeds, scale, candidates + 1)
    lots = seeds.uniform("lots", scale.contests, candidates + 1, dtype=torch.float64) / 1e6
    drawn = {part: score + lots for part, score in scores.items()}
    winner = drawn[selected_on][..., 1:].argmax(-1, keepdim=True) + 1  # (seeds, contests, 1)
    gains = {part: 100 * (s.gather(-1, winner)[..., 0] - s[..., 1:].mean(-1)) for part, s in scores.items()}
    return {
        "apparent_gain": gains["test"].mean(1),
        "fresh_gain": gains["fresh"].mean(1),
        "optimism": (gains["test"] - gains["fresh"]).mean(1),
        "beats_one_run": (drawn["test"].gather(-1, winner)[..., 0] > drawn["test"][..., 0]).double().mean(1),
    }
