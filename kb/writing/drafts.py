"""What `repro new` writes: claims and sources as plain data, and the template of an experiment's script.

Nothing here is a placeholder that could be taken for content: records hold only what somebody said. The
script measures something real and small, and both it and the claim's deviations say that it is still a
template.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

TEMPLATE = {
    "what": "the script is still the template that repro new wrote, and tests nothing of the claim",
    "leans": "unknown",
}
"""The deviation of a protocol whose script has not been filled in yet."""
Data = dict[str, Any]


@dataclass(frozen=True)
class Bet:
    """A protocol's first prediction.

    Attributes:
        arms: The one arm that is bounded, or two: the first minus the second.
        planned: What the script must measure, as long as there is none.
        is_template: Is the script still a template?
    """

    experiment: str
    outcome: str
    arms: tuple[str, ...]
    bound: Literal["at_least", "at_most"]
    value: float
    because: str
    planned: str | None = None
    is_template: bool = False


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
    """Return a protocol with one prediction; only its author knows where no effect should show."""
    prediction = {
        "name": "-against-".join(arm.replace("_", "-") for arm in bet.arms)[:64].strip("-"),
        "says": _says(bet),
        "outcome": bet.outcome,
        **_arms(bet.arms),
        bet.bound: bet.value,
        "because": bet.because,
    }
    return _given(
        experiment=bet.experiment,
        planned=bet.planned,
        predictions=[prediction],
        deviations=[TEMPLATE] if bet.is_template else None,
    )


def _arms(arms: Sequence[str]) -> Data:
    return {"contrast": [*arms]} if len(arms) == 2 else {"of": arms[0]}


def _says(bet: Bet) -> str:
    words = bet.bound.replace("_", " ")
    if len(bet.arms) == 1:
        return f"With {bet.arms[0]} the {bet.outcome} is {words} {bet.value:g}."
    first, second = bet.arms
    return f"With {first} the {bet.outcome} is {words} {bet.value:g} above that with {second}."


def _given(**parts: Any) -> Data:
    return {name: part for name, part in parts.items() if part is not None}


def script(name: str, question: str, arms: Sequence[str], outcomes: Sequence[str]) -> str:
    """Return the text of a script that fulfils the contract: few draws err more than many.

    Args:
        name: The experiment's name, for people who come across the template.
        question: The first line of the docstring, with its question mark.
        arms: Names of the arms; each gets ten draws more than the previous one.
        outcomes: Names of the outcomes, all of which get the same value.
    """
    draws = {arm: 10 * (number + 1) for number, arm in enumerate(arms)}
    return _SCRIPT.format(
        question=question,
        arms=_paragraph("Arms", f"{', '.join(arms)}, which differ in the number of draws."),
        outcomes=_paragraph("Outcomes", f"{', '.join(outcomes)}: the root of the mean squared distance."),
        replace=_paragraph("Method", _METHOD.format(name=name)),
        outcome_lines="".join(_OUTCOME.format(name=outcome) for outcome in outcomes),
        arm_lines="".join(_ARM.format(name=arm, count=count) for arm, count in draws.items()),
        values="".join(f'        "{outcome}": error,\n' for outcome in outcomes),
    )


def _paragraph(head: str, text: str) -> str:
    lines = textwrap.wrap(f"{head}: {text}", 108, break_on_hyphens=False)
    return "\n".join(lines)


_ARM = '    "{name}": Arm("the mean of {count} draws", draws={count}),\n'
_OUTCOME = """\
    "{name}": Outcome(
        "distance from the truth",
        unit="standard deviations of a draw",
        better="lower",
        resolution=0.001,
    ),
"""
_METHOD = (
    "a template, which measures only this: draw standard normal numbers, take their mean, and see how far "
    "it lies from zero, the truth. Replace everything except the names with what {name} is to measure."
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

TRUTH = 0.0  # mean of the distribution, in its standard deviations


@dataclass(frozen=True)
class Scale:
    """How many means are taken of each arm."""

    repeats: int = 400


MINIMAL = Scale()
LARGE = Scale(repeats=40_000)
OUTCOMES = {{
{outcome_lines}}}


class Arm(NamedTuple):
    """How many draws a mean is taken over."""

    description: str
    draws: int


ARMS = {{
{arm_lines}}}


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    """Return how far the means of an arm's draws lie from the truth; all arms share the first draws."""
    most = max(known.draws for known in ARMS.values())
    draws = TRUTH + seeds.normal("draws", most, scale.repeats)  # (seeds, draws, repeats)
    means = draws[:, : ARMS[arm].draws].mean(1)  # (seeds, repeats)
    error = (means - TRUTH).square().mean(1).sqrt()  # (seeds,)
    return {{
{values}    }}
'''
