"""Citations of sources, of claims and of the whole project: CSL-JSON first, and BibTeX made from it.

BibTeX uses LaTeX commands for special characters wherever there are any, so that even old programs read it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from pylatexenc.latexencode import (
    RULE_DICT,
    UnicodeToLatexConversionRule,
    UnicodeToLatexEncoder,
    get_builtin_conversion_rules,
)

from kb.exports.formats import Format
from kb.exports.published import Site
from kb.records import dates
from kb.records.claims import Source
from kb.records.people import Person
from kb.records.works import MAKERS
from kb.words.numbers import count

Item = dict[str, Any]

TYPES = {
    "article-journal": "article",
    "article-magazine": "article",
    "article-newspaper": "article",
    "book": "book",
    "chapter": "incollection",
    "classic": "book",
    "collection": "proceedings",
    "entry-dictionary": "incollection",
    "entry-encyclopedia": "incollection",
    "manuscript": "unpublished",
    "pamphlet": "booklet",
    "paper-conference": "inproceedings",
    "report": "techreport",
    "standard": "techreport",
    "thesis": "phdthesis",
}
"""BibTeX's entry type for each CSL type; everything else is `misc`."""
PUBLISHERS = {"techreport": "institution", "phdthesis": "school", "proceedings": "publisher"}
"""The field of the publisher, where BibTeX has a name of its own for it."""
CONTAINERS = {
    "article": "journal",
    "incollection": "booktitle",
    "inproceedings": "booktitle",
    "phdthesis": "school",
}
LATEX = {
    "edition": "edition",
    "volume": "volume",
    "collection-title": "series",
    "publisher-place": "address",
    "genre": "type",
    "language": "language",
    "version": "version",
    "ISBN": "isbn",
    "ISSN": "issn",
}
"""The field of BibTeX or BibLaTeX for each variable that both have under some name."""
OTHERS = (
    *("volume", "issue", "page", "edition", "version", "collection-title", "collection-number"),
    *("publisher", "publisher-place", "event-title", "event-place", "genre", "medium", "language"),
    *("original-title", "archive_location", "ISBN", "ISSN"),
)
"""Variables that are taken over into CSL as they are."""
MAKER = [{"literal": "The Assay authors"}]
DATE = ("year", "month", "day")
NO_DATE: Item = {"date-parts": [[]]}


def of_source(source_id: str, source: Source) -> Item:
    """Return a source as a CSL item."""
    given = {info.alias or name: getattr(source, name) for name, info in Source.model_fields.items()}
    item: Item = {
        "id": source_id,
        "type": source.type,
        "title": source.title,
        "author": [_csl_name(person) for person in source.author],
        "issued": source.issued and dates.csl(source.issued),
        "container-title": source.container_title,
        "URL": source.URL,
        "DOI": source.DOI,
        "archive": "arXiv" if source.arxiv else source.archive,
        "number": f"arXiv:{source.arxiv}" if source.arxiv else source.number,
        **{field.replace("_", "-"): [*map(_csl_name, getattr(source, field))] for field in MAKERS[1:]},
        **{name: given[name] for name in OTHERS},
        "original-date": source.original_date and dates.csl(source.original_date),
        "accessed": source.accessed and dates.csl(source.accessed),
    }
    return {name: value for name, value in item.items() if value not in (None, [])}


def _csl_name(person: Person) -> Item:
    parts = {info.alias or name: getattr(person, name) for name, info in Person.model_fields.items()}
    return {name: value for name, value in parts.items() if value}


def of_claim(site: Site, claim_id: str) -> Item:
    """Return a claim of this site as a CSL item, with its state and the test behind it."""
    judgement = site.judgements[claim_id]
    note = f"Claim {claim_id}: {judgement.state}"
    if judgement.verdict:
        note += f" with {count(judgement.verdict.seeds, 'seed')} of test version {judgement.version[:12]}"
    days = [piece.started[:10] for piece in judgement.evidence]
    item: Item = {
        "id": f"assay:{claim_id}",
        "type": "webpage",
        "title": site.base.claims[claim_id].title,
        "author": MAKER,
        "container-title": "Assay",
        "URL": site.absolute(f"claims/{claim_id}/"),
        "note": note,
    }
    return {**item, "issued": dates.csl(max(days))} if days else item


def of_site(site: Site) -> Item:
    """Return the whole project as a CSL item."""
    return {
        "id": "assay",
        "type": "webpage",
        "title": "Assay: testing the claims of the deep-learning alchemy debate",
        "author": MAKER,
        "URL": site.address,
        "note": "Claims under CC BY 4.0, code under Apache 2.0",
    }


def files(site: Site) -> dict[str, str]:
    """Return the citations of every source and claim, and of all sources together, by path."""
    sources = {f"sources/{i}": [of_source(i, source)] for i, source in site.base.sources.items()}
    claims = {f"claims/{i}": [of_claim(site, now) for now in ids] for i, ids in site.named.items()}
    whole = {"sources/sources": [item for items in sources.values() for item in items]}
    found = {}
    for path, items in {**sources, **claims, **whole}.items():
        found[f"{path}.bib"] = bibtex(items)
        found[f"{path}.json"] = csl(items)
    return found


def csl(items: Iterable[Item]) -> str:
    """Return items as the text of a CSL-JSON file."""
    return json.dumps([*items], ensure_ascii=False, indent=1) + "\n"


def bibtex(items: Iterable[Item]) -> str:
    """Return items as the text of a BibTeX file."""
    return "\n".join(_entry(item) for item in items)


def _entry(item: Item) -> str:
    kind = TYPES.get(item["type"], "misc")
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in _fields(item, kind))
    return f"@{kind}{{{item['id']},\n{lines}}}\n"


def _fields(item: Item, kind: str) -> Iterator[tuple[str, str]]:
    """Yield the fields; what LaTeX packages read letter by letter, such as an address, stays as it is."""
    for role in ("author", "editor", "translator"):
        if role in item:
            yield role, " and ".join(_name(person) for person in item[role])
    yield "title", _whole(item["title"])
    if "container-title" in item:
        yield CONTAINERS.get(kind, "howpublished"), _tex(item["container-title"])
    yield from _issued(item)
    yield from ((name.lower(), _verbatim(item[name])) for name in ("URL", "DOI") if name in item)
    if item.get("archive") == "arXiv":
        yield "eprint", item["number"].removeprefix("arXiv:")
        yield "archiveprefix", item["archive"]
    yield from ((field, _tex(str(item[name]))) for name, field in LATEX.items() if name in item)
    yield from _numbers(item, kind)
    if "publisher" in item and not (kind == "phdthesis" and "container-title" in item):
        yield PUBLISHERS.get(kind, "publisher"), _tex(item["publisher"])
    if "accessed" in item:
        yield "urldate", "-".join(f"{part:02}" for part in item["accessed"]["date-parts"][0])
    if "note" in item:
        yield "note", _tex(item["note"])


def _issued(item: Item) -> Iterator[tuple[str, str]]:
    """Yield year, month and day; a date that is more than these also as a range or the like for BibLaTeX."""
    issued = item.get("issued", NO_DATE)
    parts = issued["date-parts"]
    yield from zip(DATE, map(str, parts[0]), strict=False)
    if len(parts) > 1 or set(issued) != {"date-parts"}:
        yield "date", "/".join(_edtf(moment, issued) for moment in parts)


def _edtf(parts: Sequence[int], issued: Item) -> str:
    year, *rest = parts
    first = f"{year:04}" if year > 0 else f"{'-' if year < -1 else ''}{-year - 1:04}"
    season = [20 + issued["season"]] if "season" in issued and not rest else []
    about = "~" if "circa" in issued else ""
    return "-".join([first, *(f"{part:02}" for part in [*rest, *season])]) + about


def _numbers(item: Item, kind: str) -> Iterator[tuple[str, str]]:
    """Yield pages with the dash of a range, and BibTeX's one number of issue, report or series."""
    if "page" in item:
        yield "pages", _tex(re.sub(r"(?<=\w)\s*[-\u2013]\s*(?=\w)", "--", str(item["page"])))
    report = "number" if kind in ("techreport", "misc") and item.get("archive") != "arXiv" else "issue"
    names = (report, "issue", "collection-number")
    number = next((item[name] for name in names if name in item), None)
    if number is not None:
        yield "number", _tex(str(number))


def _verbatim(text: str) -> str:
    """Return an identifier in which nothing ends a field or starts a command; it is the same link."""
    return text.translate(_ENCODED)


_ENCODED = {ord(char): f"%{ord(char):02X}" for char in '{}\\"<>^`|'}


def _name(person: Item) -> str:
    """Return a name; a part that BibTeX would take apart is in braces, and so is one that stands alone."""
    if "literal" in person:
        return _whole(person["literal"])
    particles = " ".join(
        person[part] for part in ("dropping-particle", "non-dropping-particle") if part in person
    )
    rest = [_part(person[part]) for part in ("suffix", "given") if part in person]
    if not rest and not particles:
        return _whole(person["family"])
    family = f"{_part(particles)} {_part(person['family'])}" if particles else _part(person["family"])
    return ", ".join([family, *rest, *([] if "given" in person else [""])])


def _part(text: str) -> str:
    is_one = "," not in text and re.search(r"(?i)\b(?:and|others)\b", text) is None
    return _tex(text) if is_one else _whole(text)


def _whole(text: str) -> str:
    """Return a text whose capitals and words stay as they are: BibTeX does not touch what is in braces."""
    return f"{{{_tex(text)}}}"


def _tex(text: str) -> str:
    return str(_encoder().unicode_to_latex(text))


@cache
def _encoder() -> UnicodeToLatexEncoder:
    """Return an encoder of text as LaTeX; an unpaired brace would upset BibTeX, even after a backslash."""
    own = {ord("{"): r"{\ensuremath{\lbrace}}", ord("}"): r"{\ensuremath{\rbrace}}", ord('"'): '"'}
    return UnicodeToLatexEncoder(
        conversion_rules=[
            UnicodeToLatexConversionRule(RULE_DICT, own),
            *get_builtin_conversion_rules("defaults"),
        ],
        replacement_latex_protection="braces-all",
        unknown_char_policy="keep",
        unknown_char_warning=False,
    )


FORMAT = Format("citation", "Write citations of sources and claims, as CSL-JSON and BibTeX.", files)
