"""Is it the noise of batches that lets Adam lead over gradient descent on language?

Hypothesis: if noise were the reason, the lead would shrink as batches grow and be gone where all of the text
makes one batch. If the reason lies in the loss itself, as where words differ a hundredfold in frequency and
descent hardly learns the rare ones, then Adam, which gives every weight a step of one size, leads without
noise too, and so does the sign of the gradient.

Method: a transformer of one layer and one head learns made text. Half of the words follow from the word
before, by a table that is drawn for each seed; the others are drawn by frequency, one over the rank. Descent
and sign descent have momentum. Each optimiser has 100 updates and is judged at the best of its five rates, a
factor of three apart, by the loss that it is to lower.

Arms: sentences in a batch. In one arm nothing but a table of which word follows which is learned, from words
that are equally frequent: there all directions are alike, and descent should keep up.

Outcomes: cross-entropy of the next word over all of the text, and by what factor descent and sign descent
are behind Adam.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import layer_norm, scaled_dot_product_attention

from repro.lab.batches import batch_order, take
from repro.lab.initialise import initialise
from repro.lab.lanes import best, grid, spread
from repro.lab.losses import cross_entropy
from repro.lab.optimise import adam, adam_state, sgd, without_denormals
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.parameters import Shapes, Weights, gradient
from repro.lab.seeds import Seeds

RATES = {
    "adam": (0.003, 0.01, 0.03, 0.1, 0.3),
    "descent": (0.03, 0.1, 0.3, 1.0, 3.0),
    "sign": (0.001, 0.003, 0.01, 0.03, 0.1),
}
MOMENTUM = 0.9
FOLLOWS = 0.5  # probability that a word follows from the one before
FEW = 8  # sentences in a small batch
SOME = 32  # sentences in a middling one
TABLE = 20.0  # multiplies the entries of a table, so that the same rates suit it
LOOKS = 10  # equal parts of training, after each of which the loss is taken


@dataclass(frozen=True)
class Scale:
    """Words of the language, sentences, words of a sentence, features of a word, and updates."""

    words: int = 100
    sentences: int = 128
    length: int = 16
    features: int = 16
    updates: int = 100


MINIMAL = Scale()
LARGE = Scale(words=5000, sentences=4096, length=64, features=128, updates=2000)
TRIAL = {"words": 20, "sentences": 32, "length": 8, "updates": 20}
OUTCOMES = {
    "descent_behind": Outcome(
        "loss of descent over Adam's", unit="decades", better="neither", resolution=0.0001
    ),
    "sign_behind": Outcome(
        "loss of sign descent over Adam's", unit="decades", better="neither", resolution=0.0001
    ),
    "adam_loss": Outcome("loss of Adam over all of the text", unit="nats", better="lower", resolution=0.0001),
    "descent_loss": Outcome(
        "loss of descent over all of the text", unit="nats", better="lower", resolution=0.0001
    ),
    "adam_loss_curve": Curve(
        "loss of Adam",
        unit="nats",
        better="lower",
        axis=Axis("percent of training", first=10, last=100, points=10),
    ),
    "descent_loss_curve": Curve(
        "loss of descent",
        unit="nats",
        better="lower",
        axis=Axis("percent of training", first=10, last=100, points=10),
    ),
}


def text(seeds: Seeds, scale: Scale, *, is_uneven: bool) -> Tensor:
    """Return sentences, (seeds, sentences, length + 1)."""
    count = (scale.sentences, scale.length + 1)
    ranks = torch.arange(1, scale.words + 1, dtype=torch.float64, device=seeds.device)
    share = 1 / ranks if is_uneven else torch.ones_like(ranks)
    ends = (share / share.sum()).cumsum(0)
    drawn = torch.searchsorted(ends, seeds.uniform("words", *count, dtype=torch.float64))
    drawn = drawn.clamp_max(scale.words - 1)
    after = torch.searchsorted(ends, seeds.uniform("table", scale.words, dtype=torch.float64))
    after = after.clamp_max(scale.words - 1)
    follows = seeds.uniform("follows", *count) < FOLLOWS
    words = [drawn[:, :, 0]]
    for place in range(1, count[1]):
        following = after.gather(1, words[-1])
        words.append(torch.where(follows[:, :, place], following, drawn[:, :, place]))
    return torch.stack(words, 2)


def transformer_shapes(scale: Scale) -> Shapes:
    size = scale.features
    return {
        "words": (scale.words, size),
        "places": (scale.length, size),
        "query": (size, size),
        "key": (size, size),
        "value": (size, size),
        "mixed": (size, size),
        "up": (4 * size, size),
        "down": (size, 4 * size),
        "out": (scale.words, size),
    }


def times(x: Tensor, weight: Tensor) -> Tensor:
    """Return x weight^T in each lane, for x of shape (lanes, sentences, length, inputs)."""
    return torch.bmm(x.flatten(1, 2), weight.mT).view(*x.shape[:3], -1)


def transformer(weights: Weights, sentences: Tensor) -> Tensor:
    """Return scores of the next word at each place, (lanes, sentences, length, words)."""
    words = weights["words"]
    size = words.shape[2:]
    rows = sentences + words.shape[1] * torch.arange(len(words), device=words.device).view(-1, 1, 1)
    x = words.flatten(0, 1)[rows] + weights["places"].unsqueeze(1)
    h = layer_norm(x, size)
    query, key, value = (times(h, weights[name]) for name in ("query", "key", "value"))
    x = x + times(scaled_dot_product_attention(query, key, value, is_causal=True), weights["mixed"])
    h = layer_norm(x, size)
    x = x + times(times(h, weights["up"]).relu(), weights["down"])
    return times(layer_norm(x, size), weights["out"])


def table_shapes(scale: Scale) -> Shapes:
    return {"after": (scale.words, scale.words)}


def table(weights: Weights, sentences: Tensor) -> Tensor:
    """Return scores of the next word at each place, from nothing but the word there."""
    after = TABLE * weights["after"]
    rows = sentences + after.shape[1] * torch.arange(len(after), device=after.device).view(-1, 1, 1)
    return after.flatten(0, 1)[rows]


class Arm(NamedTuple):
    """Sentences in a batch (0 for all), what learns, and whether words differ in frequency."""

    description: str
    batch: int
    shapes: Callable[[Scale], Shapes] = transformer_shapes
    scores: Callable[[Weights, Tensor], Tensor] = transformer
    is_uneven: bool = True


ARMS = {
    "few": Arm("8 sentences in a batch", FEW),
    "some": Arm("32 sentences in a batch", SOME),
    "all": Arm("all sentences in one batch", 0),
    "table": Arm(
        "all in one batch, a table of equally frequent words", 0, table_shapes, table, is_uneven=False
    ),
}


def course(seeds: Seeds, scale: Scale, arm: Arm, optimiser: str) -> Tensor:
    """Return the loss over all of the text at each look, at the rate that ends lowest, (seeds, LOOKS)."""
    sentences = text(seeds, scale, is_uneven=arm.is_uneven)
    lanes = len(RATES[optimiser])
    net = initialise(seeds, arm.shapes(scale), "lecun", lanes=lanes)
    state, velocity, rate = adam_state(net.flat), torch.zeros_like(net.flat), grid(seeds, RATES[optimiser])
    order = batch_order(seeds, scale.sentences, arm.batch or scale.sentences, scale.updates)

    def loss_of(some: Tensor) -> Tensor:
        scores = arm.scores(net.weights, spread(some[:, :, :-1], lanes))
        return cross_entropy(scores.flatten(1, 2), spread(some[:, :, 1:], lanes).flatten(1))

    looks = []
    for step in range(scale.updates):
        slope = gradient(loss_of(take(sentences, order[:, step])), net)
        if optimiser == "adam":
            adam(net.flat, slope, state, rate)
        elif optimiser == "descent":
            sgd(net.flat, slope, velocity, rate, momentum=MOMENTUM)
        else:
            velocity.lerp_(slope, 1 - MOMENTUM)
            sgd(net.flat, velocity.sign(), None, rate)
        if (step + 1) % (scale.updates // LOOKS) == 0:
            looks.append(loss_of(sentences).detach())
    losses = torch.stack(looks, 1)  # (lanes, LOOKS)
    return losses[best(losses[:, -1], lanes, "lower")]


@without_denormals()
def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    by_adam, by_descent, by_sign = (
        course(seeds, scale, ARMS[arm], optimiser) for optimiser in ("adam", "descent", "sign")
    )
    return {
        "descent_behind": (by_descent / by_adam)[:, -1].log10(),
        "sign_behind": (by_sign / by_adam)[:, -1].log10(),
        "adam_loss": by_adam[:, -1],
        "descent_loss": by_descent[:, -1],
        "adam_loss_curve": by_adam,
        "descent_loss_curve": by_descent,
    }
