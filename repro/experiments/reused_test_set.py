"""Does a test set wear out when hundreds of models in turn are chosen by it?

Hypothesis: who keeps what scores best on one test set keeps, beside what is better, what is lucky with that
set. As long as models differ by more than luck makes of a thousand signals, most of what is gained is real:
the next model is found by changing the best one, and the test set does not say where its signals lie. Where
models differ by luck alone, or the test set is tiny, there is little else to be gained.

Method: MNIST-1D. In each round ten proposals change the settings of the best model so far a little (rate,
decay, width, size of the initial weights, noise on the inputs) and are trained from weights of their own. The
one that scores best on the test signals, of all rounds, is the next best model. Fresh signals of the same
kind, which nobody sees, judge.

Arms: tuning on a thousand test signals; the same on fifty; and proposals that change no setting.

Outcomes: what the rounds gained on the test signals, and how much of that fresh ones do not show, in points
and as a share; agreement of the two orders of all models.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.batches import batch_order, batches
from repro.lab.data import Labelled
from repro.lab.initialise import initialise
from repro.lab.lanes import best, reseeded, spread
from repro.lab.losses import accuracy
from repro.lab.mlp import mlp, mlp_cross_entropy, mlp_shapes
from repro.lab.mnist1d import mnist1d
from repro.lab.optimise import sgd
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.parameters import Parameters
from repro.lab.seeds import Seeds

BATCH = 50  # signals in a batch
MOMENTUM = 0.9
WIDEST = 64  # hidden units of the widest network
SHAPES = mlp_shapes(40, WIDEST, 10)
FIRST = (-1.5, -4.0, 3.0, 0.0, 0.0)  # settings of the first model, as `Settings` has them
LOWEST = (-2.5, -5.0, 2.0, -2.0, 0.0)
HIGHEST = (-0.5, -1.0, 6.0, 1.0, 1.0)
STRIDE = 0.15  # standard deviation of a change, as a share of the range
PROPOSALS = 10  # of each round
FRESH = 5000  # fresh signals


@dataclass(frozen=True)
class Scale:
    """Training signals, steps of training, rounds, and test signals."""

    train: int = 1000
    steps: int = 200
    rounds: int = 20
    reused: int = 1000


MINIMAL = Scale()
LARGE = Scale(train=4000, steps=2000, rounds=200, reused=10000)
TRIAL = {"train": 200, "steps": 30, "rounds": 4, "reused": 200}
OUTCOMES = {
    "lost": Outcome(
        "gain on the test signals that fresh ones do not show",
        unit="percentage points",
        better="lower",
        resolution=0.01,
    ),
    "gain": Outcome(
        "gain on the test signals over the first round's mean",
        unit="percentage points",
        better="higher",
        resolution=0.01,
    ),
    "kept": Outcome(
        "share of the gain that fresh signals show",
        unit="share of the gain",
        better="higher",
        resolution=0.001,
    ),
    "rank_agreement": Outcome(
        "rank correlation of all models' accuracies on test signals and on fresh ones",
        unit="correlation",
        better="higher",
        resolution=0.001,
    ),
    "lost_curve": Curve(
        "gain on the test signals that fresh ones do not show",
        unit="percentage points",
        better="lower",
        axis=Axis("percent of the rounds", first=5, last=100, points=20),
    ),
}


class Arm(NamedTuple):
    """How far proposals move, as a share of the usual stride, and on what share of the test signals."""

    text: str
    stride: float = 1.0
    share: float = 1.0


ARMS = {
    "tuned": Arm("settings tuned on the test signals"),
    "tuned_on_few": Arm("settings tuned on a twentieth of the test signals", share=0.05),
    "reseeded": Arm("one setting, begun anew each time", stride=0.0),
}
SAME_FOR_ANY_LABELS = {
    "lost": "models that only guess gain nothing that could be lost",
}


class Settings(NamedTuple):
    """Decimal logarithms of rate and decay, binary ones of units and initial size, and noise, (lanes,)."""

    log10_rate: Tensor
    log10_decay: Tensor
    log2_units: Tensor
    log2_size: Tensor
    noise: Tensor


def initial(runs: Seeds, settings: Settings) -> Parameters:
    """Draw weights; units beyond a network's width have none, and without weights none is ever learned."""
    net = initialise(runs, SHAPES, "he")
    is_there = torch.arange(WIDEST, device=runs.device) < (2**settings.log2_units)[:, None].round()
    with torch.no_grad():
        net.flat.mul_((2**settings.log2_size)[:, None])
        net.weights["0.weight"].mul_(is_there[:, :, None])
        net.weights["1.weight"].mul_(is_there[:, None])
    return net


def trained(data: Labelled, runs: Seeds, settings: Settings, scale: Scale) -> Parameters:
    """Train one network for each run."""
    net = initial(runs, settings)
    order = batch_order(runs, scale.train, BATCH, scale.steps)  # (runs, steps, BATCH)
    noise = runs.normal("noise", BATCH, 40) * settings.noise[:, None, None]
    velocity = torch.zeros_like(net.flat)
    rate = 10**settings.log10_rate
    shrink = (1 - rate * 10**settings.log10_decay)[:, None]
    for step, (x, y) in enumerate(batches(data.x, data.y, order)):
        net.flat.mul_(shrink)
        slope = mlp_cross_entropy(net, x + noise.roll(step, 1), y).gradient
        sgd(net.flat, slope, velocity, rate, momentum=MOMENTUM)
    return net


class History(NamedTuple):
    """Percent of test signals and of fresh ones that each model got right, (seeds, rounds * PROPOSALS)."""

    reused: Tensor
    fresh: Tensor


def history(arm: Arm, seeds: Seeds, scale: Scale) -> History:
    """Propose, train, test and keep the best, round by round."""
    data = mnist1d(seeds, train=scale.train, test=scale.reused + FRESH)
    few = round(arm.share * scale.reused)
    lowest, highest = (torch.tensor(end, device=seeds.device) for end in (LOWEST, HIGHEST))
    change = seeds.normal("changes", scale.rounds, PROPOSALS, len(FIRST)) * (highest - lowest) * STRIDE
    kept = torch.tensor(FIRST, device=seeds.device).expand(len(seeds), -1)
    rounds = reseeded(seeds, scale.rounds).values
    proposed, reused, fresh = [], [], []
    for number in range(scale.rounds):
        proposals = (kept[:, None] + arm.stride * change[:, number]).clamp(lowest, highest)
        runs = reseeded(Seeds(rounds[number :: scale.rounds], seeds.device), PROPOSALS)
        net = trained(data, runs, Settings(*proposals.flatten(0, 1).unbind(1)), scale)
        with torch.no_grad():
            logits = mlp(net.weights, spread(data.test_x, PROPOSALS))
        labels = spread(data.test_y, PROPOSALS)
        reused.append(100 * accuracy(logits[:, :few], labels[:, :few]).view(-1, PROPOSALS))
        fresh.append(100 * accuracy(logits[:, -FRESH:], labels[:, -FRESH:]).view(-1, PROPOSALS))
        proposed.append(proposals)
        found = torch.cat(reused, 1)
        kept = torch.cat(proposed, 1).flatten(0, 1)[best(found.flatten(), found.shape[1], "higher")]
    return History(torch.cat(reused, 1), torch.cat(fresh, 1))


def ranks(values: Tensor) -> Tensor:
    """Return the place of each value in its row, where ties share the mean of theirs."""
    below = (values[:, None] < values[:, :, None]).double().sum(-1)
    equal = (values[:, None] == values[:, :, None]).double().sum(-1)
    return below + (equal + 1) / 2


def rank_correlation(first: Tensor, second: Tensor) -> Tensor:
    """Return Spearman's correlation of each row, (rows,)."""
    one, other = (found - found.mean(1, keepdim=True) for found in (ranks(first), ranks(second)))
    return (one * other).sum(1) / (one.square().sum(1) * other.square().sum(1)).sqrt()


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    models = history(ARMS[arm], seeds, scale)
    lead = models.reused.cummax(1).indices[:, PROPOSALS - 1 :: PROPOSALS]  # the best model after each round
    gain, fresh_gain = (
        score.gather(1, lead) - score[:, :PROPOSALS].mean(1, keepdim=True) for score in models
    )
    lost = gain - fresh_gain  # (seeds, rounds)
    at = torch.linspace(0, scale.rounds - 1, 20, device=seeds.device).round().long()
    return {
        "lost": lost[:, -1],
        "gain": gain[:, -1],
        "kept": fresh_gain[:, -1] / gain[:, -1],
        "rank_agreement": rank_correlation(*models),
        "lost_curve": lost[:, at],
    }
