"""Controls: what was measured to test an experiment itself, and never counts for a claim.

Each arm is tried for whether its values depend on each seed and on nothing else; faults are imitated from
its values, which that trial must refuse; blocks are measured on the seeds for exploring, so that an arm can
be compared with itself; and some of these are measured again with the labels of the data shuffled. All of one
sitting lies in one immutable file beside the evidence, with its hash in its name. What follows from these
values is computed on every build, as verdicts are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import count, takewhile
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from kb.evidence.record import (
    EVIDENCE_FOLDER,
    Count,
    Machine,
    Part,
    PerSeed,
    Seconds,
    Setting,
    Sha256,
    UtcTime,
)
from kb.evidence.sealed import opened, sealed
from kb.evidence.seeds import BLOCK_SIZE, block_seeds
from kb.reading.version import version_of
from kb.records.claims import Name
from kb.text.problems import Place, Problem

PREFIX = "controls-of-"
"""Prefix of the names of these files; the name of an arm cannot contain a hyphen."""
BLOCKS_IN_SET = 4
"""Blocks of one set of seeds: two halves of ten seeds, the fewest that the rule decides on."""
FIRST_SET = 1
"""The set of seeds on which labels are shuffled too, so that both can be compared seed by seed."""
BLOCKS_WITHOUT_LABELS = 2
"""Blocks that are measured with shuffled labels: ten seeds, the fewest that the rule decides on."""
SCHEMA_VERSION: Literal[2] = 2
"""Version that is written; version 1, which had no shuffled labels, is still read."""
CODES = {
    "controls-file": "A file of controls is not what `repro verify --controls` writes, or has a wrong name.",
}

Mutant = Literal["outcome constant", "seeds ignored", "data drawn per block"]
"""A fault that is imitated, and that the trial of an arm must refuse."""


class Tried(Part):
    """An arm that was tried.

    Attributes:
        breach: How it breaks the contract of experiments; empty if it keeps it.
    """

    arm: Name
    breach: str


class Imitated(Part):
    """A fault that was imitated with the values of an arm.

    Attributes:
        refusal: Why the trial refused it; empty if it did not.
    """

    arm: Name
    mutant: Mutant
    refusal: str


class ControlBlock(Part):
    """The values of a block on the seeds for exploring; `replication` numbers the sets of such seeds."""

    arm: Name
    replication: Count
    block: Count
    seeds: Annotated[tuple[Count, ...], Field(min_length=BLOCK_SIZE, max_length=BLOCK_SIZE)]
    values: Annotated[dict[Name, PerSeed], Field(min_length=1)]
    seconds: Seconds


class ShuffledBlock(Part):
    """The values of a block of the first set of seeds, measured with the labels of the data shuffled.

    Attributes:
        data_sets: How many data sets with labels the arm drew; if none, nothing was shuffled.
    """

    arm: Name
    block: Count
    seeds: Annotated[tuple[Count, ...], Field(min_length=BLOCK_SIZE, max_length=BLOCK_SIZE)]
    values: Annotated[dict[Name, PerSeed], Field(min_length=1)]
    data_sets: Count
    seconds: Seconds


class Controls(Part):
    """What one sitting found of one experiment at one setting; the other fields are as in evidence.

    Attributes:
        shuffled: Schema version 1 does not have it.
        seconds: Wall seconds of the sitting.
    """

    schema_version: Literal[1, 2]
    kind: Literal["controls"]
    experiment: Name
    version: Sha256
    code: Annotated[dict[str, Sha256], Field(min_length=1)]
    scale: dict[Name, Setting]
    scale_name: str
    tried: tuple[Tried, ...]
    imitated: tuple[Imitated, ...]
    blocks: tuple[ControlBlock, ...]
    shuffled: tuple[ShuffledBlock, ...] = ()
    started: UtcTime
    seconds: Seconds
    python: str
    torch: str
    numpy: str
    lock: Sha256
    measuring: Sha256
    machine: Machine
    sandbox: Literal["S0", "S1", "S2", "S3"]
    engine: str
    runner: str
    commit: str
    dirty: Literal[False]

    @model_serializer(mode="wrap")
    def _as_written(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Return the record with the fields of its schema, or bytes of the first would not be those read."""
        fields: dict[str, Any] = handler(self)
        return {
            name: value for name, value in fields.items() if name != "shuffled" or self.schema_version > 1
        }

    @property
    def folder(self) -> str:
        """Return the folder that it lies in, relative to the project's root."""
        return f"{EVIDENCE_FOLDER}/{self.experiment}/{self.version[:12]}"


class FiledControls(NamedTuple):
    """Controls, the SHA-256 of their record, and their path relative to the project's root."""

    controls: Controls
    sha256: str
    path: str


def as_controls_file(controls: Controls) -> tuple[str, bytes]:
    """Return where controls belong and their file's bytes, in the form that evidence has."""
    digest, content = sealed(controls)
    return f"{controls.folder}/{PREFIX}{controls.version[:12]}-{digest[:16]}.json", content


def parse_controls(content: bytes, path: str) -> FiledControls | Problem:
    """Return the controls in a file's bytes, or the one problem that keeps them from being used."""
    controls = opened(content, Controls)
    if isinstance(controls, str):
        return _problem(path, controls)
    place, _ = as_controls_file(controls)
    if path != place:
        return _problem(path, f"the record inside belongs to {place}")
    is_of_version = version_of(controls.code, controls.scale) == controls.version
    if controls.experiment not in controls.code or not is_of_version:
        return _problem(path, "the version does not follow from code and scale")
    for each in controls.blocks:
        derived = block_seeds(controls.version, each.block, replication=each.replication, stream="explore")
        if each.seeds != derived:
            return _problem(path, f"block {each.block} of arm {each.arm} has seeds of another block")
    for again in controls.shuffled:
        if again.seeds != shuffled_seeds(controls.version, again.block):
            return _problem(
                path, f"shuffled block {again.block} of arm {again.arm} has seeds of another block"
            )
    return FiledControls(controls, content[-67:-3].decode(), path)


def shuffled_seeds(version: str, block: int) -> tuple[int, ...]:
    """Return the seeds of a block that is measured with shuffled labels: those of the first set."""
    return block_seeds(version, block, replication=FIRST_SET, stream="explore")


def _problem(path: str, found: str) -> Problem:
    return Problem(
        "controls-file",
        Place(path, 1, 1),
        found,
        "controls exactly as `repro verify --controls` wrote them",
        "restore the file from version control; nobody edits it, and controls can be measured again",
    )


Sets = Mapping[int, Mapping[str, Mapping[str, tuple[float, ...]]]]
"""By number of the set, by arm, by outcome: one number per seed, up to the first gap."""


def sets_of(files: Iterable[FiledControls], version: str) -> Sets:
    """Return the values that were measured on the seeds for exploring of one test version.

    Of two measurements of a block the one that began first counts.
    """
    found: dict[int, dict[str, dict[int, ControlBlock]]] = defaultdict(lambda: defaultdict(dict))
    for filed in sorted(files, key=lambda each: (each.controls.started, each.sha256)):
        if filed.controls.version == version:
            for each in filed.controls.blocks:
                found[each.replication][each.arm].setdefault(each.block, each)
    return {
        number: {arm: _joined(blocks) for arm, blocks in sorted(arms.items())}
        for number, arms in sorted(found.items())
    }


def shuffled_of(
    files: Iterable[FiledControls], version: str
) -> Mapping[str, Mapping[str, tuple[float, ...]]]:
    """Return by arm and outcome what was measured of one test version with shuffled labels.

    Arms that drew no labels are left out. Of two measurements of a block the one that began first counts.
    """
    found: dict[str, dict[int, ShuffledBlock]] = defaultdict(dict)
    for filed in sorted(files, key=lambda each: (each.controls.started, each.sha256)):
        if filed.controls.version == version:
            for each in filed.controls.shuffled:
                if each.data_sets:
                    found[each.arm].setdefault(each.block, each)
    return {arm: _joined(blocks) for arm, blocks in sorted(found.items())}


def _joined(blocks: Mapping[int, ControlBlock] | Mapping[int, ShuffledBlock]) -> dict[str, tuple[float, ...]]:
    pieces = [blocks[number].values for number in takewhile(blocks.__contains__, count())]
    names = pieces[0].keys() if pieces else ()
    return {name: tuple(value for piece in pieces for value in piece.get(name, ())) for name in names}
