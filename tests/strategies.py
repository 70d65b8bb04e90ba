"""Hypothesis strategies for what verdicts are made of; a new kind of input joins them here."""

from __future__ import annotations

from hypothesis import strategies as st

from kb.judging.stats import Interval
from kb.reading.outcomes import Outcome
from kb.reasoning.standing import Known
from kb.records.claims import Control, Prediction, Protocol, Relation

OUTCOMES = {
    "loss": Outcome("loss", "final loss", "nats", "lower", 0.0),
    "score": Outcome("score", "score", "points", "higher", 0.5),
}

numbers = st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 3))
"""Finite numbers without denormal tails."""
seed_values = st.lists(numbers, min_size=0, max_size=40)
"""One number per seed."""
any_float = st.floats(allow_nan=True, allow_infinity=True)
"""Whatever a script may return."""
alphas = st.floats(1e-6, 0.5)


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    """Closed intervals, also of one point and with infinite ends."""
    low, high = sorted([draw(st.floats(allow_nan=False)), draw(st.floats(allow_nan=False))])
    return Interval(low, high)


def prediction(**fields: object) -> Prediction:
    """Return a prediction on `loss` of arm `a` minus arm `b`; a keyword replaces or adds a field."""
    given = {"name": "p", "says": "It is so.", "because": "it matters", "outcome": "loss", **fields}
    if "of" not in given:
        given.setdefault("contrast", ("a", "b"))
    return Prediction.model_validate(given)


def protocol(*predictions: Prediction, controls: tuple[Control, ...] = ()) -> Protocol:
    """Return a protocol with these predictions and controls."""
    return Protocol(experiment="toy", predictions=predictions, controls=controls)


def measured(**arms: list[float]) -> dict[str, dict[str, list[float]]]:
    """Return values of the outcome `loss` by arm."""
    return {arm: {"loss": values} for arm, values in arms.items()}


@st.composite
def bounds(draw: st.DrawFn) -> dict[str, object]:
    """The fields that state one bound."""
    low, high = sorted([draw(numbers), draw(numbers)])
    return draw(
        st.sampled_from(
            [
                {"at_least": low},
                {"at_most": high},
                {"between": (low, high + 0.001)},
                {"equals": low, "within": 0.001 + high - low},
            ]
        )
    )


IDS = ("a", "b", "c", "d", "e", "f", "g")
"""Ids of the claims in a random graph."""
STATES = (
    "reproduced",
    "contradicted",
    "split",
    "inconclusive",
    "invalid",
    "not run",
    "stale",
    "untested",
    "not testable",
)
"""States that a claim in a random graph may have."""
TESTABLE_STATES = STATES[:-2]
"""States of claims that a protocol tests."""
PREDICTIONS = ("p", "q")
"""Predictions that a claim in a random graph makes."""
states = st.sampled_from(STATES)


@st.composite
def relation_tables(draw: st.DrawFn) -> dict[str, list[Relation]]:
    """Relations of a few claims, with circles of every type, repetitions and strict contradictions."""
    table: dict[str, list[Relation]] = {claim_id: [] for claim_id in IDS}
    for _ in range(draw(st.integers(0, 14))):
        start, end = draw(st.sampled_from(IDS)), draw(st.sampled_from(IDS))
        kind = draw(st.sampled_from(["depends_on", "supports", "contradicts", "refines"]))
        is_strict = kind == "contradicts" and draw(st.booleans())
        on = None if kind == "depends_on" else draw(st.sampled_from([None, ("p",), ("q",), PREDICTIONS]))
        table[start].append(Relation(type=kind, claim=end, because="it bears on it", strict=is_strict, on=on))
    return table


@st.composite
def judged_graphs(draw: st.DrawFn) -> tuple[dict[str, list[Relation]], dict[str, str]]:
    """Relations of a few claims, and the state of each."""
    return draw(relation_tables()), {claim_id: draw(states) for claim_id in IDS}


@st.composite
def known_graphs(draw: st.DrawFn) -> tuple[dict[str, list[Relation]], dict[str, Known]]:
    """Relations of a few claims, and what the evidence says of each, perhaps in part."""
    table, judged = draw(judged_graphs())
    held = st.frozensets(st.sampled_from(PREDICTIONS))
    return table, {i: Known(state, draw(held)) for i, state in judged.items()}  # type: ignore[arg-type]  # tests know the states
