"""What `repro new` writes: claims and sources as plain data, and the template of an experiment's script.

Nothing here is a placeholder that could be taken for content: records hold only what somebody said. The
script stands in for a measurement, and both it and the claim's deviations say that it is still a template.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from kb.records import protocol as protocols
from kb.records.protocol import Units

TEMPLATE = {"what": protocols.TEMPLATE, "leans": "unknown"}
"""The deviation of a protocol whose script has not been filled in yet."""
Data = dict[str, Any]


@dataclass(frozen=True)
class Bet:
    """A protocol's first prediction, and its control.

    Attributes:
        arms: The one arm that is bounded, or two: the first minus the second.
        says: The prediction in one sentence; made from the rest if there is none.
        units: Whether the bound is on values, decades or a ratio; None means values.
        control: Arms, as many, in which the effect has no business to be; none if there are no such arms.
        control_because: Why it has none there.
        planned: What the script must measure, as long as there is none.
        is_template: Is the script still a template?
    """

    experiment: str
    outcome: str
    arms: tuple[str, ...]
    bound: Literal["at_least", "at_most"]
    value: float
    because: str
    says: str | None = None
    units: Units | None = None
    control: tuple[str, ...] = ()
    control_because: str | None = None
    planned: str | None = None
    is_template: bool = False


@dataclass(frozen=True)
class Measure:
    """How the outcome of a new script is described.

    Attributes:
        unit: What it is measured in, such as `% of test images`.
        better: Which direction is better.
        resolution: The smallest difference that the measurement can show.
    """

    unit: str
    better: str
    resolution: float


DISTANCE = Measure("standard deviations of a draw", "lower", 0.001)
"""What the template measures, unless its author says what their own script will."""


def slug(title: str) -> str:
    """Return the id that a title suggests: as many of its words as fit into forty characters."""
    words = re.findall(r"[a-z0-9]+", title.lower())
    return "-".join(textwrap.wrap(" ".join(words), 40)[0].split()) if words else ""


def appearance(
    source: str, stance: str, locator: Mapping[str, Any], *, by: str | None, quoted_by: str | None
) -> Data:
    """Return one source's stance towards a claim."""
    return _given(source=source, by=by, quoted_by=quoted_by, stance=stance, locator=dict(locator))


def protocol(bet: Bet) -> Data:
    """Return a protocol with one prediction, and the control that its author names."""
    name = "-against-".join(arm.replace("_", "-") for arm in bet.arms)[:64].strip("-")
    prediction = {
        "name": name,
        "says": bet.says or _says(bet),
        "outcome": bet.outcome,
        **_arms(bet.arms),
        **_given(units=bet.units if bet.units != "linear" else None),
        bet.bound: bet.value,
        "because": bet.because,
    }
    control = (
        {"prediction": name, **_arms(bet.control), "because": bet.control_because} if bet.control else None
    )
    return _given(
        experiment=bet.experiment,
        planned=bet.planned,
        predictions=[prediction],
        controls=[control] if control else None,
        deviations=[TEMPLATE] if bet.is_template else None,
    )


def _arms(arms: Sequence[str]) -> Data:
    return {"contrast": [*arms]} if len(arms) == 2 else {"of": arms[0]}


def _says(bet: Bet) -> str:
    """Return a prediction as a sentence that is English whatever the arms and the outcome are called."""
    what = f"The {_words(bet.outcome)} in {_arm(bet.arms[0])} is"
    least = bet.bound == "at_least"
    if len(bet.arms) == 1:
        return f"{what} at {'least' if least else 'most'} {bet.value:g}."
    other = f"that in {_arm(bet.arms[1])}"
    if bet.units == "ratio":
        return f"{what} at {'least' if least else 'most'} {bet.value:g} times {other}."
    decades = f" decade{'s' * (abs(bet.value) != 1)}" if bet.units == "log10" else ""
    if bet.value == 0:
        return f"{what} no {'lower' if least else 'higher'} than {other}."
    is_above = bet.value > 0
    end = "least" if least == is_above else "most"
    return f"{what} at {end} {abs(bet.value):g}{decades} {'above' if is_above else 'below'} {other}."


def _arm(name: str) -> str:
    return f"the arm “{_words(name)}”"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _given(**parts: Any) -> Data:
    return {name: part for name, part in parts.items() if part is not None}


def script(
    name: str, question: str, arms: Sequence[str], outcomes: Sequence[str], measure: Measure = DISTANCE
) -> str:
    """Return the text of a template that keeps the contract, and of which nothing counts.

    Args:
        name: The experiment's name, for people who come across the template.
        question: The first line of the docstring, with its question mark.
        arms: Names of the arms; each gets ten draws more than the previous one.
        outcomes: Names of the outcomes, all of which get the same value.
        measure: In what they are measured.
    """
    draws = {arm: 10 * (number + 1) for number, arm in enumerate(arms)}
    return _SCRIPT.format(
        question=question,
        arms=_paragraph("Arms", f"{', '.join(arms)}, which differ in the number of draws."),
        outcomes=_paragraph("Outcomes", f"{', '.join(outcomes)}: the root of the mean squared distance."),
        replace=_paragraph("Method", _METHOD.format(name=name)),
        outcome_lines="".join(_outcome(outcome, measure) for outcome in outcomes),
        arm_lines="".join(_ARM.format(name=arm, count=count) for arm, count in draws.items()),
        values="".join(f'        "{outcome}": error,\n' for outcome in outcomes),
    )


def _paragraph(head: str, text: str) -> str:
    lines = textwrap.wrap(f"{head}: {text}", 108, break_on_hyphens=False)
    return "\n".join(lines)


def _outcome(name: str, measure: Measure) -> str:
    words = {"label": _words(name), "unit": measure.unit}
    texts = {key: json.dumps(text, ensure_ascii=False) for key, text in words.items()}
    return _OUTCOME.format(name=name, better=measure.better, resolution=f"{measure.resolution!r}", **texts)


_ARM = '    "{name}": Arm("the mean of {count} draws", factor={count}),\n'
_OUTCOME = """\
    "{name}": Outcome(
        {label},
        unit={unit},
        better="{better}",
        resolution={resolution},
    ),
"""
_METHOD = (
    "a template, of which `repro run` records nothing: the root of the mean squared distance between means "
    "of standard normal draws and zero stands in for a measurement. Replace everything except the names with "
    "what {name} is to measure."
)
_SCRIPT = '''\
"""{question}

Hypothesis: the mean of more draws lies nearer to the truth, because independent errors cancel.

{replace}

{arms}

{outcomes}
"""

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from repro.lab.outcomes import Outcome
from repro.lab.seeds import Seeds
from repro.lab.template import stand_in


@dataclass(frozen=True)
class Scale:
    """How large the measurement is."""

    draws: int = 1


MINIMAL = Scale()
LARGE = Scale(draws=100)
OUTCOMES = {{
{outcome_lines}}}


class Arm(NamedTuple):
    """What tells an arm from the others."""

    description: str
    factor: int


ARMS = {{
{arm_lines}}}


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    """Return one number per seed for each outcome."""
    error = stand_in(seeds, scale.draws * ARMS[arm].factor)  # (seeds,); put your measurement here
    return {{
{values}    }}
'''
