"""The ledger as it is read: every piece of evidence that may be trusted, and a problem for every other file.

Evidence lies in `repro/evidence/<experiment>/<version12>/<arm>-b<block>-<hash16>.json`. Names that begin
with a dot are not evidence: the writer's unfinished files carry them. Writing is in `repro.ledger`.
"""

from __future__ import annotations

import hashlib
import sys
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from kb.evidence import controls as of_controls
from kb.evidence.company import compared
from kb.evidence.controls import FiledControls, parse_controls
from kb.evidence.file import MAX_BYTES, Filed, parse, too_large
from kb.evidence.links import PREFIX, FiledLink, parse_link, resolve, unlinked
from kb.evidence.order import Order, precedence
from kb.evidence.record import (
    EVIDENCE_FOLDER,
    SCHEMA_VERSION,
    Attempt,
    Curves,
    Evidence,
    Machine,
    Part,
    PerSeed,
    canonical_json,
    to_file,
)
from kb.reading.collector import without_collector
from kb.reading.tree import Entry, Tree, TreeError
from kb.text.problems import Place, Problem, in_order

__all__ = [
    "EVIDENCE_FOLDER",
    "SCHEMA_VERSION",
    "Attempt",
    "Curves",
    "Evidence",
    "Ledger",
    "Machine",
    "Part",
    "PerSeed",
    "canonical_json",
    "digests",
    "ledger_of",
    "read_ledger",
    "to_file",
]

Blocks = Mapping[tuple[str, int], Evidence]
"""The piece that counts for each arm and block."""
AnyFiled = Filed | FiledLink | FiledControls | Problem
"""What a file of the evidence folder may turn out to hold."""


@dataclass(frozen=True)
class Ledger:
    """All evidence of a project that fits.

    Attributes:
        pieces: Sorted by experiment, version, replication, arm, block, start and hash.
        problems: One for each file that is not used, and one for each that contradicts an earlier file.
        links: All links, whether they are followed or not.
        origins: For each linked version the version that its seeds come from.
        ranks: For each contending file that the history has, a number that is lower the earlier it came.
        controls: What was measured to test experiments themselves.
    """

    pieces: tuple[Filed, ...] = ()
    problems: tuple[Problem, ...] = ()
    links: tuple[FiledLink, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict)
    ranks: Mapping[str, int] = field(default_factory=dict)
    controls: tuple[FiledControls, ...] = ()

    def origin(self, version: str) -> str:
        """Return the version at the end of a version's links: all that lead to one are the same test."""
        return self.origins.get(version, version)

    def going_on(self, version: str, origin: str) -> Ledger:
        """Return a ledger in which a version continues with another's evidence."""
        return replace(self, origins={**self.origins, version: origin})

    def is_same(self, one: str, other: str) -> bool:
        """Are two versions the same test, by their hash or by links?"""
        return self.origin(one) == self.origin(other)

    @cached_property
    def evidence(self) -> tuple[Evidence, ...]:
        """Return the evidence in all pieces, in their order."""
        return tuple(piece.evidence for piece in self.pieces)

    @cached_property
    def _by_version(self) -> dict[tuple[str, str, int], Blocks]:
        groups: dict[tuple[str, str, int], dict[tuple[str, int], Filed]] = defaultdict(dict)
        for filed in self.pieces:
            piece = filed.evidence
            origin = self.origin(piece.version)
            if piece.origin != origin:
                continue  # seeds that no link leads to
            blocks = groups[piece.experiment, origin, piece.replication]
            first = blocks.setdefault((piece.arm, piece.block), filed)
            if first is not filed and precedence(filed, self.ranks) < precedence(first, self.ranks):
                blocks[piece.arm, piece.block] = filed
        return {
            version: {block: filed.evidence for block, filed in blocks.items()}
            for version, blocks in groups.items()
        }

    @cached_property
    def _by_experiment(self) -> dict[str, list[Filed]]:
        groups: dict[str, list[Filed]] = defaultdict(list)
        for piece in self.pieces:
            groups[piece.evidence.experiment].append(piece)
        return dict(groups)

    def filed(self, experiment: str) -> Sequence[Filed]:
        """Return every piece of one experiment, of any test version, with its hash and its place."""
        return self._by_experiment.get(experiment, ())

    def of_experiment(self, experiment: str) -> Sequence[Evidence]:
        """Return the evidence of one experiment, of any test version."""
        return [piece.evidence for piece in self.filed(experiment)]

    @cached_property
    def _by_claim(self) -> dict[str, list[Evidence]]:
        groups: dict[str, list[Evidence]] = defaultdict(list)
        for piece in self.evidence:
            for claim_id in piece.predictions:
                groups[claim_id].append(piece)
        return dict(groups)

    def naming(self, claim_id: str) -> Sequence[Evidence]:
        """Return the evidence of any experiment that was measured while a claim was judged by it."""
        return self._by_claim.get(claim_id, ())

    def file_of(self, evidence: Evidence) -> Filed:
        """Return the piece that holds some evidence of this ledger.

        Raises:
            KeyError: The evidence is not in this ledger.
        """
        for piece in self.filed(evidence.experiment):
            if piece.evidence is evidence:
                return piece
        raise KeyError(evidence.experiment)

    def only(self, experiment: str) -> Ledger:
        """Return a ledger with only the pieces of one experiment."""
        return replace(self, pieces=tuple(self.filed(experiment)), problems=())

    def extended(self, piece: Filed) -> Ledger:
        """Return a ledger with one more piece, which was measured last."""
        return replace(self, pieces=(*self.pieces, piece))

    def counting(self, experiment: str, version: str, replication: int = 0) -> Blocks:
        """Return the piece that counts for each arm and block: of several, the one first in the history.

        Evidence of any version that is linked to this one counts.
        """
        return self._by_version.get((experiment, self.origin(version), replication), {})

    def replications(self, experiment: str, version: str) -> tuple[int, ...]:
        """Return the numbers of the independent sets of seeds for which a test version has evidence."""
        origin = self.origin(version)
        return tuple(sorted(n for name, of, n in self._by_version if (name, of) == (experiment, origin)))

    def values(
        self, experiment: str, version: str, arms: Iterable[str], replication: int = 0
    ) -> dict[str, dict[str, tuple[float, ...]]]:
        """Return one number per seed by arm and outcome, for the blocks from 0 up to each arm's first gap.

        An arm without block 0 has no outcomes. A block whose outcomes differ from those of block 0 is a gap.
        """
        blocks = self.counting(experiment, version, replication)
        return {arm: _joined(_gapless(blocks, arm)) for arm in arms}

    def seconds(self, experiment: str, arm: str, *, scale_name: str) -> float | None:
        """Return the median wall seconds of a block of the test version measured last; of two, the longer."""
        past = [
            piece
            for piece in self.of_experiment(experiment)
            if (piece.arm, piece.scale_name) == (arm, scale_name)
        ]
        if not past:
            return None
        latest = max(past, key=lambda piece: piece.started).version
        seconds = sorted(piece.seconds for piece in past if piece.version == latest)
        return seconds[len(seconds) // 2]


def _gapless(blocks: Blocks, arm: str) -> list[Evidence]:
    pieces: list[Evidence] = []
    while (piece := blocks.get((arm, len(pieces)))) is not None:
        if pieces and piece.values.keys() != pieces[0].values.keys():
            break
        pieces.append(piece)
    return pieces


def _joined(pieces: list[Evidence]) -> dict[str, tuple[float, ...]]:
    outcomes = pieces[0].values if pieces else {}
    return {name: tuple(value for piece in pieces for value in piece.values[name]) for name in outcomes}


def read_ledger(
    tree: Tree, experiments: Container[str] | None = None, *, order: Order | None = None
) -> Ledger:
    """Read a project's evidence; a file that is wrong becomes a problem, never an error.

    Args:
        tree: The project's files.
        experiments: If given, only their evidence is read.
        order: Tells which file came first in the history; without it the earlier stated start counts.
    """
    with without_collector():
        return ledger_of(_read_files(tree, experiments), order=order)


def digests(tree: Tree) -> dict[str, str]:
    """Return the SHA-256 of every file in the evidence folder by its path, whether it can be trusted or not.

    For a file or folder that cannot be read it gives the reason instead.
    """
    return dict(_digests_in(tree, EVIDENCE_FOLDER))


def _digests_in(tree: Tree, folder: str) -> Iterator[tuple[str, str]]:
    try:
        entries = tree.list(folder)
    except TreeError as error:
        yield folder, error.found
        return
    for entry in entries:
        path = f"{folder}/{entry.name}"
        if entry.is_folder:
            yield from _digests_in(tree, path)
            continue
        try:
            yield path, hashlib.sha256(tree.read(path, limit=sys.maxsize)).hexdigest()
        except TreeError as error:
            yield path, error.found


def ledger_of(items: Iterable[AnyFiled], *, order: Order | None = None) -> Ledger:
    """Return the ledger of evidence, links and controls, and of problems met while they were read.

    Args:
        items: In any order.
        order: As for `read_ledger`.
    """
    items = list(items)
    problems = [item for item in items if isinstance(item, Problem)]
    found = [item for item in items if isinstance(item, Filed)]
    found.sort(key=_order)
    links = tuple(sorted((item for item in items if isinstance(item, FiledLink)), key=lambda item: item.path))
    resolved = resolve(links, found)
    problems += [*resolved.problems, *unlinked(found, resolved.origins)]
    result = compared(found, lambda version: resolved.origins.get(version, version), order)
    problems += result.problems
    controls = sorted((item for item in items if isinstance(item, FiledControls)), key=lambda item: item.path)
    fitting = tuple(result.fitting)
    return Ledger(fitting, in_order(problems), links, resolved.origins, result.ranks, tuple(controls))


def _order(item: Filed) -> tuple[str, str, int, str, int, str, str]:
    piece = item.evidence
    block = (piece.experiment, piece.version, piece.replication, piece.arm, piece.block)
    return (*block, piece.started, item.sha256)


def _read_files(tree: Tree, experiments: Container[str] | None) -> Iterator[AnyFiled]:
    """Yield every file two folders below the evidence folder; anything else there is a problem."""
    for experiment in _entries(tree, EVIDENCE_FOLDER):
        if isinstance(experiment, Entry) and experiments is not None and experiment.name not in experiments:
            continue
        for version, folder in _inside(tree, experiment, EVIDENCE_FOLDER):
            for entry, inner in _inside(tree, version, folder):
                yield entry if isinstance(entry, Problem) else _read_file(tree, f"{inner}/{entry.name}")


def _inside(tree: Tree, parent: Entry | Problem, folder: str) -> Iterator[tuple[Entry | Problem, str]]:
    """Yield the entries of a subfolder, each with the subfolder's path."""
    if isinstance(parent, Problem):
        yield parent, folder
        return
    path = f"{folder}/{parent.name}"
    if parent.is_folder:
        yield from ((entry, path) for entry in _entries(tree, path))
    else:
        yield _file_problem(path, "a file or link where a folder belongs"), path


def _entries(tree: Tree, path: str) -> Iterable[Entry | Problem]:
    try:
        return tree.list(path)
    except TreeError as error:
        return [_file_problem(path, error.found)]


def _read_file(tree: Tree, path: str) -> AnyFiled:
    try:
        content = tree.read(path, limit=MAX_BYTES)
    except TreeError as error:
        return too_large(path) if error.kind == "size" else _file_problem(path, error.found)
    return parse_any(content, path)


def parse_any(content: bytes, path: str) -> AnyFiled:
    """Return what a file's bytes hold, by the file's name, or the problem that keeps it from being used."""
    name = path.rpartition("/")[2]
    if name.startswith(of_controls.PREFIX):
        return parse_controls(content, path)
    return parse_link(content, path) if name.startswith(PREFIX) else parse(content, path)


def _file_problem(path: str, found: str) -> Problem:
    return Problem(
        code="evidence-file",
        place=Place(path, 1, 1),
        found=found,
        allowed="<experiment>/<version12>/<arm>-b<block>-<hash16>.json, as a regular file",
        advice="move it out of the evidence folder, or make it readable",
    )
