"""Atom feeds of what changed, overall and by topic: changed states of claims, and new evidence.

Times are those of commits and of measurements. Ids depend on what happened, and not on the address of the
site, so that a feed reader recognises an entry after the site has moved.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from xml.etree import ElementTree as ET

from kb.evidence.ledger import Evidence
from kb.exports.formats import Format
from kb.exports.published import Site
from kb.exports.xml import document
from kb.words.numbers import count
from kb.words.states import STATES

PATH = "changes/feed.xml"
MOST = 60
NAMESPACE = uuid.UUID("7c0ee3a5-6fd1-4c1e-9c0c-3a8f5a5d2b11")
"""The start of all our ids; it must never change."""
NEVER = "1970-01-01T00:00:00Z"
"""The time of change of a feed without entries."""
WITHOUT_HISTORY = "Made without the history of the records: changes of a claim's state are missing."
ATOM = "http://www.w3.org/2005/Atom"
RIGHTS = "Records and evidence under CC BY 4.0"


class Entry(NamedTuple):
    """One thing that happened.

    Attributes:
        key: What stays the same however often the site is built.
        page: Where it can be read, relative to the site's root.
        topics: Topics of the claims that it is about.
    """

    updated: str
    key: str
    title: str
    text: str
    page: str
    topics: frozenset[str]


def files(site: Site) -> dict[str, str]:
    """Return the feed of everything and one for each topic, by path."""
    entries = sorted([*_turns(site), *_measured(site)], key=lambda entry: entry[:2], reverse=True)
    found = {PATH: _feed(site, PATH, "Assay: changes", "changes/", entries)}
    for topic in sorted(set(site.base.topics.values())):
        path = f"topics/{topic}/feed.xml"
        own = [entry for entry in entries if topic in entry.topics]
        found[path] = _feed(site, path, f"Assay: {topic.replace('-', ' ')}", f"topics/{topic}/", own)
    return found


def _turns(site: Site) -> Iterator[Entry]:
    """Yield where the state of a claim changed, as far as commits tell."""
    for claim_id, claim in site.base.claims.items():
        for event in site.histories.get(claim_id, ()):
            if event.is_turn and event.commit and event.state:
                state = STATES[event.state]
                seeds = f" with {count(event.seeds, 'seed')}" if event.seeds else ""
                title = f"{state.word}{seeds}: {claim.title}"
                scope = f" Tested on: {' '.join(claim.scope.split())}" if claim.scope and event.seeds else ""
                text = f"{event.words[:1].upper()}{event.words[1:]}. {state.means}{scope}"
                topics = frozenset([site.base.topics[claim_id]])
                key = f"turn {claim_id} {event.commit}"
                yield Entry(event.time, key, title, text, f"claims/{claim_id}/", topics)


def _measured(site: Site) -> Iterator[Entry]:
    """Yield what was measured of an experiment under one test version on one day."""
    found: dict[tuple[str, str, str], list[Evidence]] = defaultdict(list)
    for piece in site.ledger.evidence:
        found[piece.started[:10], piece.experiment, piece.version].append(piece)
    topics: dict[str, set[str]] = defaultdict(set)
    for claim_id, claim in site.base.claims.items():
        if claim.protocol:
            topics[claim.protocol.experiment].add(site.base.topics[claim_id])
    for (day, name, version), pieces in found.items():
        script = site.base.scripts.get(name)
        seeds, arms = sum(len(piece.seeds) for piece in pieces), len({piece.arm for piece in pieces})
        yield Entry(
            max(piece.started for piece in pieces),
            f"measured {day} {name} {version}",
            f"Measured: {script.question if script else name}",
            f"{count(seeds, 'seed')} over {count(arms, 'arm')} under test version {version[:12]}.",
            f"experiments/{name}/" if script else "changes/",
            frozenset(topics[name]),
        )


def _feed(site: Site, path: str, title: str, page: str, entries: Sequence[Entry]) -> str:
    feed = ET.Element("feed", xmlns=ATOM)
    updated = entries[0].updated if entries else NEVER
    _texts(feed, id=_urn(path), title=title, updated=updated, rights=RIGHTS)
    if not site.knows_history:
        _texts(feed, subtitle=WITHOUT_HISTORY)
    _texts(ET.SubElement(feed, "author"), name="The Assay authors")
    ET.SubElement(feed, "link", rel="self", type="application/atom+xml", href=site.absolute(path))
    ET.SubElement(feed, "link", rel="alternate", type="text/html", href=site.absolute(page))
    for entry in entries[:MOST]:
        node = ET.SubElement(feed, "entry")
        _texts(node, id=_urn(entry.key), title=entry.title, updated=entry.updated, summary=entry.text)
        ET.SubElement(node, "link", rel="alternate", type="text/html", href=site.absolute(entry.page))
    return document(feed)


def _texts(node: ET.Element, **texts: str) -> None:
    for name, text in texts.items():
        ET.SubElement(node, name).text = text


def _urn(key: str) -> str:
    return uuid.uuid5(NAMESPACE, key).urn


FORMAT = Format("feeds", "Write Atom feeds of what changed, as a whole and by topic.", files)
