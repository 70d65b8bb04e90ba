"""Records that are kept as one immutable file: canonical JSON with the SHA-256 of the record in it."""

from __future__ import annotations

import hashlib
import json
from typing import TypeVar

from pydantic import ValidationError

from kb.evidence.record import Part, canonical_json

Kind = TypeVar("Kind", bound=Part)


def sealed(record: Part) -> tuple[str, bytes]:
    """Return a record's digest and its file's bytes: `{"record":...,"sha256":"..."}` and a line feed."""
    text = canonical_json(record.model_dump(mode="json"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    return digest, f'{{"record":{text},"sha256":"{digest}"}}\n'.encode()


def opened(content: bytes, kind: type[Kind]) -> Kind | str:
    """Return the record in a file's bytes, or what is wrong with them.

    Args:
        content: The bytes, which must be those that `sealed` gives for the record inside.
        kind: The model of the record.
    """
    try:
        document = json.loads(content)
        record = kind.model_validate_json(json.dumps(document["record"]), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        return f"{where}: {first['msg'][:1].lower()}{first['msg'][1:]}"
    except (ValueError, TypeError, KeyError, RecursionError):
        return "not a record with its hash, in JSON"
    if content != sealed(record)[1]:
        return "the bytes are not those of the record inside: edited, cut off or merged"
    return record
