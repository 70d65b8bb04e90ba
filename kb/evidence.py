"""What machines write: one immutable record a block, its hash in its name; and how the ledger is read.

Evidence lies in `repro/evidence/<experiment>/<protocol12>/<arm>-b<block>-<hash16>.json`. Non-finite numbers
are written as `{"nonfinite": "nan"}` (or `inf`, `-inf`), because JSON has no token for them.
"""

from __future__ import annotations

import hashlib
import json
import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from kb.seeds import BLOCK_SIZE

SCHEMA_VERSION = 1


def _number_in(value: Any) -> Any:
    if (
        isinstance(value, dict)
        and set(value) == {"nonfinite"}
        and value["nonfinite"] in ("nan", "inf", "-inf")
    ):
        return float(value["nonfinite"])
    return value


def _number_out(value: float) -> float | dict[str, str]:
    return value if math.isfinite(value) else {"nonfinite": str(value)}


Number = Annotated[float, BeforeValidator(_number_in), PlainSerializer(_number_out)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
PerSeed = Annotated[tuple[Number, ...], Field(min_length=BLOCK_SIZE, max_length=BLOCK_SIZE)]
Curve = Annotated[tuple[Number, ...], Field(max_length=64)]
Curves = Annotated[tuple[Curve, ...], Field(min_length=BLOCK_SIZE, max_length=BLOCK_SIZE)]


class Part(BaseModel):
    """Anything machines write: immutable, nothing unknown, JSON arrays as tuples."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Machine(Part):
    """What the bits of a result may depend on."""

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
    """One try at a block; only infrastructure failures are tried again."""

    status: Literal["measured", "out of memory", "timeout", "killed"]
    seconds: float


class Evidence(Part):
    """The raw values of one block of one arm, with everything needed to check where they came from.

    Attributes:
        protocol: Full protocol hash; the folder's name is its first twelve digits.
        scale: The scale's fields as they were run.
        values: For each outcome one number a seed.
        curves: For each curve one sequence a seed, for figures only.
        predictions: For each claim on this experiment the digest of its predictions when the block was run.
        seconds: Wall seconds of the measurement alone.
        lock: SHA-256 of `constraints.txt`.
        dirty: Did the checkout differ from `commit`?
    """

    schema_version: Literal[1]
    experiment: str
    protocol: Sha256
    scale: dict[str, int | float | str | bool]
    scale_name: str
    arm: str
    block: Annotated[int, Field(ge=0)]
    replication: Annotated[int, Field(ge=0)]
    seeds: Annotated[tuple[int, ...], Field(min_length=BLOCK_SIZE, max_length=BLOCK_SIZE)]
    values: dict[str, PerSeed]
    curves: dict[str, Curves]
    predictions: dict[str, Sha256]
    attempts: tuple[Attempt, ...]
    started: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$")]
    seconds: Annotated[float, Field(gt=0)]
    peak_memory_bytes: int
    python: str
    torch: str
    numpy: str
    lock: Sha256
    machine: Machine
    sandbox: Literal["S0", "S1", "S2", "S3"]
    engine: str
    runner: str
    commit: str | None
    dirty: bool | None


def canonical_json(value: Any) -> str:
    """Return JSON with sorted keys, ASCII only, no spaces and no NaN tokens."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def to_file(evidence: Evidence) -> tuple[str, bytes]:
    """Return the file name and the bytes of a piece of evidence."""
    record = evidence.model_dump(mode="json")
    digest = hashlib.sha256(canonical_json(record).encode()).hexdigest()
    text = canonical_json({"record": record, "sha256": digest}) + "\n"
    return f"{evidence.arm}-b{evidence.block}-{digest[:16]}.json", text.encode()
