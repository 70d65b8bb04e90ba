"""Every place where a record names a claim: relations, debates, paragraphs of sources and tombstones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kb.reading.base import Base
from kb.text.problems import Keys


class Mention(NamedTuple):
    """A mention of a claim's id in a record.

    Attributes:
        record_id: The id of the record that names it.
        keys: Where in that record.
        claim_id: The id that is named, whether or not there is such a claim.
    """

    record_id: str
    keys: Keys
    claim_id: str


def mentions(base: Base) -> Iterator[Mention]:
    """Yield every mention of a claim in a record that is not a tombstone."""
    for claim_id, claim in base.claims.items():
        for i, relation in enumerate(claim.relations):
            yield Mention(claim_id, ("relations", i, "claim"), relation.claim)
    for debate_id, debate in base.debates.items():
        for keys, named in debate.named:
            yield Mention(debate_id, keys, named)
    for source_id, source in base.sources.items():
        for i, paragraph in enumerate(source.paragraphs):
            for keys, named in paragraph.named:
                yield Mention(source_id, ("paragraphs", i, *keys), named)


def forwardings(base: Base) -> Iterator[Mention]:
    """Yield every mention of a claim in a tombstone."""
    for old_id, tombstone in base.tombstones.items():
        if tombstone.moved_to is not None:
            yield Mention(old_id, ("moved_to",), tombstone.moved_to)
        for i, target in enumerate(tombstone.split_into or ()):
            yield Mention(old_id, ("split_into", i), target)
