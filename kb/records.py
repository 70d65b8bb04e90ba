"""What people write: sources, claims and their protocols, as strict immutable models.

This room knows shapes, not files: reading and positions are in `kb.load`, rules that need more
than one record in `kb.rules`.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

IDENTIFIER = r"^[a-z0-9]+(?:-[a-z0-9]+)*$"
NAME = r"^[a-z][a-z0-9_]*$"
LINE = r"^\S[^\n]*\S\n?$|^\S$"
TEXT = r"\S"
DATE = r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$"
URL = r"^https?://[^\s@]+$"
DOI = r"^10\.[0-9]{4,9}/\S+$"
ARXIV = r"^[0-9]{4}\.[0-9]{4,5}$"

PATTERNS = {
    IDENTIFIER: ("lower-case letters a-z, digits and single hyphens", "write the id as its file is named"),
    NAME: (
        "lower-case letters a-z, digits and underscores",
        "write the name as the experiment's script does",
    ),
    LINE: ("one line of text without spaces around it", "join the lines, or delete the outer spaces"),
    TEXT: ("text", "write at least one word, or remove the key"),
    DATE: (
        "a year, a month or a day: 2017, 2017-12 or 2017-12-05, in quotes",
        "write it in digits, year first",
    ),
    URL: ("http:// or https://, without user name, spaces and @", "give the address a reader can open"),
    DOI: ("a DOI such as 10.1038/nature14539", "leave out https://doi.org/"),
    ARXIV: ("an arXiv number such as 1706.03762, in quotes", "leave out the version and arXiv:"),
}
"""For each pattern what is allowed and what to do, for those who did not match it."""

Identifier = Annotated[str, StringConstraints(pattern=IDENTIFIER, max_length=64)]
Name = Annotated[str, StringConstraints(pattern=NAME, max_length=64)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=LINE)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4000, pattern=TEXT)]
Date = Annotated[str, StringConstraints(pattern=DATE)]
Url = Annotated[str, StringConstraints(pattern=URL, max_length=500)]

Kind = Literal["empirical", "theoretical", "methodological", "historical", "normative"]
Stance = Literal["asserts", "disputes", "qualifies", "reports"]
RelationType = Literal["depends_on", "supports", "contradicts", "refines", "explains"]
Estimand = Literal["mean", "win_rate", "success_rate"]


class Record(BaseModel):
    """Anything people write: immutable, no unknown keys, no coercion."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, validate_default=True)


class Person(Record):
    """A name as in CSL: `family` and `given`, or `literal` for a group or a pen name."""

    family: Line | None = None
    given: Line | None = None
    literal: Line | None = None

    @property
    def full(self) -> str:
        """Return the name as it is read aloud."""
        return self.literal or " ".join(part for part in (self.given, self.family) if part)


class Source(Record):
    """A paper, talk, essay, post or repository, in CSL's fields, and what of it was verified."""

    title: Line
    type: Literal[
        "article-journal", "paper-conference", "post-weblog", "speech", "software", "thesis", "article"
    ]
    author: tuple[Person, ...]
    issued: Date | None = None
    URL: Url | None = None
    DOI: Annotated[str, StringConstraints(pattern=DOI)] | None = None
    arxiv: Annotated[str, StringConstraints(pattern=ARXIV)] | None = None
    container_title: Line | None = Field(default=None, alias="container-title")
    verified: Literal["text", "abstract", "secondary", "memory"]
    note: Text | None = None


class Locator(Record):
    """Where in a source a claim stands; the anchor is at most five words at its start and its end."""

    section: Line | None = None
    paragraph: Annotated[int, Field(ge=1)] | None = None
    page: Line | None = None
    time: Line | None = None
    anchor: tuple[Line, Line] | None = None


class Appearance(Record):
    """One source that states, disputes, qualifies or reports the claim."""

    source: Identifier
    by: Line | None = None
    stance: Stance
    locator: Locator


class Relation(Record):
    """A directed link to another claim; of a `strict` contradiction only one side can hold."""

    type: RelationType
    claim: Identifier
    because: Line
    strict: bool = False


class Prediction(Record):
    """A bound on one arm (`of`) or on a paired contrast of two, fixed before the run that counts.

    Exactly one of `of` and `contrast`, and exactly one bound (`at_least`, `at_most`, `between`, or `equals`
    with `within`), must be given. `scale: log10` measures arms and contrast in decades, so a contrast is the
    log of a ratio. `estimand: win_rate` asks whether P(value meets the bound) exceeds one half,
    `success_rate` whether it exceeds `rate`. `on_nonfinite` says what a diverged seed counts as.
    """

    name: Identifier
    says: Line
    outcome: Name
    of: Name | None = None
    contrast: tuple[Name, Name] | None = None
    scale: Literal["linear", "log10"] = "linear"
    estimand: Estimand = "mean"
    rate: Annotated[float, Field(gt=0, lt=1)] | None = None
    at_least: float | None = None
    at_most: float | None = None
    between: tuple[float, float] | None = None
    equals: float | None = None
    within: Annotated[float, Field(gt=0)] | None = None
    on_nonfinite: Literal["worst", "best"] | float = "worst"
    because: Line

    @property
    def arms(self) -> tuple[str, ...]:
        """Return the arms that must be measured to judge this prediction."""
        return self.contrast or ((self.of,) if self.of else ())


class Control(Record):
    """Arms in which the bound of a prediction must not hold, or there is no verdict."""

    prediction: Identifier
    of: Name | None = None
    contrast: tuple[Name, Name] | None = None
    because: Line

    @property
    def arms(self) -> tuple[str, ...]:
        """Return the arms that must be measured to judge this control."""
        return self.contrast or ((self.of,) if self.of else ())


class Deviation(Record):
    """A difference between our test and the source, and whom it favours."""

    what: Line
    leans: Literal["for the claim", "against the claim", "neither way", "unknown"]


class Revision(Record):
    """Predictions and controls that stood before, kept because evidence had been seen under them."""

    because: Line
    predictions: tuple[Prediction, ...]
    controls: tuple[Control, ...] = ()


class Protocol(Record):
    """What is fixed before running: experiment, scale, predictions, controls, deviations."""

    experiment: Name
    scale: Literal["minimal", "large"] = "minimal"
    predictions: Annotated[tuple[Prediction, ...], Field(min_length=1)]
    controls: tuple[Control, ...] = ()
    deviations: tuple[Deviation, ...] = ()
    revisions: tuple[Revision, ...] = ()

    @property
    def arms(self) -> tuple[str, ...]:
        """Return every arm that some prediction or control needs, each once, in order of appearance."""
        parts: tuple[Prediction | Control, ...] = (*self.predictions, *self.controls)
        return tuple(dict.fromkeys(arm for part in parts for arm in part.arms))

    @property
    def digest(self) -> str:
        """Return the SHA-256 of everything that decides, so that a changed prediction shows."""
        return predictions_digest(self.predictions, self.controls)


def predictions_digest(predictions: tuple[Prediction, ...], controls: tuple[Control, ...]) -> str:
    """Return the SHA-256 of predictions and controls without their prose (`says`, `because`)."""

    def deciding(part: Prediction | Control) -> dict[str, Any]:
        return part.model_dump(mode="json", exclude={"says", "because"}, exclude_defaults=True)

    content = [[deciding(part) for part in predictions], [deciding(part) for part in controls]]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


class Reported(Record):
    """A number of the source itself, for comparison beside ours."""

    what: Line
    value: float
    from_: Identifier = Field(alias="from")


class Claim(Record):
    """One statement somebody made that could be wrong, in our own words.

    Exactly one of `protocol`, `not_testable` and `untested` must be given.
    """

    title: Annotated[Line, StringConstraints(max_length=90)]
    kind: Kind
    statement: Text
    stated_in: Annotated[tuple[Appearance, ...], Field(min_length=1)]
    relations: tuple[Relation, ...] = ()
    scope: Text | None = None
    protocol: Protocol | None = None
    not_testable: Text | None = None
    untested: Text | None = None
    reported: tuple[Reported, ...] = ()
    pitfalls: Text | None = None
