"""Links: statements that a new test version computes what an earlier one did, so that evidence carries over.

A link is made by measuring blocks of every arm again with the new code on the earlier version's seeds. It is
an immutable file beside the evidence, with its hash in its name. From then on both versions, and all that are
linked to them, are one test: their evidence counts together, on the seeds of the version at the end.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from kb.evidence.file import Filed
from kb.evidence.record import (
    EVIDENCE_FOLDER,
    Count,
    Evidence,
    Machine,
    Part,
    Seconds,
    Setting,
    Sha256,
    Tier,
    UtcTime,
    canonical_json,
)
from kb.evidence.sealed import opened, sealed
from kb.reading.version import version_of
from kb.records.claims import Name
from kb.text.problems import Place, Problem

PREFIX = "same-as-"
"""Prefix of the names of links; the name of an arm cannot contain a hyphen."""

CODES = {
    "link-file": "A link is not the canonical JSON that `repro verify` writes, or has a wrong name.",
    "link-evidence": "A link compares evidence that does not exist or has other values than it says.",
    "link-arms": "A link does not compare every arm of the evidence that it carries over.",
    "link-circle": "Links lead from a test version back to itself.",
    "link-conflict": "A test version is linked to two others, or has evidence on seeds of its own.",
    "unlinked-evidence": "Evidence has the seeds of another test version, and no link leads there.",
}


class Compared(Part):
    """One block that was measured again.

    Attributes:
        evidence: SHA-256 of the record that holds the earlier values.
        before: SHA-256 of the earlier values and curves; see `values_digest`.
        now: The same of those measured again.
        difference: The largest difference of two values over the larger of both; 0 where all bits are equal.
    """

    arm: Name
    block: Count
    replication: Count
    evidence: Sha256
    before: Sha256
    now: Sha256
    difference: Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Link(Part):
    """A test version that continues with the evidence and the seeds of an earlier one.

    Attributes:
        version: The new test version, all 64 digits.
        same_as: The earlier one.
        code: As in evidence, of the new version.
        scale: As in evidence, of the new version.
        compared: The blocks measured again: at least one for every arm that has evidence.
        left_out: Arms that have evidence and that the new version no longer has.
        tolerance: The largest difference that was allowed, relative to the values; 0 requires equal bits.
        measuring: SHA-256 of the files of the runner that call `measure`.
        commit: The clean checkout that was measured with.
    """

    schema_version: Literal[1]
    kind: Literal["link"]
    experiment: Name
    version: Sha256
    same_as: Sha256
    code: Annotated[dict[str, Sha256], Field(min_length=1)]
    scale: dict[Name, Setting]
    scale_name: str
    compared: Annotated[tuple[Compared, ...], Field(min_length=1)]
    left_out: tuple[Name, ...]
    tolerance: Annotated[float, Field(ge=0, lt=1)]
    started: UtcTime
    seconds: Seconds
    python: str
    torch: str
    numpy: str
    lock: Sha256
    measuring: Sha256
    machine: Machine
    sandbox: Tier
    engine: str
    runner: str
    commit: str
    dirty: Literal[False]

    @property
    def folder(self) -> str:
        """Return the folder that it lies in, relative to the project's root."""
        return f"{EVIDENCE_FOLDER}/{self.experiment}/{self.version[:12]}"


class FiledLink(NamedTuple):
    """A link, the SHA-256 of its record, and its path relative to the project's root."""

    link: Link
    sha256: str
    path: str


def values_digest(part: Part) -> str:
    """Return the SHA-256 of the canonical JSON of the values and curves of evidence or of a measurement."""
    written = part.model_dump(mode="json", include={"values", "curves"})
    return hashlib.sha256(canonical_json(written).encode()).hexdigest()


def as_link_file(link: Link) -> tuple[str, bytes]:
    """Return where a link belongs and its file's bytes: `{"record":...,"sha256":"..."}` and a line feed."""
    digest, content = sealed(link)
    return f"{link.folder}/{PREFIX}{link.same_as[:12]}-{digest[:16]}.json", content


def parse_link(content: bytes, path: str) -> FiledLink | Problem:
    """Return the link in a file's bytes, or the one problem that keeps it from being used."""
    link = opened(content, Link)
    if isinstance(link, str):
        return _file_problem(path, link)
    place, _ = as_link_file(link)
    if path != place:
        return _file_problem(path, f"the record inside belongs to {place}")
    if link.experiment not in link.code or version_of(link.code, link.scale) != link.version:
        return _file_problem(path, "the version does not follow from code and scale")
    if link.tolerance == 0 and any(each.now != each.before for each in link.compared):
        return _file_problem(path, "values differ, though equal bits are required")
    if any(each.difference > link.tolerance for each in link.compared):
        return _file_problem(path, "values differ by more than the tolerance")
    return FiledLink(link, content[-67:-3].decode(), path)


def _file_problem(path: str, found: str) -> Problem:
    return Problem(
        "link-file",
        Place(path, 1, 1),
        found,
        "a link exactly as `repro verify --same` wrote it",
        "restore the file from version control; to compare anew, run `repro verify --same` again",
    )


class Resolved(NamedTuple):
    """The result of following all links.

    Attributes:
        origins: For each linked version the version that its seeds come from.
        problems: One for each link that is not followed.
    """

    origins: Mapping[str, str]
    problems: tuple[Problem, ...]


def resolve(links: Iterable[FiledLink], filed: Iterable[Filed]) -> Resolved:
    """Return where links lead, given all evidence."""
    evidence = {each.sha256: each.evidence for each in filed}
    pieces: dict[str, list[Evidence]] = defaultdict(list)
    for piece in evidence.values():
        pieces[piece.experiment].append(piece)
    followed: dict[str, str] = {}
    problems: list[Problem] = []
    for given in sorted(links, key=lambda each: (each.link.started, each.sha256)):
        link = given.link
        fault = _fault(given, followed, evidence, pieces[link.experiment])
        if fault is None:
            followed[link.version] = link.same_as
        else:
            problems.append(fault)
    origins = {version: _end(followed, version) for version in followed}
    return Resolved(origins, tuple(problems))


def _end(followed: Mapping[str, str], version: str) -> str:
    while version in followed:
        version = followed[version]
    return version


def _fault(
    filed: FiledLink,
    followed: Mapping[str, str],
    evidence: Mapping[str, Evidence],
    pieces: Iterable[Evidence],
) -> Problem | None:
    """Return the problem that keeps a link from being followed, or None."""
    link, origin = filed.link, _end(followed, filed.link.same_as)
    if origin == link.version:
        found = f"{link.version[:12]} is linked to {link.same_as[:12]}, which leads back to it"
        return _problem("link-circle", filed, found, "links from later versions to earlier ones")
    if _end(followed, link.version) not in {link.version, origin}:
        found = f"{link.version[:12]} is linked to two versions that are not the same"
        return _problem("link-conflict", filed, found, "one version that a version continues")
    if any(piece.version == piece.origin == link.version for piece in pieces):
        found = f"{link.version[:12]} has evidence on seeds of its own"
        return _problem("link-conflict", filed, found, "evidence of its own, or a link to another's")
    for each in link.compared:
        piece = evidence.get(each.evidence)
        where = f"block {each.block} of arm {each.arm}"
        if piece is None or not _is_of(piece, each, link, origin, followed):
            found = f"{where}: no evidence of version {link.same_as[:12]} has the record {each.evidence[:12]}"
            return _problem("link-evidence", filed, found, "evidence that exists")
        if values_digest(piece) != each.before:
            found = f"{where}: the evidence has other values than the link says"
            return _problem("link-evidence", filed, found, "the digest of the values in the evidence")
    missing = _missing(link, origin, followed, pieces)
    if missing:
        found = f"not compared: {', '.join(sorted(missing))}"
        return _problem("link-arms", filed, found, "a block of every arm that has evidence")
    return None


def _is_of(piece: Evidence, each: Compared, link: Link, origin: str, followed: Mapping[str, str]) -> bool:
    block = (link.experiment, each.arm, each.block, each.replication)
    return (piece.experiment, piece.arm, piece.block, piece.replication) == block and _end(
        followed, piece.version
    ) == origin


def _missing(link: Link, origin: str, followed: Mapping[str, str], pieces: Iterable[Evidence]) -> set[str]:
    """Return the arms that had evidence when a link was made and that it does not mention."""
    arms = {
        piece.arm
        for piece in pieces
        if piece.started <= link.started and _end(followed, piece.version) == origin
    }
    return arms - {each.arm for each in link.compared} - set(link.left_out)


def unlinked(filed: Iterable[Filed], origins: Mapping[str, str]) -> Iterator[Problem]:
    """Yield a problem for each piece that has the seeds of a version to which no link leads.

    Args:
        filed: All evidence.
        origins: Where links lead.
    """
    for each in filed:
        piece = each.evidence
        if piece.origin != origins.get(piece.version, piece.version):
            yield Problem(
                "unlinked-evidence",
                Place(each.path, 1, 1),
                f"seeds of version {piece.origin[:12]} under version {piece.version[:12]}",
                "the version's own seeds, or those that a link leads to",
                "restore the link from version control, or make it again with `repro verify --same`",
            )


def _problem(code: str, filed: FiledLink, found: str, allowed: str) -> Problem:
    advice = "find which of the versions the evidence belongs to; until then the link is not followed"
    return Problem(code, Place(filed.path, 1, 1), found, allowed, advice)
