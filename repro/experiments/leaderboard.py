"""Can one climb a public leaderboard by guessing, and does a board that answers less prevent it?

Hypothesis: a guess agrees with the public labels by luck a little more or less than half the time, and its
score says which. Of k guesses on n labels the k/2 lucky ones are right sqrt(2/(pi n))/2 too often, so their
majority errs on 1/2 - sqrt(k/n)/(pi sqrt 2) of the public labels and on 1/2 elsewhere. A board that answers
to significant improvements alone gives away a few lucky guesses instead of half of them.

Method: labels and guesses are fair coins. The player submits k guesses, keeps those of which the board speaks
well, and submits their majority vote last; the vote is scored on private labels too.

Arms: what the board says, and about which labels. A plain board shows each score to five digits and a coarse
one to two; the player keeps scores below one half. The parameter-free Ladder shows the best score so far,
which moves only when a submission beats it by their paired standard error; the record board moves at any
improvement. Of these the player keeps what moved the board, as the Ladder's authors do. Without a leak the
plain board scores other labels; skilled guesses are right 51 times in 100.

Outcomes: error of the vote on public and on private labels, and the lowest error that the board ever shows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.outcomes import Outcome
from repro.lab.seeds import Seeds

PARTS = ("public", "private")  # labels that the player's vote is scored on
CHANCE = 0.5  # error of a guess


@dataclass(frozen=True)
class Scale:
    """Labels in the public and in the private part, and guesses of the player."""

    labels: int = 4000
    guesses: int = 400


MINIMAL = Scale()
LARGE = Scale(labels=8000, guesses=800)
OUTCOMES = {
    "public_error": Outcome(
        "error of the vote on public labels", unit="share of labels", better="lower", resolution=0.0003
    ),
    "private_error": Outcome(
        "error of the vote on private labels", unit="share of labels", better="lower", resolution=0.0003
    ),
    "reported_error": Outcome(
        "lowest error that the board shows", unit="share of labels", better="neither", resolution=0.0003
    ),
}


def plain(wrong: Tensor) -> Tensor:
    return (wrong.mean(-1) * 1e5).round() / 1e5  # (seeds, submissions)


def coarse(wrong: Tensor) -> Tensor:
    return (wrong.mean(-1) * 100).round() / 100


def ladder(wrong: Tensor) -> Tensor:
    return climb(wrong, 1.0)


def record(wrong: Tensor) -> Tensor:
    return climb(wrong, 0.0)


def climb(wrong: Tensor, standard_errors: float) -> Tensor:
    """Return the best score so far; it moves when a submission beats it by so many standard errors."""
    leader = torch.zeros_like(wrong[:, 0])  # (seeds, labels)
    best = torch.full_like(wrong[:, 0, 0], torch.inf)  # (seeds,)
    answers = []
    for submission in wrong.unbind(1):
        score = submission.mean(1)
        step = standard_errors * (submission - leader).std(1) / submission.shape[1] ** 0.5
        moves = score < best - step
        best = torch.where(moves, score, best)
        leader = torch.where(moves[:, None], submission, leader)
        answers.append(best)
    return torch.stack(answers, 1)  # (seeds, submissions)


def below_half(answers: Tensor) -> Tensor:
    return answers < CHANCE


def moved(answers: Tensor) -> Tensor:
    before = torch.full_like(answers[:, :1], CHANCE)
    return answers.diff(dim=1, prepend=before) < 0


class Arm(NamedTuple):
    """What the board says, what the player keeps; how many guesses, how good; which labels are scored."""

    text: str
    board: Callable[[Tensor], Tensor] = plain
    keeps: Callable[[Tensor], Tensor] = below_half
    share: float = 1.0
    skill: float = 0.5
    scores: str = "public"


ARMS = {
    "plain": Arm("every score to five digits"),
    "plain_quarter": Arm("the same, a quarter of the guesses", share=0.25),
    "coarse": Arm("every score to two digits", coarse),
    "ladder": Arm("significant improvements alone", ladder, moved),
    "record": Arm("any improvement", record, moved),
    "leak_free": Arm("every score, on labels that are neither public nor private", scores="other"),
    "skilled": Arm("every score to five digits, of guesses better than chance", skill=0.51),
}


def guessed(seeds: Seeds, part: str, labels: Tensor, count: int, skill: float) -> Tensor:
    """Return guesses that are right with a probability of `skill`, (seeds, guesses, labels)."""
    is_right = seeds.uniform(f"{part} luck", count, labels.shape[1]) < skill
    return is_right == labels[:, None].bool()


def majority(guesses: Tensor, is_kept: Tensor) -> Tensor:
    """Return the vote of the guesses that are kept, (seeds, labels); one in a tie."""
    return ((guesses.float() - 0.5) * is_kept[:, :, None]).sum(1) >= 0


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, board, keeps, share, skill, scores = ARMS[arm]
    labels = {part: seeds.integers(part, scale.labels, high=2) for part in (*PARTS, "other")}
    count = round(share * scale.guesses)
    guesses = {part: guessed(seeds, part, labels[part], count, skill) for part in PARTS}
    scored = labels[scores][:, None]
    answers = board((guesses["public"] != scored).float())  # (seeds, guesses)
    is_kept = keeps(answers)
    vote = {part: majority(guesses[part], is_kept) for part in PARTS}
    submissions = torch.cat([guesses["public"], vote["public"][:, None]], 1)  # (seeds, guesses + 1, labels)
    return {
        "public_error": (vote["public"] != labels["public"]).double().mean(1),
        "private_error": (vote["private"] != labels["private"]).double().mean(1),
        "reported_error": board((submissions != scored).float()).amin(1),
    }
