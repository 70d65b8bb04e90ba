"""How exact must a dozen weights be that are written by hand to paint one pixel at given coordinates?

Hypothesis: a pixel is the right one if its coordinates are those given, which two differences and their sizes
decide. Rectified units take them with a dozen weights of one and minus one. A weight that is a little wrong
moves the place at which a unit changes sides, in proportion to the coordinate, so that errors matter far out.

Method: each pixel has the coordinates i and j, counted from zero, and is given x and y. Four rectified units
take i - x, x - i, j - y and y - j, and the pixel's score is minus their sum: two convolutions of one pixel.
Every weight is multiplied by a factor of its own. The rule is right at a place if the pixel there, alone, has
the largest score. Each score is a sum of a part in x and i and one in y and j, so the right pixel leads alone
if and only if it does so along both axes; the shares of the two are multiplied. Nothing is trained. A seed's
percentage is the mean over many sets of weights, since a single one is mostly right everywhere or nearly so.

Arms: how far weights may be from one; signs drawn instead of written; and pixels without coordinates.

Outcomes: percent of the places of the picture at which the rule is right.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.seeds import Seeds

RULE = ((1.0, -1.0, -1.0), (-1.0, 1.0, -1.0))  # of an axis's two units: weights of pixel, place and score
AXES = 2
SIDES = (8, 16, 24, 32, 40, 48, 56, 64)  # pixels; the last is the paper's


@dataclass(frozen=True)
class Scale:
    """Sets of weights over which a seed's percentages are averaged."""

    hands: int = 200


MINIMAL = Scale()
LARGE = Scale(hands=1000)
OUTCOMES = {
    "right": Outcome("right on 64 by 64 pixels", unit="percent of places", better="higher", resolution=0.01),
    "right_curve": Curve(
        "places right",
        unit="percent",
        better="higher",
        axis=Axis("pixels of a side", values=SIDES),
    ),
}


class Arm(NamedTuple):
    """How far each weight may be from that of the rule, in parts of it, and what else is wrong with it."""

    description: str
    error: float = 0.0
    is_drawn: bool = False
    is_blind: bool = False


ARMS = {
    "exact": Arm("weights of one and minus one"),
    "half_percent": Arm("weights wrong by up to half a percent", error=0.005),
    "one_percent": Arm("weights wrong by up to one percent", error=0.01),
    "five_percent": Arm("weights wrong by up to five percent", error=0.05),
    "signs_drawn": Arm("weights of one with signs drawn by lot", is_drawn=True),
    "blind": Arm("exact weights, pixels without coordinates", is_blind=True),
}
SAME_FOR_EVERY_SEED = {
    "exact": "nothing is drawn",
    "blind": "nothing is drawn",
}


def rules(seeds: Seeds, arm: Arm, hands: int) -> Tensor:
    """Return the weights of pixel, place and score of each unit, of shape (seeds, hands, AXES, 2, 3)."""
    rule = torch.tensor(RULE)
    shape = (hands, AXES, *rule.shape)
    if arm.is_drawn:
        return 2.0 * seeds.integers("signs", *shape, high=2) - 1
    return rule * (1 + arm.error * seeds.uniform("errors", *shape, low=-1, high=1))


def percent_right(rule: Tensor, side: int, *, is_blind: bool) -> Tensor:
    """Return at how many places of a square picture the right pixel, alone, has the largest score.

    Args:
        rule: The weights of pixel, place and score of each unit, of shape (hands, AXES, 2, 3).
        side: Pixels of a side.
        is_blind: Is the coordinate of every pixel zero?

    Returns:
        Percent, of shape (hands,).
    """
    of_pixel, of_place, of_score = rule[..., None, None, :].unbind(-1)  # (hands, AXES, 2, 1, 1)
    place = torch.arange(side, dtype=rule.dtype).unsqueeze(1)
    pixel = torch.zeros_like(place.mT) if is_blind else place.mT
    scores = (of_score * (of_pixel * pixel + of_place * place).relu()).sum(2)  # (hands, AXES, place, pixel)
    own = scores.diagonal(dim1=2, dim2=3)
    rivals = scores.masked_fill(torch.eye(side, dtype=torch.bool), -torch.inf).amax(3)
    return 100 * (own > rivals).to(rule.dtype).mean(2).prod(1)


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    chosen = ARMS[arm]
    means = [
        torch.stack([percent_right(rule, side, is_blind=chosen.is_blind).mean() for side in SIDES])
        for rule in rules(seeds, chosen, scale.hands)
    ]
    curve = torch.stack(means)  # (seeds, sides)
    return {"right": curve[:, -1], "right_curve": curve}
