"""Made studies and their scores, against what is known of them."""

import numpy as np
import pytest

from repro.experiments import leakage as experiment
from repro.lab.seeds import Seeds

RNG = np.random.default_rng


def test_visits_of_a_subject_are_alike():
    """Their features correlate as said, those of two subjects do not, and their class is one."""
    visits = experiment.study(RNG(1), 500, 20)
    first, second = (visits.x[k :: experiment.VISITS] for k in (0, 1))
    assert np.mean(first * second) == pytest.approx(experiment.ALIKE, abs=0.03)
    assert np.mean(first[1:] * second[:-1]) == pytest.approx(0, abs=0.03)
    assert (visits.y[0 :: experiment.VISITS] == visits.y[1 :: experiment.VISITS]).all()


@pytest.mark.parametrize(("arm", "is_shared"), [("forest", False), ("forest_visits", True)])
def test_only_a_split_by_visits_puts_a_subject_on_both_sides(arm, is_shared):
    """Folds by subjects keep all visits of one together."""
    visits = experiment.study(RNG(1), 50, 20)
    fold = experiment.folds(experiment.ARMS[arm], RNG(2), visits)
    spans = [len(set(fold[visits.subject == subject])) > 1 for subject in range(50)]
    assert any(spans) is is_shared
    assert set(fold) == set(range(experiment.FOLDS))


def test_what_is_chosen_in_each_fold_has_not_seen_it():
    """Where classes are tossed, choosing on all data beats a coin and choosing within folds does not."""
    visits = experiment.study(RNG(1), 200, 300)
    tossed = visits._replace(y=RNG(3).random(200)[visits.subject] > 0.5)
    arms = [experiment.ARMS[name] for name in ("chosen_within", "chosen_before")]
    fold = experiment.folds(arms[0], RNG(2), tossed)
    within, before = (experiment.cross_validated(arm, tossed, fold, 0) for arm in arms)
    assert within == pytest.approx(0.5, abs=0.08)
    assert before > 0.6


def test_a_seed_gives_one_number_whatever_stands_beside_it():
    """Seeds are measured one by one."""
    scale = experiment.Scale(subjects=20, candidates=20)
    both = experiment.measure("linear", Seeds((5, 6)), scale)["score"]
    assert both[1] == experiment.measure("linear", Seeds((6,)), scale)["score"][0]
