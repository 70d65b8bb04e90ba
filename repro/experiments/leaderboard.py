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

from repro.lab.seeds import Seeds


@dataclass(frozen=True)
class Scale:
    """Labels in the public and in the private part, and guesses of the player."""

    labels: int = 4000
    guesses: int = 400


MINIMAL = Scale()
LARGE = Scale(labels=8000, guesses=800)


def plain(wrong: Tensor) -> Tensor:
    return (wrong.mean(-1) * 1e5).round() / 1e5  # (seeds, submissions)


def coarse(wrong: Tensor) -> Tensor:
    return (wrong.mean(-1) * 100).round() / 100


def ladder(wrong: Tensor) -> Tensor:
    return climb(wrong, 1.0)


def record(wrong: Tensor) -> Tensor:
    return climb(wrong, 0.0)


def climb(wrong: Tensor, standard_errors: float) -> Tensor:
    leader, best = torch.zeros_like(wrong[:, 0]), torch.full_like(wrong[:, 0, 0], torch.inf)
    answers = []
    for submission in wrong.unbind(1):
        step = standard_errors * (submission - leader).std(1) / submission.shape[1] ** 0.5
        moves = submission.mean(1) < best - step
        best = torch.where(moves, submission.mean(1), best)
        leader = torch.where(moves[:, None], submission, leader)
        answers.append(best)
    return torch.stack(answers, 1)


def below_half(answers: Tensor) -> Tensor:
    return answers < 0.5


def moved(answers: Tensor) -> Tensor:
    return answers.diff(dim=1, prepend=torch.full_like(answers[:, :1], 0.5)) < 0


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
OUTCOMES = {
    "public_error": "share of labels; lower is better; resolution 0.0003",
    "private_error": "share of labels; lower is better; resolution 0.0003",
    "reported_error": "share of labels; neither is better; resolution 0.0003",
}


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, board, keeps, share, skill, scores = ARMS[arm]
    labels = {part: seeds.integers(part, scale.labels, high=2) for part in ("public", "private", "other")}
    guesses = {}
    for part in ("public", "private"):
        right = seeds.uniform(f"{part} luck", round(share * scale.guesses), scale.labels) < skill
        guesses[part] = right == labels[part][:, None].bool()  # (seeds, guesses, labels)
    kept = keeps(board((guesses["public"] != labels[scores][:, None]).float()))[:, :, None]
    vote = {part: ((guess.float() - 0.5) * kept).sum(1) >= 0 for part, guess in guesses.items()}
    submissions = torch.cat([guesses["public"], vote["public"][:, None]], 1) != labels[scores][:, None]
    return {
        "public_error": (vote["public"] != labels["public"]).double().mean(1),
        "private_error": (vote["private"] != labels["private"]).double().mean(1),
        "reported_error": board(submissions.float()).amin(1),
    }
