"""What search engines read in the head of a page: the vocabulary of schema.org as JSON-LD.

A rating says how the predictions of a claim came out in our test, never how true the claim is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from kb.evidence.ledger import Evidence
from kb.exports.published import Site
from kb.reading.experiment import Script
from kb.records.claims import Source
from kb.records.dates import moments
from kb.records.identifiers import address_of_arxiv, address_of_doi
from kb.records.people import Person
from kb.words.states import STATES

Node = dict[str, Any]

LICENCE = "https://creativecommons.org/licenses/by/4.0/"
MAKER: Node = {"@type": "Organization", "name": "The Assay authors"}
SCALE = "This rates predictions in our test: 3 all held, 2 some, 1 none."
"""Short, since a claim's page has little space; `/data/` says more."""
TYPES = {
    "article-journal": "ScholarlyArticle",
    "paper-conference": "ScholarlyArticle",
    "article": "ScholarlyArticle",
    "article-magazine": "Article",
    "article-newspaper": "NewsArticle",
    "bill": "Legislation",
    "book": "Book",
    "chapter": "Chapter",
    "classic": "Book",
    "collection": "Collection",
    "dataset": "Dataset",
    "document": "DigitalDocument",
    "graphic": "VisualArtwork",
    "legislation": "Legislation",
    "manuscript": "Manuscript",
    "map": "Map",
    "motion_picture": "Movie",
    "musical_score": "SheetMusic",
    "periodical": "Periodical",
    "personal_communication": "Message",
    "post": "SocialMediaPosting",
    "post-weblog": "BlogPosting",
    "regulation": "Legislation",
    "report": "Report",
    "review": "Review",
    "review-book": "Review",
    "software": "SoftwareSourceCode",
    "song": "MusicRecording",
    "speech": "CreativeWork",
    "thesis": "Thesis",
    "webpage": "WebPage",
}
"""Each type of source in schema.org's words, where there is one; every other is a `CreativeWork`."""
OTHER_TYPE = "CreativeWork"
_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def script_text(node: Node) -> str:
    """Return a document as JSON that no text in it can end, wherever it is placed in HTML."""
    document = {"@context": "https://schema.org", **node}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)


def claim(site: Site, claim_id: str) -> Node:
    """Return a claim and, if there is a verdict, a review of the claim."""
    record, judgement = site.base.claims[claim_id], site.judgements[claim_id]
    url = site.absolute(f"claims/{claim_id}/")
    cited = dict.fromkeys(said.source for said in record.stated_in if said.source in site.base.sources)
    node: Node = {
        "@type": "Claim",
        "text": " ".join(record.statement.split()),
        "appearance": [_appearance(site, source_id) for source_id in cited],
    }
    if judgement.verdict is None:
        return {**node, "name": record.title, "url": url}
    rating: Node = {"@type": "Rating", "alternateName": STATES[judgement.state].word}
    if STATES[judgement.state].rating:
        rating |= {"ratingValue": STATES[judgement.state].rating, "bestRating": 3, "worstRating": 1}
    scope = f" Tested on: {' '.join(record.scope.split()).removesuffix('.')}." if record.scope else ""
    rating["ratingExplanation"] = f"{site.told[claim_id].text}{scope} {SCALE}"
    return {
        "@type": "ClaimReview",
        "url": url,
        "claimReviewed": record.title,
        "itemReviewed": node,
        "reviewRating": rating,
        "author": MAKER,
        **_dated("datePublished", judgement.evidence),
    }


def _appearance(site: Site, source_id: str) -> Node:
    kind = TYPES.get(site.base.sources[source_id].type, OTHER_TYPE)
    return {"@type": kind, "url": site.absolute(f"sources/{source_id}/")}


def source(site: Site, source_id: str) -> Node:
    """Return a source as its type of work, with the claims that are taken from it."""
    record = site.base.sources[source_id]
    page = site.absolute(f"sources/{source_id}/")
    found: Node = {
        "@type": TYPES.get(record.type, OTHER_TYPE),
        "mainEntityOfPage": page,
        "name": record.title,
        "author": [*map(_person, record.author)],
        "datePublished": record.issued and moments(record.issued)[0].iso,
        "url": record.URL or page,
        "sameAs": _elsewhere(record),
        "isPartOf": _container(record),
        "editor": [*map(_person, record.editor)],
        "translator": [*map(_person, record.translator)],
        "publisher": record.publisher and {"@type": "Organization", "name": record.publisher},
        "inLanguage": record.language,
        "isbn": record.ISBN if TYPES.get(record.type) == "Book" else None,
        "issn": record.ISSN if TYPES.get(record.type) == "Periodical" else None,
    }
    return {name: value for name, value in found.items() if value}


def _container(record: Source) -> Node | None:
    """Return what a work is a part of, with the number that books or periodicals have."""
    if record.container_title is None:
        return None
    numbers = {"Book": ("isbn", record.ISBN), "Periodical": ("issn", record.ISSN)}
    kind = next((kind for kind, (_, number) in numbers.items() if number), OTHER_TYPE)
    name, number = numbers.get(kind, ("", None))
    return {"@type": kind, "name": record.container_title, **({name: number} if number else {})}


def _person(person: Person) -> Node:
    """Return a person or, as a literal name is in CSL, a group."""
    return {"@type": "Organization" if person.literal else "Person", "name": person.full}


def _elsewhere(record: Source) -> list[str]:
    doi = [address_of_doi(record.DOI)] if record.DOI else []
    return doi + ([address_of_arxiv(record.arxiv)] if record.arxiv else [])


def experiment(site: Site, script: Script) -> Node | None:
    """Return the raw values of an experiment as a data set, or None before the first run."""
    pieces = site.ledger.of_experiment(script.name)
    if not pieces:
        return None
    file = site.absolute(f"experiments/{script.name}")
    about = f"{script.question} Raw values, one per seed and outcome, of {len(script.arms)} arms."
    kinds = {"text/csv": f"{file}.csv", "application/json": f"{file}.json"}
    return {
        "@type": "Dataset",
        "name": script.name.replace("_", " "),
        "description": about,
        "url": f"{file}/",
        "license": LICENCE,
        "creator": MAKER,
        "isAccessibleForFree": True,
        "variableMeasured": [*script.outcomes],
        "distribution": [
            {"@type": "DataDownload", "encodingFormat": kind, "contentUrl": url}
            for kind, url in kinds.items()
        ],
        **_dated("dateModified", pieces),
    }


def website(site: Site, description: str) -> Node:
    """Return the site as a whole."""
    return {
        "@type": "WebSite",
        "name": "Assay",
        "url": site.address,
        "description": description,
        "publisher": MAKER,
        "license": LICENCE,
    }


def _dated(name: str, pieces: Iterable[Evidence]) -> Node:
    days = [piece.started[:10] for piece in pieces]
    return {name: max(days)} if days else {}
