"""Shuffles the labels of the data that an experiment draws, in the process that measures and ends with it.

What draws data with labels is replaced before the script is loaded: each function of the lab that takes seeds
and returns points `x` with their answers `y`, and the digits of scikit-learn. Points and answers stay as they
are; which answer belongs to which point is drawn anew. Labels that a script makes itself, from its points or
in their place, are not reached.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from kb.reading.experiment import DIGITS, LABELLED, Script
from repro.lab.seeds import Seeds

ANSWERS = ("y", "test_y")
"""The fields of a data set that hold labels; each is shuffled by itself."""
PURPOSE = "labels shuffled"
"""The stream of random numbers that shuffles; no experiment uses it."""


class Drawn:
    """Counts the data sets with labels that were drawn; all of them are shuffled."""

    def __init__(self) -> None:
        self.count = 0


def shuffle_labels(script: Script) -> Drawn:
    """Replace whatever draws data with labels for a script, and return a count of what will be drawn.

    Args:
        script: Not loaded yet.
    """
    drawn = Drawn()
    for name in LABELLED:
        module = importlib.import_module(name)
        for key, function in drawing(module).items():
            setattr(module, key, _shuffling(function, drawn))
    if DIGITS in script.source:
        from sklearn import datasets  # which takes as long to load as torch

        datasets.load_digits = _digits(datasets.load_digits, drawn)
    return drawn


def drawing(module: Any) -> dict[str, Callable[..., Any]]:
    """Return the public functions of a module that draw a data set for each seed, by name."""
    return {
        name: function
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and not name.startswith("_")
        and next(iter(inspect.signature(function).parameters), "") == "seeds"
        and function.__annotations__.get("return") in ("Labelled", "Sequences")
    }


def _shuffling(function: Callable[..., Any], drawn: Drawn) -> Callable[..., Any]:
    @functools.wraps(function)
    def drawing_shuffled(seeds: Seeds, *words: Any, **named: Any) -> Any:
        drawn.count += 1
        data = function(seeds, *words, **named)
        answers = {name: getattr(data, name) for name in ANSWERS if hasattr(data, name)}
        return data._replace(**{name: _shuffled(seeds, name, y) for name, y in answers.items()})

    return drawing_shuffled


def _shuffled(seeds: Seeds, name: str, answers: Any) -> Any:
    """Return the answers of each seed in another order; their shape is (seeds, points, ...)."""
    order = seeds.permutations(f"{PURPOSE} {name}", answers.shape[1])
    order = order.to(answers.device).reshape(*order.shape, *(1,) * (answers.ndim - 2))
    return answers.take_along_dim(order.expand_as(answers), 1)


def _digits(function: Callable[..., Any], drawn: Drawn) -> Callable[..., Any]:
    """Return a function that gives points and labels of which all seeds share one other order."""

    @functools.wraps(function)
    def load_digits(**named: Any) -> Any:
        drawn.count += 1
        found = function(**named)
        if isinstance(found, tuple):
            points, labels = found
            return points, np.random.default_rng(0).permutation(labels)
        found.target = np.random.default_rng(0).permutation(found.target)
        return found

    return load_digits
