"""What a claim fixes before anything is run: predictions with bounds, controls, deviations, revisions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
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
    "duplicate-prediction": "Two predictions, or controls with a bound of their own, have one name.",
    "control-target": "A control names a prediction that does not exist.",
    "control-shape": "A control has one arm where its prediction has two, or two where it has one.",
    "control-arms": "A control uses the arms of its own prediction.",
    "control-bound": "A control names a prediction and has a bound of its own, or neither.",
    "reversed-control": "A control that must fail is the reversed contrast of its prediction.",
    "ratio-choice": "`units: ratio` with an arm, an estimand or a bound that has no ratio.",
    "duplicate-setting": "Two settings of a protocol have one name.",
    "setting-name": "A setting named minimal or large has another scale than its name says.",
    "setting-because": "A setting after the first does not say what it is for.",
    "unchanged-revision": "A revision holds today's predictions, or those of another revision.",
}
Estimand = Literal["mean", "median", "win_rate", "success_rate"]
Units = Literal["linear", "log10", "ratio"]
ScaleValue = bool | int | float | str
"""What a field of a scale may hold."""
USUAL_SEEDS = 40
"""Seeds after which an open prediction stays open, unless its protocol says otherwise."""
MOST_SEEDS = 400
"""The most seeds that a protocol may ask for."""
BOUNDS = ("at_least", "at_most", "between", "equals")


class Bound(Record):
    """What predictions and controls share: the arms that are compared, and the bound on what is measured."""

    name: Identifier | None = None
    """Name within the claim."""
    says: Line | None = None
    """What is bounded, in one sentence."""
    outcome: Name | None = None
    """Outcome of the experiment that is bounded."""
    of: Name | None = None
    """The one arm that is bounded."""
    contrast: tuple[Name, Name] | None = None
    """Two arms: first minus second, paired by seed."""
    units: Units = "linear"
    """Bound the values as they are, their decades, or the ratio of two arms."""
    estimand: Estimand = "mean"
    """Mean, median, P(value meets the bound) against one half, or against `rate`."""
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
    """Tolerance of `equals`; of a ratio the share by which it may be exceeded."""
    on_nonfinite: Literal["worst", "best"] | float = "worst"
    """What a diverged seed counts as: worst, best or a number."""
    because: Line
    """Why this bound and these arms, and no others."""

    @property
    def arms(self) -> tuple[str, ...]:
        """Return the arms that must be measured to judge it."""
        return self.contrast or ((self.of,) if self.of else ())

    @property
    def bounds(self) -> tuple[str, ...]:
        """Return the names of the bounds that are given."""
        return tuple(bound for bound in BOUNDS if getattr(self, bound) is not None)


class Prediction(Bound):
    """A bound on one arm (`of`) or on a paired contrast of two, fixed before the run that counts.

    Exactly one of `of` and `contrast`, and exactly one bound (`at_least`, `at_most`, `between`, or `equals`
    with `within`), must be given. `units: log10` measures arms and contrast in decades, so a contrast is the
    log of a ratio; `units: ratio` bounds that ratio itself. `estimand: median` is for skewed values,
    `win_rate` asks whether P(value meets the bound) exceeds one half, `success_rate` whether it exceeds
    `rate`. `on_nonfinite` says what a diverged seed counts as.
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

    def flaws(self) -> Iterator[Flaw]:
        """Return what is wrong with arms, bound and rate."""
        yield from _arms_flaws(self)
        yield from _bound_flaws(self)


class Control(Bound):
    """A bound that must fail where the effect should be absent, or hold for the test to have power.

    It applies the bound of a prediction to other arms, or has `name`, `says`, `outcome` and a bound of its
    own. One that comes out wrong leaves the claim without a verdict.
    """

    model_config = ConfigDict(
        json_schema_extra={"allOf": [one_of("of", "contrast"), one_of("prediction", "name")]}
    )

    prediction: Identifier | None = None
    """Name of the prediction whose bound is applied; without it the control has a bound of its own."""
    must: Literal["fail", "hold"] = "fail"
    """Whether the bound must fail in these arms, or hold."""

    def flaws(self) -> Iterator[Flaw]:
        """Return what is wrong with the arms, and with a bound of its own."""
        yield from _arms_flaws(self)
        yield from _own_bound_flaws(self)
        if self.prediction is None and self.bounds:
            yield from _bound_flaws(self)

    def applied(self, predictions: Mapping[str, Prediction]) -> Prediction:
        """Return the bound that is applied as a prediction: the one it names, or its own.

        Args:
            predictions: The protocol's predictions, by name.
        """
        if self.prediction is not None:
            return predictions[self.prediction]
        return Prediction.model_validate(self.model_dump(exclude={"prediction", "must"}))


def _own_bound_flaws(control: Control) -> Iterator[Flaw]:
    borrowed = {"prediction", "of", "contrast", "must", "because"}
    own = [name for name in Control.model_fields if name in control.model_fields_set - borrowed]
    if control.prediction is not None and own:
        yield Flaw(
            "control-bound",
            f"a control of prediction {control.prediction} with {own[0]} of its own",
            "`prediction: name` with other arms, or name, says, outcome and a bound without `prediction`",
            f"remove prediction, or {own[0]}",
            (own[0],),
        )
    missing = [name for name in ("name", "says", "outcome") if getattr(control, name) is None]
    if control.prediction is None and (missing or not control.bounds):
        lacks = ", ".join([*missing, *([] if control.bounds else ["a bound"])])
        yield Flaw(
            "control-bound",
            f"a control without prediction that lacks {lacks}",
            "`prediction: name` with other arms, or name, says, outcome and a bound of its own",
            "name the prediction whose bound is applied, or add what is missing",
            (),
        )


def _arms_flaws(part: Bound) -> Iterator[Flaw]:
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


def _bound_flaws(part: Bound) -> Iterator[Flaw]:
    given = part.bounds
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
    if (part.rate is not None) != (part.estimand == "success_rate"):
        yield Flaw(
            "rate-choice",
            f"estimand {part.estimand} {'without' if part.rate is None else 'with'} rate",
            "rate with `estimand: success_rate`, and only there",
            "add `rate: 0.9`" if part.rate is None else "remove rate, or write `estimand: success_rate`",
            () if part.rate is None else ("rate",),
        )
    if part.units == "ratio":
        yield from _ratio_flaws(part)


def _ratio_flaws(part: Bound) -> Iterator[Flaw]:
    ends = (part.at_least, part.at_most, part.equals, *(part.between or ()))
    wrong = [
        "one arm" if part.contrast is None else "",
        f"estimand {part.estimand}" if part.estimand not in ("mean", "median") else "",
        "a bound that is not positive" if any(end is not None and end <= 0 for end in ends) else "",
    ]
    for found in filter(None, wrong):
        yield Flaw(
            "ratio-choice",
            f"`units: ratio` with {found}",
            "a contrast of two arms, the estimand mean or median, and positive bounds",
            "write `units: linear` or `units: log10`, or give what a ratio needs",
            ("units",),
        )


class Deviation(Record):
    """A difference between our test and the source, and whom it favours."""

    what: Line
    """The difference."""
    leans: Literal["for the claim", "against the claim", "neither way", "unknown"]
    """Whom it favours."""


TEMPLATE = "the script is still the template that repro new wrote, and tests nothing of the claim"
"""What the deviation says that stands in a protocol until its script measures something."""


class Revision(Record):
    """Predictions and controls that stood before, kept because evidence had been seen under them."""

    because: Line
    """Why the predictions were changed."""
    predictions: tuple[Prediction, ...]
    """Predictions as they were before."""
    controls: tuple[Control, ...] = ()
    """Controls as they were before."""


class Setting(Record):
    """One scale at which a protocol is judged, on seeds of its own.

    Without `scale` it is the script's MINIMAL. A mapping sets fields of MINIMAL to other values, and `large`
    takes the script's LARGE.
    """

    name: Identifier
    """Name within the claim."""
    scale: Literal["large"] | Annotated[dict[Name, ScaleValue], Field(min_length=1)] | None = None
    """The script's LARGE, or fields of its MINIMAL with other values; without it MINIMAL as it is."""
    needs: Literal["cuda"] | None = None
    """What it is due with only: `cuda` for a GPU."""
    because: Line | None = None
    """What it is for; the first setting needs no reason."""

    @property
    def base(self) -> Literal["minimal", "large"]:
        """Return which of the script's scales it starts from."""
        return "large" if self.scale == "large" else "minimal"

    @property
    def overrides(self) -> dict[str, ScaleValue]:
        """Return the fields of that scale which it sets to other values."""
        return self.scale if isinstance(self.scale, dict) else {}


MINIMAL = Setting(name="minimal")
"""The one setting of a protocol that names none."""
LARGE = Setting(name="large", scale="large", needs="cuda")
"""Why a script's LARGE is measured if no claim has a setting of its own for it."""


class Protocol(Record):
    """What is fixed before running: experiment, settings, predictions, controls, deviations."""

    experiment: Name
    """Name of the script in `repro/experiments/`."""
    planned: Text | None = None
    """While there is no script: the data, arms, outcomes and seconds that it must have."""
    settings: Annotated[tuple[Setting, ...], Field(min_length=1)] = (MINIMAL,)
    """Scales at which it is judged, each by itself; the first is the main one."""
    predictions: Annotated[tuple[Prediction, ...], Field(min_length=1)]
    """Bounds that must all hold."""
    controls: tuple[Control, ...] = ()
    """Bounds that must fail elsewhere, or hold for the test to have power."""
    most_seeds: Annotated[int, Field(ge=10, le=MOST_SEEDS, multiple_of=5)] = USUAL_SEEDS
    """Seeds after which an open prediction stays open; more than 40 where seeds are cheap."""
    explored: bool | None = None
    """Whether other seeds were looked at before the bounds were fixed."""
    deviations: tuple[Deviation, ...] = ()
    """Differences from the source."""
    revisions: tuple[Revision, ...] = ()
    """Former predictions, oldest first."""

    @property
    def arms(self) -> tuple[str, ...]:
        """Return every arm that some prediction or control needs, each once, in order of appearance."""
        parts: tuple[Bound, ...] = (*self.predictions, *self.controls)
        return tuple(dict.fromkeys(arm for part in parts for arm in part.arms))

    @property
    def main(self) -> Setting:
        """Return the setting whose verdict is shown when only one can be."""
        return self.settings[0]

    @property
    def bounded(self) -> Iterator[tuple[Keys, Prediction]]:
        """Yield every stated bound with its place: those of predictions, and controls' own bounds."""
        for i, prediction in enumerate(self.predictions):
            yield ("protocol", "predictions", i), prediction
        for i, control in enumerate(self.controls):
            if control.prediction is None:
                yield ("protocol", "controls", i), control.applied({})

    @property
    def digest(self) -> str:
        """Return the SHA-256 of everything that affects decisions, so that a changed prediction shows."""
        return predictions_digest(self.predictions, self.controls)

    def flaws(self) -> Iterator[Flaw]:
        """Return what is wrong between settings, predictions, controls and revisions."""
        yield from _setting_flaws(self.settings)
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
                    "remove the revision; changed wording alone is not a revision",
                    ("revisions", i),
                )
            seen.setdefault(digest, f"revision {i + 1}")


def _setting_flaws(settings: tuple[Setting, ...]) -> Iterator[Flaw]:
    seen: set[str] = set()
    for i, setting in enumerate(settings):
        if setting.name in seen:
            yield Flaw(
                "duplicate-setting",
                f"a second setting named {setting.name}",
                "a name of its own for each setting",
                "rename it",
                ("settings", i, "name"),
            )
        seen.add(setting.name)
        if setting.name in ("minimal", "large") and (setting.name != setting.base or setting.overrides):
            yield Flaw(
                "setting-name",
                f"a setting named {setting.name} that is not the script's {setting.name.upper()}",
                f"a name of its own, or no scale but {setting.name.upper()}",
                "name it after what it sets",
                ("settings", i, "name"),
            )
        if i and setting.because is None:
            yield Flaw(
                "setting-because",
                f"the setting {setting.name} without because",
                "`because: ...` in every setting but the first",
                "say what this scale shows that the first does not",
                ("settings", i),
            )


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
    names = {*predictions}
    for i, control in enumerate(part.controls):
        yield from _control_flaws(control, predictions, (*at, "controls", i))
        if control.prediction is None and control.name in names:
            yield Flaw(
                "duplicate-prediction",
                f"a control named {control.name} as well",
                "a name of its own for each prediction and each control with a bound of its own",
                "rename it",
                (*at, "controls", i, "name"),
            )
        names.add(control.name or "")


def _control_flaws(control: Control, predictions: dict[str, Prediction], at: Keys) -> Iterator[Flaw]:
    name = control.prediction
    if name is None:
        return
    place = (*at, "contrast" if control.contrast else "of")
    if name not in predictions:
        yield Flaw(
            "control-target",
            f"a control of {name}, which is not a prediction of this claim",
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
            place,
        )
    elif control.arms == predictions[name].arms:
        yield Flaw(
            "control-arms",
            f"a control on the arms of prediction {name} itself",
            "arms on which the bound must not hold",
            "name arms on which the effect must be absent",
            place,
        )
    elif control.must == "fail" and control.arms == predictions[name].arms[::-1]:
        yield Flaw(
            "reversed-control",
            f"the contrast of prediction {name} the other way round, which holds where the claim is wrong",
            "arms in which the effect has no business to be, whichever way it goes",
            "name an arm that is alike but for what should cause the effect",
            place,
        )


def predictions_digest(predictions: tuple[Prediction, ...], controls: tuple[Control, ...]) -> str:
    """Return the SHA-256 of predictions and controls without their prose (`says`, `because`).

    Evidence carries such digests, so each field keeps in them the name that it had when the first were made:
    `units` was called `scale`.
    """

    def deciding(part: Bound) -> dict[str, Any]:
        content = part.model_dump(mode="json", exclude={"says", "because"}, exclude_defaults=True)
        return {"scale" if name == "units" else name: value for name, value in content.items()}

    content = [[deciding(part) for part in predictions], [deciding(part) for part in controls]]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
