"""Turns the bytes of one file into evidence that may be trusted, or into the problem that says why not.

This module opens no folder: it is given bytes and the path they were found at. A file is accepted only as
the ledger wrote it: canonical bytes, the record's hash inside and in the name, the seeds of its version.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from kb.evidence.record import LATER_FIELDS, SCHEMA_VERSION, Evidence, Machine, to_file
from kb.evidence.seeds import BLOCK_SIZE, MOST_SEEDS, block_seeds
from kb.reading.version import TEMPLATE_MODULE, version_of
from kb.text.problems import Place, Problem

MAX_BYTES = 1024 * 1024
YEARS = ("2025", "2199")
"""The first and last year in which a measurement may begin; the project is not older."""
LEAST_SECONDS = 1e-5
"""A block that claims to be quicker was not measured: reading the tensors of its outcomes takes longer."""

CODES = {
    "evidence-file": "A piece of evidence is a link, a folder, a pipe, unreadable or larger than 1 MiB.",
    "evidence-json": "The file is not the canonical JSON that the ledger writes: cut off, edited or merged.",
    "evidence-version": "The record was written by a newer version of this project.",
    "evidence-hash": "The record's SHA-256 is not the one the file states.",
    "evidence-schema": "The record lacks a field, has an unknown one, or a value of the wrong shape.",
    "evidence-name": "Folder or name do not follow from the record.",
    "evidence-seeds": "The seeds do not follow from version, replication and block.",
    "evidence-code": "Code and scale in the record do not hash to its test version.",
    "evidence-template": "The block was measured by the template of a script, which tests nothing.",
    "evidence-block": "The block lies beyond the most seeds that any protocol may ask for.",
    "evidence-start": "The measurement began before the project, or in the far future.",
    "evidence-seconds": "The block was quicker than anything can be measured.",
}

_ENVELOPE = re.compile(rb'\{"record":(\{.*\}),"sha256":"([0-9a-f]{64})"\}\n')
_NONFINITE = re.compile(rb'\{"nonfinite":"(?:nan|-?inf)"\}')
_ESCAPE = re.compile(rb"\\.")
_OUTSIDE_STRINGS = b"0123456789.e+-[]{},:truefalsn"
_RESTORE = (
    "restore the file from version control if it was committed; if not, run the experiment again: the block "
    "is measured anew, and this file does not count"
)


class Filed(NamedTuple):
    """Evidence, the SHA-256 of its record, and its path relative to the project's root.

    Values measured only to explore are not filed: their path is empty.
    """

    evidence: Evidence
    sha256: str
    path: str


def as_file(evidence: Evidence) -> tuple[Filed, bytes]:
    """Return evidence as it would be filed, and the bytes of that file; nothing is checked or written."""
    name, content = to_file(evidence)
    digest = content.rpartition(b'"sha256":"')[2][:64].decode()
    return Filed(evidence, digest, f"{evidence.folder}/{name}"), content


def parse(content: bytes, path: str) -> Filed | Problem:
    """Return the evidence in a file's bytes, or the one problem that keeps it from being used.

    Args:
        content: All bytes of the file.
        path: Where they were found, relative to the project's root, with forward slashes.
    """
    if len(content) > MAX_BYTES:
        return too_large(path)
    envelope = _ENVELOPE.fullmatch(content)
    if envelope is None:
        return _json_problem(content, path)
    record, stated = envelope[1], envelope[2].decode()
    digest = hashlib.sha256(record).hexdigest()
    if digest != stated:
        return _hash_problem(path, digest, stated)
    try:
        evidence = Evidence.model_validate_json(record, strict=True)
    except ValidationError as error:
        return _schema_problem(content, path, error)
    if not _is_canonical(record, evidence):
        return _json_problem(content, path)
    if path != f"{evidence.folder}/{evidence.name(digest)}":
        return _name_problem(path, evidence, digest)
    if evidence.seeds != _seeds(evidence.origin, evidence.block, evidence.replication):
        return _seeds_problem(path, evidence)
    return _implausible(path, evidence) or Filed(evidence, digest, path)


@functools.lru_cache(maxsize=256)
def _seeds(version: str, block: int, replication: int) -> tuple[int, ...]:
    """Return a block's seeds; all arms share them, so most files find them here."""
    return block_seeds(version, block, replication=replication)


def _is_canonical(record: bytes, evidence: Evidence) -> bool:
    """Are all keys present, once and in order, in pure ASCII without spaces or NaN tokens?

    How numbers are spelled is not checked, for speed: the hash pins the bytes, and the value is the same.
    """
    plain = _NONFINITE.sub(b"0", record) if b'{"nonfinite"' in record else record
    pieces = (_ESCAPE.sub(b"", plain) if b"\\" in plain else plain).split(b'"')
    outside, strings = pieces[::2], pieces[1::2]
    keys = [string for string, after in zip(strings, outside[1:], strict=True) if after[:1] == b":"]
    is_tight = not b"".join(outside).translate(None, _OUTSIDE_STRINGS)
    return is_tight and record.isascii() and keys == _keys(evidence)


_FIELDS = {
    1: sorted({*Evidence.model_fields, "protocol"} - {"version", *LATER_FIELDS}),
    2: sorted(Evidence.model_fields),
}
"""The keys of a record by schema version, in their order."""
_MACHINE_FIELDS = sorted(Machine.model_fields)
_TABLES = ("code", "curves", "predictions", "scale", "values")
"""Fields that are tables with keys of their own."""


def _keys(evidence: Evidence) -> list[bytes]:
    """Return the keys of a record in their required order."""
    tables = tuple(tuple(getattr(evidence, name)) for name in _TABLES)
    return _keys_for(evidence.schema_version, len(evidence.attempts), tables)


@functools.lru_cache(maxsize=256)
def _keys_for(schema: int, attempts: int, tables: tuple[tuple[str, ...], ...]) -> list[bytes]:
    """Return the keys for these tables; the records of one experiment mostly share them."""
    inner = {
        "attempts": ["seconds", "status"] * attempts,
        "machine": _MACHINE_FIELDS,
        **{name: sorted(keys) for name, keys in zip(_TABLES, tables, strict=True)},
    }
    keys = (key for field in _FIELDS[schema] for key in (field, *inner.get(field, ())))
    return " ".join(keys).encode().split()


def too_large(path: str) -> Problem:
    """Return the problem of a file that is larger than any evidence."""
    return Problem(
        "evidence-file",
        Place(path, 1, 1),
        f"more than {MAX_BYTES} bytes",
        "evidence of at most 1 MiB",
        "move the file out of the evidence folder; an experiment measures fewer outcomes than that",
    )


def _json_problem(content: bytes, path: str) -> Problem:
    """Say as exactly as possible why bytes are not canonical JSON."""
    line, column, found = 1, 1, "the JSON is not in the ledger's canonical form"
    try:
        document = _strict_json(content.decode("utf-8"))
    except json.JSONDecodeError as error:
        line, column = error.lineno, error.colno
        found = f"not JSON: {error.msg[:1].lower()}{error.msg[1:]}"
    except UnicodeDecodeError as error:
        found = f"not UTF-8 text: byte {error.start} is {content[error.start]:#04x}"
    except (ValueError, RecursionError) as error:
        found = f"not JSON: {error}"
    else:
        if _version(document) > SCHEMA_VERSION:
            return _version_problem(path, _version(document))
    if re.search(rb"^(<<<<<<<|=======|>>>>>>>)", content, re.MULTILINE):
        found = "merge markers: two versions of an immutable file were merged"
    elif b"\r\n" in content:
        found = "line ends were converted to carriage return and line feed"
    elif not content.endswith(b"\n"):
        found += " (the file's end is missing)"
    allowed = "the bytes as the ledger wrote them: one line of canonical JSON and a line feed"
    return Problem("evidence-json", Place(path, line, column), found, allowed, _RESTORE)


def _strict_json(text: str) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ValueError(f"the key {repeated[0]!r} occurs twice in one object")
        return dict(pairs)

    def refuse(token: str) -> float:
        raise ValueError(f"the token {token}; write {{'nonfinite': 'nan'}}")

    return json.loads(text, object_pairs_hook=unique, parse_constant=refuse)


def _version(document: Any) -> int:
    record = document.get("record") if isinstance(document, dict) else None
    version = record.get("schema_version") if isinstance(record, dict) else None
    return version if isinstance(version, int) else 0


def _version_problem(path: str, version: int) -> Problem:
    return Problem(
        "evidence-version",
        Place(path, 1, 1),
        f"schema version {version}",
        f"schema versions up to {SCHEMA_VERSION}",
        "update the project (git pull, then install again); a newer version wrote this file",
    )


def _hash_problem(path: str, digest: str, stated: str) -> Problem:
    found = f"the record's SHA-256 is {digest[:16]}..., the file states {stated[:16]}..."
    allowed = "evidence exactly as it was measured; it is never edited"
    return Problem("evidence-hash", Place(path, 1, 1), found, allowed, _RESTORE)


def _schema_problem(content: bytes, path: str, error: ValidationError) -> Problem:
    """Tell a newer version and broken JSON from wrong fields, of which the first three are named."""
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    if errors[0]["type"] == "json_invalid" or _is_newer(content):
        return _json_problem(content, path)
    fields = [
        f"{'.'.join(str(key) for key in item['loc'])}: {item['msg'][:1].lower()}{item['msg'][1:]}"
        for item in errors[:3]
    ]
    more = f" and {len(errors) - 3} more" if len(errors) > 3 else ""
    found = "; ".join(fields) + more
    allowed = f"the fields of evidence in schema version {SCHEMA_VERSION}"
    return Problem("evidence-schema", Place(path, 1, 1), found, allowed, _RESTORE)


def _is_newer(content: bytes) -> bool:
    try:
        return _version(_strict_json(content.decode("utf-8"))) > SCHEMA_VERSION
    except (ValueError, RecursionError):
        return False


def _name_problem(path: str, evidence: Evidence, digest: str) -> Problem:
    return Problem(
        "evidence-name",
        Place(path, 1, 1),
        "folder or name do not belong to the record inside",
        f"{evidence.folder}/{evidence.name(digest)}",
        "move the file there if nobody edited it; else restore it from version control",
    )


def _implausible(path: str, evidence: Evidence) -> Problem | None:
    """Return the problem of a record that no measurement can have produced, or None."""
    computed = _version_of(tuple(evidence.code.items()), _exact(evidence.scale))
    if computed != evidence.version:
        return _refused(
            "evidence-code",
            path,
            f"code and scale hash to version {computed[:12]}, the record says {evidence.version[:12]}",
            "digests of code and fields of the scale that give the test version",
        )
    if TEMPLATE_MODULE in evidence.code:
        found = "values of the template that `repro new` writes"
        return _refused(
            "evidence-template", path, found, "values of a script that measures what a claim says"
        )
    if (evidence.block + 1) * BLOCK_SIZE > MOST_SEEDS:
        last = MOST_SEEDS // BLOCK_SIZE - 1
        allowed = f"blocks 0 to {last}, which hold {MOST_SEEDS} seeds"
        return _refused("evidence-block", path, f"block {evidence.block}", allowed)
    if not YEARS[0] <= evidence.started[:4] <= YEARS[1]:
        allowed = f"years from {YEARS[0]} to {YEARS[1]}"
        return _refused("evidence-start", path, f"a start at {evidence.started}", allowed)
    if evidence.seconds < LEAST_SECONDS:
        found = f"five seeds measured in {evidence.seconds:g} s"
        return _refused("evidence-seconds", path, found, f"at least {LEAST_SECONDS:g} s")
    return None


def _exact(scale: Mapping[str, Any]) -> tuple[tuple[str, type, Any], ...]:
    """Return a scale as a key in which 1, 1.0 and True are different values."""
    return tuple((name, type(value), value) for name, value in scale.items())


@functools.lru_cache(maxsize=256)
def _version_of(code: tuple[tuple[str, str], ...], scale: tuple[tuple[str, type, Any], ...]) -> str:
    """Return a test version; the records of one version share what it is computed from."""
    return version_of(dict(code), {name: value for name, _, value in scale})


def _refused(code: str, path: str, found: str, allowed: str) -> Problem:
    advice = "find out who made the file; the runner never writes such values, and it does not count"
    return Problem(code, Place(path, 1, 1), found, allowed, advice)


def _seeds_problem(path: str, evidence: Evidence) -> Problem:
    which = f"block {evidence.block}, replication {evidence.replication} of version {evidence.origin[:12]}"
    expected = _seeds(evidence.origin, evidence.block, evidence.replication)
    return Problem(
        "evidence-seeds",
        Place(path, 1, 1),
        f"seeds {', '.join(map(str, evidence.seeds))}",
        f"the seeds of {which}: {', '.join(map(str, expected))}",
        "run the experiment again: seeds cannot be chosen, and this file does not count",
    )
