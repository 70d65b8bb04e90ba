"""What a claim fixes before anything is run: predictions with bounds, controls, deviations, revisions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from kb.records.fields import Flaw, Identifier, Line, Name, Record, Text, one_of
from kb.text.problems import Keys
from kb.text.spelling import nearest

CODES = {
    "arms-choice": "Neither or both of `of` and `contrast` are given.",
    "same-arm": "A contrast compares an arm with itself.",
    "bound-choice": "No bound or more than one is given.",
    "bound-order": "The lower end of a bound is not below its upper end.",
    "equals-within": "One of `equals` and `within` is given without the other.",
    "rate-choice": "`rate` is given without `estimand: success_rate`, or missing with it.",
    "duplicate-prediction": "Two predictions have one name.",
    "control-target": "A control names a prediction that is not there.",
    "control-shape": "A control has one arm where its prediction has two, or two where it has one.",
    "control-arms": "A control uses the arms of its own prediction.",
    "unchanged-revision": "A revision holds the predictions that stand today, or those of another revision.",
}
Estimand = Literal["mean", "win_rate", "success_rate"]
BOUNDS = ("at_least", "at_most", "between", "equals")


class Prediction(Record):
    """A bound on one arm (`of`) or on a paired contrast of two, fixed before the run that counts.

    Exactly one of `of` and `contrast`, and exactly one bound (`at_least`, `at_most`, `between`, or `equals`
    with `within`), must be given. `units: log10` measures arms and contrast in decades, so a contrast is the
    log of a ratio. `estimand: win_rate` asks whether P(value meets the bound) exceeds one half,
    `success_rate` whether it exceeds `rate`. `on_nonfinite` says what a diverged seed counts as.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [one_of("of", "contrast"), one_of(*BOUNDS)],
            "dependentRequired": {"equals": ["within"], "within": ["equals"]},
        }
    )

    name: Identifier
    """Name within the claim."""
    says: Line
    """The prediction in one sentence."""
    outcome: Name
    """Outcome of the experiment that is bounded."""
    of: Name | None = None
    """The one arm that is bounded."""
    contrast: tuple[Name, Name] | None = None
    """Two arms: first minus second, paired by seed."""
    units: Literal["linear", "log10"] = "linear"
    """Measure the values as they are, or in decades."""
    estimand: Estimand = "mean"
    """Mean, P(value meets the bound) against one half, or against `rate`."""
    rate: Annotated[float, Field(gt=0, lt=1)] | None = None
    """For `success_rate`: the share of seeds that must meet the bound."""
    at_least: float | None = None
    """Lower bound."""
    at_most: float | None = None
    """Upper bound."""
    between: tuple[float, float] | None = None
    """Lower and upper bound."""
    equals: float | None = None
    """Value to be equal to."""
    within: Annotated[float, Field(gt=0)] | None = None
    """Tolerance of `equals`."""
    on_nonfinite: Literal["worst", "best"] | float = "worst"
    """What a diverged seed counts as: worst, best or a number."""
    because: Line
    """Why this bound and no other."""

    @property
    def arms(self) -> tuple[str, ...]:
        """Return the arms that must be measured to judge this prediction."""
        return _arms(self)

    def flaws(self) -> Iterator[Flaw]:
        """Return what is wrong with arms, bound and rate."""
        yield from _arms_flaws(self)
        yield from _bound_flaws(self)
        if (self.rate is not None) != (self.estimand == "success_rate"):
            yield Flaw(
                "rate-choice",
                f"estimand {self.estimand} {'without' if self.rate is None else 'with'} rate",
                "rate with `estimand: success_rate`, and only there",
                "add `rate: 0.9`" if self.rate is None else "remove rate, or write `estimand: success_rate`",
                () if self.rate is None else ("rate",),
            )


class Control(Record):
    """Arms in which the bound of a prediction must not hold, or there is no verdict."""

    model_config = ConfigDict(json_schema_extra=one_of("of", "contrast"))

    prediction: Identifier
    """Name of the prediction whose bound is applied."""
    of: Name | None = None
    """The one arm in which it must not hold."""
    contrast: tuple[Name, Name] | None = None
    """Two arms between which it must not hold."""
    because: Line
    """Why it must not hold there."""

    @property
    def arms(self) -> tuple[str, ...]:
        """Return the arms that must be measured to judge this control."""
        return _arms(self)

    def flaws(self) -> Iterator[Flaw]:
        """Return what is wrong with the arms."""
        return _arms_flaws(self)


def _arms(part: Prediction | Control) -> tuple[str, ...]:
    return part.contrast or ((part.of,) if part.of else ())


def _arms_flaws(part: Prediction | Control) -> Iterator[Flaw]:
    if (part.of is None) == (part.contrast is None):
        yield Flaw(
            "arms-choice",
            "neither of nor contrast" if part.of is None else "both of and contrast",
            "`of: arm` for one arm, or `contrast: [first, second]` for first minus second",
            "add one of the two" if part.of is None else "remove one of the two",
            () if part.of is None else ("contrast",),
        )
    elif part.contrast and part.contrast[0] == part.contrast[1]:
        yield Flaw(
            "same-arm",
            f"the contrast of {part.contrast[0]} with itself, which is always zero",
            "two different arms",
            "name the arm it is compared with, or write `of: arm`",
            ("contrast",),
        )


def _bound_flaws(part: Prediction) -> Iterator[Flaw]:
    given = [bound for bound in BOUNDS if getattr(part, bound) is not None]
    if len(given) != 1:
        yield Flaw(
            "bound-choice",
            f"{' and '.join(given) or 'no bound'} in prediction {part.name}",
            "exactly one of at_least, at_most, between: [low, high], and equals with within",
            "keep one; write the other as a prediction of its own" if given else "add the bound",
            (given[1],) if given else (),
        )
    if part.between and part.between[0] >= part.between[1]:
        low, high = part.between
        yield Flaw(
            "bound-order",
            f"between {low:g} and {high:g}, where nothing lies",
            "between: [low, high] with low below high",
            "exchange the two numbers" if low > high else "write equals with within",
            ("between",),
        )
    if (part.equals is None) != (part.within is None):
        has, lacks = ("within", "equals") if part.equals is None else ("equals", "within")
        yield Flaw(
            "equals-within",
            f"{has} without {lacks}",
            "equals: value together with within: tolerance",
            f"add {lacks}" if has == "equals" else "add equals, or remove within",
            (has,),
        )


class Deviation(Record):
    """A difference between our test and the source, and whom it favours."""

    what: Line
    """The difference."""
    leans: Literal["for the claim", "against the claim", "neither way", "unknown"]
    """Whom it favours."""


class Revision(Record):
    """Predictions and controls that stood before, kept because evidence had been seen under them."""

    because: Line
    """Why the predictions were changed."""
    predictions: tuple[Prediction, ...]
    """Predictions as they were before."""
    controls: tuple[Control, ...] = ()
    """Controls as they were before."""


class Protocol(Record):
    """What is fixed before running: experiment, scale, predictions, controls, deviations."""

    experiment: Name
    """Name of the script in `repro/experiments/`."""
    planned: Text | None = None
    """While there is no script: the data, arms, outcomes and seconds that it must have."""
    scale: Literal["minimal", "large"] = "minimal"
    """Size at which the experiment is run."""
    predictions: Annotated[tuple[Prediction, ...], Field(min_length=1)]
    """Bounds that must all hold."""
    controls: tuple[Control, ...] = ()
    """Arms in which a bound must not hold."""
    deviations: tuple[Deviation, ...] = ()
    """Differences from the source."""
    revisions: tuple[Revision, ...] = ()
    """Former predictions, oldest first."""

    @property
    def arms(self) -> tuple[str, ...]:
        """Return every arm that some prediction or control needs, each once, in order of appearance."""
        parts: tuple[Prediction | Control, ...] = (*self.predictions, *self.controls)
        return tuple(dict.fromkeys(arm for part in parts for arm in part.arms))

    @property
    def digest(self) -> str:
        """Return the SHA-256 of everything that decides, so that a changed prediction shows."""
        return predictions_digest(self.predictions, self.controls)

    def flaws(self) -> Iterator[Flaw]:
        """Return what is wrong between predictions, controls and revisions."""
        yield from _part_flaws(self, ())
        seen = {self.digest: "today's predictions"} if self.revisions else {}
        for i, revision in enumerate(self.revisions):
            yield from _part_flaws(revision, ("revisions", i))
            digest = predictions_digest(revision.predictions, revision.controls)
            if digest in seen:
                yield Flaw(
                    "unchanged-revision",
                    f"a revision that decides the same as {seen[digest]}",
                    "former predictions and controls that differ in arms, outcome or bound",
                    "remove the revision; changed wording alone is none",
                    ("revisions", i),
                )
            seen.setdefault(digest, f"revision {i + 1}")


def _part_flaws(part: Protocol | Revision, at: Keys) -> Iterator[Flaw]:
    predictions: dict[str, Prediction] = {}
    for i, prediction in enumerate(part.predictions):
        if prediction.name in predictions:
            yield Flaw(
                "duplicate-prediction",
                f"a second prediction named {prediction.name}",
                "a name of its own for each prediction",
                "rename it",
                (*at, "predictions", i, "name"),
            )
        predictions.setdefault(prediction.name, prediction)
    for i, control in enumerate(part.controls):
        yield from _control_flaws(control, predictions, (*at, "controls", i))


def _control_flaws(control: Control, predictions: dict[str, Prediction], at: Keys) -> Iterator[Flaw]:
    name = control.prediction
    if name not in predictions:
        yield Flaw(
            "control-target",
            f"a control of {name}, which is no prediction here",
            ", ".join(predictions),
            "name the prediction whose bound must not hold",
            (*at, "prediction"),
            nearest(name, predictions),
        )
    elif len(control.arms) != len(predictions[name].arms):
        wanted = "contrast: [first, second]" if predictions[name].contrast else "of: arm"
        yield Flaw(
            "control-shape",
            f"a control on {' and '.join(control.arms)}, unlike prediction {name}",
            f"`{wanted}` as in the prediction, because the same bound is applied",
            f"write `{wanted}`",
            (*at, "contrast" if control.contrast else "of"),
        )
    elif control.arms == predictions[name].arms:
        yield Flaw(
            "control-arms",
            f"a control on the arms of prediction {name} itself",
            "arms on which the bound must not hold",
            "name arms on which the effect must be absent",
            (*at, "contrast" if control.contrast else "of"),
        )


def predictions_digest(predictions: tuple[Prediction, ...], controls: tuple[Control, ...]) -> str:
    """Return the SHA-256 of predictions and controls without their prose (`says`, `because`).

    Evidence carries such digests, so a field keeps the name in them that it had when the first were taken:
    `units` was called `scale`.
    """

    def deciding(part: Prediction | Control) -> dict[str, Any]:
        content = part.model_dump(mode="json", exclude={"says", "because"}, exclude_defaults=True)
        return {"scale" if name == "units" else name: value for name, value in content.items()}

    content = [[deciding(part) for part in predictions], [deciding(part) for part in controls]]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
