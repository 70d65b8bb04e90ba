"""What the JSON API answers about claims, and what all its answers share."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, field_serializer

from kb.evidence.replays import Agreement
from kb.judging.bounds import Decision
from kb.judging.certainty import Doubt, Level
from kb.judging.details import Detail
from kb.judging.judgement import State
from kb.judging.verdict import VerdictState
from kb.reasoning.standing import StandingName
from kb.records.claims import Claim, ClaimKind, Estimand
from kb.records.fields import Record
from kb.words.accounts import Role, Weight

LICENCE: Literal["CC-BY-4.0"] = "CC-BY-4.0"
"""The licence of the records and of what follows from them."""
Ends = tuple[float | None, float | None]
"""The lower and the upper end; null where there is none."""


class Part(BaseModel):
    """Anything with which the API answers; a field's docstring is its description in the schema."""

    model_config = ConfigDict(
        frozen=True, populate_by_name=True, use_attribute_docstrings=True, defer_build=True
    )


class Response(Part):
    """A whole answer."""

    licence: Literal["CC-BY-4.0"] = Field()
    """Licence of the records and of what follows from them."""

    def as_json(self) -> dict[str, Any]:
        """Return the answer as plain JSON data."""
        return self.model_dump(mode="json", by_alias=True)


class Recorded(Part):
    """Something that has a record, which is given as it was written."""

    id: str
    """Id of the record; it never changes."""
    url: str
    """Page of the record."""
    record: SerializeAsAny[Record]
    """The record, without fields that have their default."""

    @field_serializer("record")
    def _as_written(self, record: Record) -> dict[str, Any]:
        return record.model_dump(mode="json", by_alias=True, exclude_defaults=True)


class FindingData(Part):
    """One prediction, or one control, judged."""

    prediction: str
    """Name of the prediction; of a control, the one whose bound is applied, or its own name."""
    control: bool
    """Is it a control?"""
    must: Literal["fail", "hold"]
    """What the bound must do for the claim to have a verdict; a prediction is asked to hold."""
    arms: tuple[str, ...]
    """One arm, or two of which the second is subtracted from the first, seed by seed."""
    says: str
    """The prediction, or what a control asks for and why, in words."""
    bound: str
    """What was predicted, in words."""
    range: Ends
    """What was predicted of the values, as the ends of a range."""
    goal: Ends
    """What was predicted of `estimate`, as the ends of a range."""
    unit: str
    """Unit of the values, after the contrast and in the units of the prediction."""
    estimand: Estimand
    """What `estimate` is: mean or median of the values, or the share of seeds whose value lies in `range`."""
    estimate: float | None
    """The effect; null where no seed gave a finite number."""
    interval: Ends
    """Anytime-valid interval of `estimate`."""
    trail: tuple[Ends, ...]
    """The interval after each block, from the tenth seed on."""
    measured: str
    """Estimate, unit and interval as text: shares in percent, the ends rounded outwards."""
    seeds: int
    """Seeds that were measured."""
    decision: Decision
    """How it came out; a control that must fail must be contradicted."""
    detail: Detail
    """Why, as one of a few words; empty where there is nothing to add."""
    words: str
    """The decision and why, in half a sentence."""
    seeds_needed: int | None
    """How many seeds are likely needed in all, if it is undecided and this can be estimated."""
    nonfinite: int
    """Seeds that diverged."""
    notes: tuple[str, ...]
    """What else a reader should know."""


class VerdictData(Part):
    """The judgement of a claim's protocol; its findings are listed beside it."""

    seeds: int
    """The most seeds that any prediction has."""
    alpha: float
    """Probability that an interval ever misses the truth."""
    revision: int
    """How many earlier tests of the claim have evidence; each halves `alpha`."""
    failing: tuple[str, ...] = ()
    """Controls of the experiment itself that failed, in words; any of them makes the verdict invalid."""


class CertaintyData(Part):
    """How sure the verdict at the main setting is; it changes no verdict."""

    level: Level
    """High, less one level for each doubt, and never below very low."""
    doubts: tuple[Doubt, ...]
    """What speaks against leaning on it."""
    turning: tuple[int, ...]
    """Seeds, counted from 0, without any one of which the verdict would be another."""
    further_tests: int
    """How many further tests of the claim it would survive, each at half the level; at most 5 are tried."""
    words: str
    """Level and doubts as a sentence."""


class ReplicationData(Part):
    """An independent set of seeds, judged like the first; it never counts for the verdict."""

    number: int
    """Which one, from 1."""
    state: VerdictState
    """How it came out."""
    agrees: bool
    """Is that the state of the setting's own verdict?"""
    verdict: VerdictData
    """Its verdict."""
    findings: tuple[FindingData, ...]
    """Every prediction judged on its seeds, then every control."""


class ReplayData(Part):
    """A block that was measured again; it never counts."""

    arm: str
    """Arm that was measured."""
    block: int
    """Number of the block of five seeds, from 0."""
    agreement: Agreement
    """Equal bits, inside the 99.9 % prediction interval of the arm, or different."""
    machine: str
    """Fingerprint of the machine that measured it again."""
    started: str
    """When, in UTC."""


class SettingData(Part):
    """A claim at one of its settings, judged by itself."""

    name: str
    """Name of the setting within the claim."""
    scale: dict[str, bool | int | float | str]
    """Fields of the scale that is run."""
    needs: Literal["cuda"] | None
    """What it is due with only."""
    version: str
    """Today's test version at this setting."""
    state: State
    """What its own evidence makes of the claim."""
    verdict: VerdictData | None
    """The verdict, where current evidence gives one."""
    findings: tuple[FindingData, ...]
    """Every prediction judged, then every control."""
    stale: int
    """Blocks that were measured at this setting with other code or another scale."""
    replications: tuple[ReplicationData, ...]
    """Independent sets of seeds that were measured as well."""
    replays: tuple[ReplayData, ...]
    """Blocks that were measured again."""


class EarlierTestData(Part):
    """A test of the claim that has evidence, and that is not one of today's; each halves `alpha`."""

    version: str
    """Test version, at the end of its links."""
    predictions: str
    """Digest of the predictions and controls that were judged on it."""
    setting: str
    """The setting of today that it is compared with."""
    first: str
    """When its first block was started, in universal time."""
    last: str
    """When its last block was started."""
    blocks: int
    """How many blocks it has."""
    changed_code: tuple[str, ...]
    """Modules whose code was another."""
    changed_scale: tuple[str, ...]
    """Fields of the scale that had other values."""
    changed_predictions: bool
    """Were predictions or controls other than today's?"""
    state: VerdictState | None
    """How it comes out by today's predictions; null where it did not measure what they need."""
    seeds: int
    """Seeds behind that."""
    words: str
    """What it was and what has changed since, as a clause."""


class AnswerData(Part):
    """What people say came out, beside what the rule says."""

    says: str
    """The answer on one line."""
    suspect: bool
    """Was it confirmed for other verdicts than today's, or never?"""


class EvidenceData(Part):
    """One block of one arm that counts for the verdict of its setting."""

    sha256: str
    """Digest of the record, which its file also carries."""
    path: str
    """File in the repository."""
    setting: str
    """Setting at which it was measured, as it was called then."""
    arm: str
    """Arm that was measured."""
    block: int
    """Number of the block of five seeds, from 0."""
    started: str
    """When it was measured, in UTC."""
    machine: str
    """Fingerprint of the machine."""


class ClaimLinks(Part):
    """Where to find more about a claim, as full addresses."""

    record: str
    """The record in YAML."""
    history: str | None
    """Its history, as far as version control knows it."""
    badge: str
    """A badge to show elsewhere, as SVG."""
    badge_data: str
    """The same badge for shields.io."""
    bibtex: str
    """Citation of the claim."""
    csl: str
    """The same citation as CSL-JSON."""
    oembed: str
    """How to embed it."""
    values_csv: str | None
    """Raw values of its experiment."""
    values_json: str | None
    """The same values with provenance."""


class AccountEntry(Part):
    """Another claim that bears on one without a verdict, and how it came out."""

    claim: str
    """Id of the other claim."""
    role: Role
    """What it is to this one: a `base` that this one rests on, a `support`, or `against` it."""
    weight: Weight
    """What it comes to: for, against, neither, or still open."""
    state: State
    """What its own evidence makes of the other claim."""
    on: tuple[str, ...]
    """Predictions of the other claim on which alone the relation rests; empty for its whole verdict."""
    words: str
    """The entry in words."""
    because: str
    """Why the other claim bears on this one."""


class ClaimDocument(Response, Recorded):
    """One claim with everything that the evidence and the graph make of it."""

    schema_: Literal["assay/claim/1"] = Field(alias="schema")
    """Name and version of this form."""
    record: Claim
    """The record, without fields that have their default."""
    topic: str
    """Topic that it is filed under."""
    state: State
    """What its own evidence makes of it: the state of its settings, or `varies` where they differ."""
    sentence: str
    """Its state in one sentence."""
    answer: AnswerData | None
    """What came out in people's words, where somebody wrote it down."""
    standing: StandingName | None
    """What the graph makes of it; null where no protocol tests it."""
    because: tuple[str, ...]
    """Why, the nearest reason first; empty without a standing."""
    account: tuple[AccountEntry, ...]
    """Its ledger: what bears on a claim that has no verdict, for and against; empty with a verdict."""
    version: str
    """Today's test version, a hash of code and scale, at the main setting; empty where there is no script."""
    verdict: VerdictData | None
    """The verdict at the main setting, where current evidence gives one."""
    certainty: CertaintyData | None
    """How sure it is, where something is decided."""
    findings: tuple[FindingData, ...]
    """Every prediction judged at the main setting, then every control."""
    settings: tuple[SettingData, ...]
    """Every setting, judged by itself; the main one first."""
    tests: tuple[EarlierTestData, ...]
    """Tests of the claim that were superseded, the oldest first."""
    evidence: tuple[EvidenceData, ...]
    """What counts for the verdicts, of all settings."""
    stale: int
    """Blocks that were measured with different code; they never count."""
    links: ClaimLinks
    """Where to find more."""


class ClaimRow(Part):
    """A summary of a claim."""

    id: str
    """Id of the record; it never changes."""
    topic: str
    """Topic that it is filed under."""
    title: str
    """The claim as a headline."""
    kind: ClaimKind
    """What kind of statement it is."""
    state: State
    """What its own evidence makes of it."""
    seeds: int
    """The most seeds that any prediction has."""
    standing: StandingName | None
    """What the graph makes of it; null where no protocol tests it."""
    sentence: str
    """Its state in one sentence."""
    scope: str | None
    """On what it was tested or is meant to hold, on one line; null where the record does not say."""
    url: str
    """Its page."""
    api: str
    """Everything about it."""


class ClaimList(Response):
    """A summary of every claim."""

    schema_: Literal["assay/list/1"] = Field(alias="schema")
    """Name and version of this form."""
    claims: tuple[ClaimRow, ...]
    """In order of ids."""
