"""How far does a leak from test data into training flatter a model, and does it change which one seems best?

Hypothesis: a score on held-out data is honest if nothing about them has gone into the model. Features that
were chosen on all data have seen the answers. Where visits of one subject stand on both sides of a split, a
model that can remember subjects scores as if it knew the rule, and one that can only draw a plane does not.
So a leak may lift a flexible model over a simple one that is no worse.

Method: made studies. A subject's class follows a linear rule on five features, with noise, and a subject is
seen at visits that resemble each other. Five-fold cross-validation scores a model, with a leak or without;
the same procedure, applied to the whole study, gives the model that is tested on fresh subjects.

Arms: logistic regression or a forest of trees; what is split; and whether features are scaled or chosen on
all data beforehand or on each fold's training data.

Outcomes: the score by cross-validation, and by how much it lies above accuracy on fresh subjects.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from repro.lab.outcomes import Outcome
from repro.lab.seeds import Seeds

FOLDS = 5
VISITS = 4  # of each subject
ALIKE = 0.8  # correlation between visits of a subject, feature by feature
RULE = 5  # features on which the class depends
NOISE = 1.5  # standard deviations of noise in the rule, beside one of signal
CHOSEN = 10  # features that are chosen, where some are
TREES = 50
FRESH = 2000  # fresh subjects


@dataclass(frozen=True)
class Scale:
    """Subjects of a study, features of a visit, and features where some are to be chosen."""

    subjects: int = 100
    features: int = 20
    candidates: int = 200


MINIMAL = Scale()
LARGE = Scale(subjects=1000, candidates=2000)
TRIAL = {"subjects": 30, "features": 8, "candidates": 40}
OUTCOMES = {
    "score": Outcome(
        "accuracy by cross-validation", unit="percent of test visits", better="higher", resolution=0.1
    ),
    "optimism": Outcome(
        "accuracy by cross-validation beyond that on fresh subjects",
        unit="percentage points",
        better="lower",
        resolution=0.1,
    ),
}


class Arm(NamedTuple):
    """The model, what is split into folds, and what is done to the features, where and on which data."""

    text: str
    is_forest: bool = False
    splits_visits: bool = False
    chooses: bool = False
    prepares_before: bool = False


ARMS = {
    "linear": Arm("logistic regression, split by subjects"),
    "forest": Arm("forest, split by subjects", is_forest=True),
    "linear_visits": Arm("logistic regression, split by visits", splits_visits=True),
    "forest_visits": Arm("forest, split by visits", is_forest=True, splits_visits=True),
    "linear_scaled": Arm("logistic regression, features scaled on all data", prepares_before=True),
    "chosen_within": Arm("logistic regression, features chosen in each fold", chooses=True),
    "chosen_before": Arm(
        "logistic regression, features chosen on all data", chooses=True, prepares_before=True
    ),
}


class Visits(NamedTuple):
    """Features (visits, features), classes (visits,) and the subject of each visit (visits,)."""

    x: np.ndarray
    y: np.ndarray
    subject: np.ndarray


def study(rng: np.random.Generator, subjects: int, features: int) -> Visits:
    """Draw subjects and their visits."""
    traits = rng.standard_normal((subjects, features))
    signal = traits[:, :RULE].sum(1) / RULE**0.5
    classes = signal + NOISE * rng.standard_normal(subjects) > 0
    subject = np.repeat(np.arange(subjects), VISITS)
    passing = rng.standard_normal((subjects * VISITS, features))
    return Visits(ALIKE**0.5 * traits[subject] + (1 - ALIKE) ** 0.5 * passing, classes[subject], subject)


def preparation(arm: Arm) -> Pipeline:
    """Return what is done to the features before a model sees them."""
    choice = SelectKBest(f_classif, k=CHOSEN) if arm.chooses else "passthrough"
    return make_pipeline(StandardScaler(), choice)


def model(arm: Arm, number: int) -> LogisticRegression | RandomForestClassifier:
    if arm.is_forest:
        return RandomForestClassifier(TREES, random_state=number)
    return LogisticRegression(max_iter=1000)


def folds(arm: Arm, rng: np.random.Generator, visits: Visits) -> np.ndarray:
    """Return the fold of each visit, (visits,)."""
    count = len(visits.x)
    lots = rng.permutation(count) if arm.splits_visits else rng.permutation(count // VISITS)[visits.subject]
    return np.remainder(lots, FOLDS)


def cross_validated(arm: Arm, visits: Visits, fold: np.ndarray, number: int) -> float:
    """Return the share of visits that are right when their fold is held out."""
    x, y = visits.x, visits.y
    steps = [preparation(arm), model(arm, number)]
    if arm.prepares_before:
        x = steps.pop(0).fit_transform(x, y)
    learner = make_pipeline(*steps)
    right = []
    for held in range(FOLDS):
        learner.fit(x[fold != held], y[fold != held])
        right.append(learner.predict(x[fold == held]) == y[fold == held])
    return float(np.concatenate(right).mean())


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    chosen = ARMS[arm]
    scores, optimisms = [], []
    features = scale.candidates if chosen.chooses else scale.features
    for rng in seeds.generators("study"):
        visits = study(rng, scale.subjects, features)
        fresh = study(rng, FRESH, features)
        number = int(rng.integers(2**31))
        score = cross_validated(chosen, visits, folds(chosen, rng, visits), number)
        learner = make_pipeline(preparation(chosen), model(chosen, number)).fit(visits.x, visits.y)
        scores.append(100 * score)
        optimisms.append(100 * (score - learner.score(fresh.x, fresh.y)))
    return {
        "score": torch.tensor(scores, dtype=torch.float64),
        "optimism": torch.tensor(optimisms, dtype=torch.float64),
    }
