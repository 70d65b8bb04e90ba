"""The responses of the JSON API, version 1.

Only additions are allowed here: `tests/golden/api/fields.txt` lists every field that a program may rely on.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, field_serializer

from kb.bounds import Decision
from kb.debates import Debate
from kb.judgement import State
from kb.record_fields import Record
from kb.records import Claim, Estimand, Kind, Source, Stance
from kb.standing import Name

Ends = tuple[float | None, float | None]
"""Lower and upper end; null where there is none."""


class Part(BaseModel):
    """Anything that the API answers with; a field's docstring is its description in the schema."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, use_attribute_docstrings=True)


class Response(Part):
    """A whole answer."""

    licence: Literal["CC-BY-4.0"] = Field()
    """Licence of the records and of what follows from them."""


class Recorded(Part):
    """Something with a record, which is given as it was written."""

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
    """Name of the prediction; of a control, the one whose bound must fail."""
    control: bool
    """Is it a control?"""
    arms: tuple[str, ...]
    """One arm, or two of which the second is taken from the first, seed by seed."""
    says: str
    """The prediction, or of a control the reason for it, in one sentence."""
    bound: str
    """What was predicted, in words."""
    range: Ends
    """What was predicted of the values, as ends of a range."""
    unit: str
    """Unit of the values, after scale and contrast."""
    estimand: Estimand
    """What `estimate` is: the mean of the values, or the share of seeds whose value lies in `range`."""
    estimate: float | None
    """The effect; null where no seed gave a finite number."""
    interval: Ends
    """Anytime-valid interval of `estimate`."""
    seeds: int
    """Seeds that were measured."""
    decision: Decision
    """How it came out; a control must be contradicted."""
    detail: str
    """Why, as one of a few words; empty where there is nothing to add."""
    seeds_needed: int | None
    """Seeds likely needed in all, where it is open and somebody can know."""
    nonfinite: int
    """Seeds that diverged."""
    notes: tuple[str, ...]
    """What a reader should know besides."""


class VerdictData(Part):
    """A claim's protocol judged; its findings stand beside it."""

    seeds: int
    """The most seeds that any prediction has."""
    alpha: float
    """Probability that an interval ever misses the truth."""
    revision: int
    """How often the predictions were changed after evidence was seen."""


class EvidenceData(Part):
    """One block of one arm that counts for the verdict."""

    sha256: str
    """Digest of the record, which its file carries too."""
    path: str
    """File in the repository."""
    arm: str
    """Arm that was measured."""
    block: int
    """Number of the block of five seeds, from 0."""
    started: str
    """When it was measured, in universal time."""
    machine: str
    """Fingerprint of the machine."""


class ClaimLinks(Part):
    """Where more about a claim is, as whole addresses."""

    record: str
    """The record in YAML."""
    history: str | None
    """What became of it, where version control tells."""
    badge: str
    """SVG to show elsewhere."""
    badge_data: str
    """The same for shields.io."""
    bibtex: str
    """Citation of the claim."""
    csl: str
    """The same as CSL-JSON."""
    oembed: str
    """How to embed it."""
    values_csv: str | None
    """Raw values of its experiment."""
    values_json: str | None
    """The same with provenance."""


class ClaimDocument(Response, Recorded):
    """One claim with everything that the evidence and the graph make of it."""

    schema_: Literal["assay/claim/1"] = Field(alias="schema")
    """Name and version of this form."""
    record: Claim
    """The record, without fields that have their default."""
    topic: str
    """Topic that it is filed under."""
    state: State
    """What its own evidence makes of it."""
    sentence: str
    """Its state in one sentence."""
    standing: Name
    """What the graph makes of it."""
    because: tuple[str, ...]
    """Why, the nearest reason first."""
    protocol: str
    """Hash of script, lab and scale today; empty where there is no script."""
    verdict: VerdictData | None
    """The verdict, where current evidence gives one."""
    findings: tuple[FindingData, ...]
    """Every prediction judged, then every control."""
    evidence: tuple[EvidenceData, ...]
    """What counts for the verdict."""
    stale: int
    """Blocks that were measured with other code; they never count."""
    links: ClaimLinks
    """Where more is."""


class ClaimRow(Part):
    """A claim in short."""

    id: str
    """Id of the record; it never changes."""
    topic: str
    """Topic that it is filed under."""
    title: str
    """The claim as a headline."""
    kind: Kind
    """What kind of statement it is."""
    state: State
    """What its own evidence makes of it."""
    seeds: int
    """The most seeds that any prediction has."""
    standing: Name
    """What the graph makes of it."""
    sentence: str
    """Its state in one sentence."""
    url: str
    """Its page."""
    api: str
    """The whole of it."""


class ClaimList(Response):
    """Every claim in short."""

    schema_: Literal["assay/list/1"] = Field(alias="schema")
    """Name and version of this form."""
    claims: tuple[ClaimRow, ...]
    """In order of ids."""


class Said(Part):
    """What a source does with a claim."""

    id: str
    """Id of the claim."""
    stance: Stance
    """What the source does with it."""


class SourceData(Recorded):
    """A source with its claims."""

    record: Source
    """The record, without fields that have their default."""
    claims: tuple[Said, ...]
    """Claims that name it, in order of ids."""
    bibtex: str
    """Citation of the source."""
    csl: str
    """The same as CSL-JSON."""


class SourceList(Response):
    """Every source."""

    schema_: Literal["assay/sources/1"] = Field(alias="schema")
    """Name and version of this form."""
    sources: tuple[SourceData, ...]
    """In order of ids."""


class DebateData(Recorded):
    """A debate."""

    record: Debate
    """The record, without fields that have their default."""


class DebateList(Response):
    """Every debate."""

    schema_: Literal["assay/debates/1"] = Field(alias="schema")
    """Name and version of this form."""
    debates: tuple[DebateData, ...]
    """In order of ids."""


class OutcomeData(Part):
    """A named number that an experiment measures once a seed, or a curve."""

    unit: str
    """What one step of the number means."""
    direction: Literal["higher", "lower", "neither"]
    """Which way is better."""
    resolution: float
    """The smallest difference that the measurement can tell; for a curve 0."""


class ExperimentData(Part):
    """A script with what was measured by it."""

    name: str
    """Name of the script."""
    url: str
    """Its page."""
    question: str
    """What it asks."""
    arms: dict[str, str]
    """Conditions under comparison, with what each is."""
    outcomes: dict[str, OutcomeData]
    """What it measures."""
    protocols: dict[str, str]
    """Today's protocol hash by scale."""
    claims: tuple[str, ...]
    """Ids of the claims that it serves."""
    blocks: int
    """Blocks of five seeds in the evidence, stale ones included."""
    seconds: float
    """What they took to measure."""
    last: str | None
    """Day of the last measurement."""
    values_csv: str | None
    """Raw values."""
    values_json: str | None
    """The same with provenance."""


class ExperimentList(Response):
    """Every experiment."""

    schema_: Literal["assay/experiments/1"] = Field(alias="schema")
    """Name and version of this form."""
    experiments: tuple[ExperimentData, ...]
    """In order of names."""


class GraphNode(Part):
    """A claim, source, person, experiment, debate or piece of evidence; each type has its own fields."""

    model_config = ConfigDict(extra="allow")

    id: str
    """Type and id, such as `claim:bigger-is-better`."""
    type: str
    """What it is."""
    label: str
    """What a reader calls it."""
    state: str | None = None
    """Of a claim, what its evidence makes of it; of an experiment, whether it is written."""
    standing: Name | None = None
    """Of a claim, what the graph makes of it."""


class GraphEdge(Part):
    """A relation; it points as its word reads."""

    model_config = ConfigDict(extra="allow")

    source: str
    """Node that it starts from."""
    target: str
    """Node that it points to."""
    key: str
    """Type of the relation, such as `depends_on`."""
    because: str | None = None
    """Why, between claims."""
    strict: bool | None = None
    """Of a contradiction: can only one of the two hold?"""


class Graph(Response):
    """Everything as one graph, in the node-link form of networkx."""

    schema_: Literal["assay/graph/1"] = Field(alias="schema")
    """Name and version of this form."""
    directed: bool
    """Always true."""
    multigraph: bool
    """Always true: two nodes may have several relations."""
    graph: dict[str, str]
    """Always empty; networkx expects it."""
    nodes: tuple[GraphNode, ...]
    """In order of ids."""
    edges: tuple[GraphEdge, ...]
    """In order of source, target and key."""


class Entry(Part):
    """One thing that the API offers."""

    url: str
    """Where it is; `{id}` stands for the id of a claim."""
    form: str
    """Address of its JSON Schema."""
    what: str
    """What it is."""


class Index(Response):
    """What the API offers."""

    schema_: Literal["assay/index/1"] = Field(alias="schema")
    """Name and version of this form."""
    version: Annotated[str, Field(pattern=r"^1\.\d+$")]
    """Version of the API; within version 1 there are only additions."""
    software: str
    """Version of the software that made it."""
    home: str
    """Address of the site."""
    entries: dict[str, Entry]
    """Each answer by its name."""


RESPONSES: dict[str, type[Response]] = {
    "index": Index,
    "claims": ClaimList,
    "claim": ClaimDocument,
    "sources": SourceList,
    "debates": DebateList,
    "experiments": ExperimentList,
    "graph": Graph,
}
"""Every answer by the name of its schema."""
