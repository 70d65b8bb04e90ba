"""How much of what makes an accuracy uncertain do the initial weights account for?

Hypothesis: an accuracy depends on every draw of the study that found it: the training signals, the test
signals, the trials that tuned it, the initial weights, the order. Who repeats only the training from other
weights sees the spread of one of them; the mean of such repetitions keeps all that the others did to it. The
more draws the repetitions renew, the less is left.

Method: MNIST-1D. A study tunes learning rate and weight decay of a small network by a few random trials on
validation signals, trains, tests, and repeats that a few times. Each seed is several studies, which have no
draw in common.

Arms: which draws the repetitions of a study renew. All but tuning costs no more than one of them; with tuning
each repetition costs its trials.

Outcomes: the standard deviation of test accuracy within studies; that of the studies' mean accuracies, which
is the error of an estimate from one study.
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
from repro.lab.outcomes import Outcome
from repro.lab.parameters import Parameters
from repro.lab.seeds import Seeds

BATCH = 50  # signals in a batch
MOMENTUM = 0.9
LOG10_RATES = (-2.5, -0.5)  # range from which a trial draws the decimal logarithm of its learning rate
LOG10_DECAYS = (-5.0, -2.0)  # the same of its weight decay
SHAPES = mlp_shapes(40, 32, 10)
KINDS = ("weights", "order", "training", "testing", "tuning")  # of draws in a study


@dataclass(frozen=True)
class Scale:
    """Signals to train on, to validate on and to test on, steps, studies, repetitions and trials."""

    train: int = 1000
    validation: int = 500
    test: int = 1000
    steps: int = 200
    studies: int = 8
    repetitions: int = 5
    trials: int = 5


MINIMAL = Scale()
LARGE = Scale(train=4000, validation=1000, test=10000, steps=2000, studies=20, repetitions=20, trials=50)
TRIAL = {"train": 200, "validation": 100, "test": 200, "steps": 30, "studies": 3, "trials": 3}
OUTCOMES = {
    "spread": Outcome(
        "standard deviation of accuracy within studies",
        unit="percentage points",
        better="lower",
        resolution=0.01,
    ),
    "error": Outcome(
        "standard deviation of the studies' mean accuracies",
        unit="percentage points",
        better="lower",
        resolution=0.01,
    ),
    "accuracy": Outcome(
        "mean test accuracy", unit="percent of test signals", better="higher", resolution=0.1
    ),
}


class Arm(NamedTuple):
    """The draws that the repetitions of a study renew."""

    text: str
    renewed: tuple[str, ...]


ARMS = {
    "weights": Arm("initial weights", ("weights",)),
    "order": Arm("order of the signals", ("order",)),
    "training": Arm("training and validation signals", ("training",)),
    "tuning": Arm("trials of tuning", ("tuning",)),
    "most": Arm("all but the trials of tuning", ("weights", "order", "training", "testing")),
    "everything": Arm("everything, the trials of tuning included", KINDS),
}
SAME_FOR_ANY_LABELS = {
    "spread": "accuracies scatter whatever is learned",
    "error": "accuracies scatter whatever is learned",
}


class Setting(NamedTuple):
    """Learning rate and weight decay, both (lanes,)."""

    rate: Tensor
    decay: Tensor


def draws(arm: str, seeds: Seeds, scale: Scale, kind: str) -> Seeds:
    """Return the seed of one kind of draw in each repetition: (seeds * studies * repetitions,)."""
    kinds = reseeded(seeds, len(KINDS)).values[KINDS.index(kind) :: len(KINDS)]
    studies = reseeded(Seeds(kinds, seeds.device), scale.studies)
    if kind in ARMS[arm].renewed:
        return reseeded(studies, scale.repetitions)
    shared = (value for value in studies.values for _ in range(scale.repetitions))
    return Seeds(tuple(shared), seeds.device)


def every(seeds: Seeds, step: int) -> Seeds:
    """Return each so many of the seeds, from the first one on."""
    return Seeds(seeds.values[::step], seeds.device)


def trained(data: Labelled, weights: Seeds, order: Seeds, setting: Setting, scale: Scale) -> Parameters:
    """Train one network at each setting; neighbouring lanes share what there is less of."""
    lanes = len(setting.rate)
    net = initialise(weights, SHAPES, "he", lanes=lanes // len(weights))
    batch = batch_order(order, scale.train, BATCH, scale.steps)
    velocity = torch.zeros_like(net.flat)
    shrink = (1 - setting.rate * setting.decay)[:, None]
    for x, y in batches(data.x, data.y, spread(batch, lanes // len(order))):
        net.flat.mul_(shrink)
        sgd(net.flat, mlp_cross_entropy(net, x, y).gradient, velocity, setting.rate, momentum=MOMENTUM)
    return net


def tried(data: Labelled, weights: Seeds, order: Seeds, tuning: Seeds, scale: Scale) -> Setting:
    """Return the best of a few random settings by the validation signals, for each seed of tuning."""
    log10_rate = tuning.uniform("rate", scale.trials, low=LOG10_RATES[0], high=LOG10_RATES[1])
    log10_decay = tuning.uniform("decay", scale.trials, low=LOG10_DECAYS[0], high=LOG10_DECAYS[1])
    candidates = Setting(10 ** log10_rate.flatten(), 10 ** log10_decay.flatten())  # (tuning * trials,)
    net = trained(data, weights, order, candidates, scale)
    with torch.no_grad():
        logits = mlp(net.weights, spread(data.test_x, scale.trials))
    found = best(accuracy(logits, spread(data.test_y, scale.trials)), scale.trials, "higher")
    return Setting(*(part[found] for part in candidates))


def accuracies(arm: str, seeds: Seeds, scale: Scale) -> Tensor:
    """Return the test accuracy of each repetition in percent, (seeds, studies, repetitions)."""
    weights, order, training, testing, tuning = (draws(arm, seeds, scale, kind) for kind in KINDS)
    data = mnist1d(training, train=scale.train, test=scale.validation)
    step = 1 if "tuning" in ARMS[arm].renewed else scale.repetitions  # tuned anew, or once in each study
    known = Labelled(*(part[::step] for part in data))
    setting = tried(known, every(weights, step), every(order, step), every(tuning, step), scale)
    net = trained(data, weights, order, Setting(*(spread(part, step) for part in setting)), scale)
    unseen = mnist1d(testing, train=10, test=scale.test)
    with torch.no_grad():
        found = accuracy(mlp(net.weights, unseen.test_x), unseen.test_y)
    return 100 * found.view(len(seeds), scale.studies, scale.repetitions)


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    found = accuracies(arm, seeds, scale)
    return {
        "spread": found.var(2).mean(1).sqrt(),
        "error": found.mean(2).std(1),
        "accuracy": found.mean((1, 2)),
    }
