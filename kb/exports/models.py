"""The responses of the JSON API, version 1.

Only additions are allowed here: `tests/golden/api/fields.txt` lists every field that a program may rely on.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from kb.exports.claim_models import AnswerData, ClaimDocument, ClaimList, Part, Recorded, Response
from kb.reasoning.standing import StandingName
from kb.records.claims import Source, Stance
from kb.records.debates import Debate
from kb.words.answers import Obtained


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


class ReadingData(Part):
    """One result that a debate foresees, and whether it obtained."""

    if_: str = Field(alias="if")
    """The result."""
    then: str
    """What it would mean for the sides."""
    obtained: Obtained
    """Whether it obtained, by the predictions that the record names under `when`."""


class DebateData(Recorded):
    """A debate."""

    record: Debate
    """The record, without fields that have their default."""
    answer: AnswerData | None
    """What the verdicts say so far in people's words, where somebody wrote it down."""
    readings: tuple[ReadingData, ...]
    """What each result would mean, and whether it obtained."""


class DebateList(Response):
    """Every debate."""

    schema_: Literal["assay/debates/1"] = Field(alias="schema")
    """Name and version of this form."""
    debates: tuple[DebateData, ...]
    """In order of ids."""


class OutcomeData(Part):
    """A named number that an experiment measures once per seed, or a curve."""

    label: str
    """What a reader calls it, without its unit."""
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
    versions: dict[str, str]
    """Today's test version by scale, each a hash of code and scale."""
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
    standing: StandingName | None = None
    """Of a claim that a protocol tests, what the graph makes of it."""


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
    on: str | None = None
    """Names of the predictions that the relation rests on, with spaces between."""


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


class SplitPart(Part):
    """A claim that another one was split into."""

    id: str
    url: str
    """Its page."""
    title: str


class SplitClaim(Response):
    """What the old id of a claim that was split answers; one that moved answers as under its new id."""

    schema_: Literal["assay/split/1"] = Field(alias="schema")
    """Name and version of this form."""
    id: str
    """The old id."""
    split_into: tuple[SplitPart, ...]
    """The claims that stand for it now."""


RESPONSES: dict[str, type[Response]] = {
    "index": Index,
    "claims": ClaimList,
    "claim": ClaimDocument,
    "split": SplitClaim,
    "sources": SourceList,
    "debates": DebateList,
    "experiments": ExperimentList,
    "graph": Graph,
}
"""Every answer by the name of its schema."""
