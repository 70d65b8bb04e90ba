"""What machines write: one immutable record per block, and the only way to write it as bytes.

This module knows shapes and bytes, not files. Non-finite numbers are written as `{"nonfinite": "nan"}` (or
`inf`, `-inf`), because JSON has no token for them.
"""

from __future__ import annotations

import hashlib
import json
import math
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
)
from pydantic_core import CoreSchema, core_schema

from kb.evidence.seeds import BLOCK_SIZE
from kb.reading.outcomes import MAX_POINTS
from kb.records.claims import Identifier, Name

EVIDENCE_FOLDER = "repro/evidence"
"""The folder of evidence, relative to the project's root."""
SCHEMA_VERSION = 2
"""Version that is written; version 1, which said `protocol` instead of `version`, is still read."""
LATER_FIELDS = ("measuring", "seeds_from")
"""Fields that schema version 1 did not have."""


class _Nonfinite:
    """Lets a number be written as an object where JSON has no token for it.

    It is a union, because a Python function called for each number would take half of the reading time.
    """

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        token = core_schema.typed_dict_schema(
            {"nonfinite": core_schema.typed_dict_field(core_schema.literal_schema(["nan", "inf", "-inf"]))},
            extra_behavior="forbid",
        )
        decoded = core_schema.no_info_after_validator_function(lambda item: float(item["nonfinite"]), token)
        return core_schema.union_schema(
            [core_schema.float_schema(strict=True), decoded],
            serialization=core_schema.plain_serializer_function_ser_schema(_number_out),
        )


def _number_out(value: float) -> float | dict[str, str]:
    return value if math.isfinite(value) else {"nonfinite": str(value)}


def _is_a_time(text: str) -> str:
    datetime.fromisoformat(text)
    return text


Tier = Literal["S0", "S1", "S2", "S3"]
"""How strictly the process that measures is confined, the weakest first."""
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Setting = bool | int | Annotated[float, Field(allow_inf_nan=False)] | str
UtcTime = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$"), AfterValidator(_is_a_time)]
Number = Annotated[float, _Nonfinite()]
PerSeed = Annotated[tuple[Number, ...], Field(min_length=BLOCK_SIZE, max_length=BLOCK_SIZE)]
Curve = Annotated[tuple[Number, ...], Field(min_length=1, max_length=MAX_POINTS)]
Curves = Annotated[tuple[Curve, ...], Field(min_length=BLOCK_SIZE, max_length=BLOCK_SIZE)]


class Part(BaseModel):
    """Anything that machines write: immutable, without unknown fields, JSON arrays as tuples."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Machine(Part):
    """The machine and software that the bits of a result may depend on."""

    system: str
    cpu: str
    capability: str
    blas: str
    threads: int
    gpu: str | None = None

    @property
    def fingerprint(self) -> str:
        """Return twelve hexadecimal digits that are equal on machines which should give equal bits."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]


class Attempt(Part):
    """One attempt at a block; only infrastructure failures are retried."""

    status: Literal["measured", "out of memory", "timeout", "killed"]
    seconds: Seconds


class Evidence(Part):
    """The raw values of one block of one arm, with everything needed to check where they came from.

    Attributes:
        version: Test version, all 64 digits; the folder's name is its first twelve. Schema 1 says `protocol`.
        seeds_from: The version that the seeds come from, if a link lets this version continue another.
        code: SHA-256 of what `measure` reaches in the script and in each lab module, by module, to name what
            makes evidence stale; with the scale it gives the version.
        scale: The scale's fields as they were run.
        values: For each outcome, one number per seed.
        curves: For each curve, one sequence per seed, for figures only.
        predictions: For each claim on this experiment, the digest of its predictions when the block was run.
        started: When the measurement began, in universal time to the second.
        seconds: Wall seconds of the measurement alone.
        lock: SHA-256 of `constraints.txt`.
        measuring: SHA-256 of the files of the runner that call `measure`; schema 1 does not have it.
        dirty: Did the checkout differ from `commit`?
    """

    schema_version: Literal[1, 2]
    experiment: Name
    version: Annotated[Sha256, Field(validation_alias=AliasChoices("version", "protocol"))]
    seeds_from: Sha256 | None = None
    code: Annotated[dict[str, Sha256], Field(min_length=1)]
    scale: dict[Name, Setting]
    scale_name: str
    arm: Name
    block: Count
    replication: Count
    seeds: Annotated[tuple[Count, ...], Field(min_length=BLOCK_SIZE, max_length=BLOCK_SIZE)]
    values: Annotated[dict[Name, PerSeed], Field(min_length=1)]
    curves: dict[Name, Curves]
    predictions: dict[Identifier, Sha256]
    attempts: tuple[Attempt, ...]
    started: UtcTime
    seconds: Annotated[Seconds, Field(gt=0)]
    peak_memory_bytes: Count
    python: str
    torch: str
    numpy: str
    lock: Sha256
    measuring: Sha256 | None = None
    machine: Machine
    sandbox: Tier
    engine: str
    runner: str
    commit: str | None
    dirty: bool | None

    @property
    def folder(self) -> str:
        """Return the folder of this piece, relative to the project's root."""
        return f"{EVIDENCE_FOLDER}/{self.experiment}/{self.version[:12]}"

    @property
    def surroundings(self) -> tuple[str, ...]:
        """Return what must agree, besides the test version, before equal bits can be expected."""
        return (self.machine.fingerprint, self.python, self.torch, self.numpy)

    @property
    def origin(self) -> str:
        """Return the version that the seeds are derived from."""
        return self.seeds_from or self.version

    def name(self, digest: str) -> str:
        """Return the file's name, given the SHA-256 of the record."""
        return f"{self.arm}-b{self.block}-{digest[:16]}.json"


def canonical_json(value: Any) -> str:
    """Return JSON with sorted keys, ASCII only, no spaces and no NaN tokens.

    Raises:
        ValueError: A number is not finite.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def to_file(evidence: Evidence) -> tuple[str, bytes]:
    """Return the file's name and its bytes: `{"record":...,"sha256":"..."}` and a line feed."""
    record = _record(evidence)
    digest = hashlib.sha256(record.encode()).hexdigest()
    return evidence.name(digest), f'{{"record":{record},"sha256":"{digest}"}}\n'.encode()


def _record(evidence: Evidence) -> str:
    """Return the JSON of a record, with the field names of its schema."""
    fields = evidence.model_dump(mode="json")
    if evidence.schema_version == 1:
        fields["protocol"] = fields.pop("version")
        fields = {name: value for name, value in fields.items() if name not in LATER_FIELDS}
    return canonical_json(fields)
