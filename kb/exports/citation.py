"""Citations of sources, of claims and of the whole project: CSL-JSON first, and BibTeX made from it.

BibTeX uses LaTeX commands for special characters wherever there are any, so that even old programs read it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
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
from kb.records.claims import Source
from kb.words.numbers import count

Item = dict[str, Any]

TYPES = {"article-journal": "article", "paper-conference": "inproceedings", "thesis": "phdthesis"}
"""BibTeX's entry type for each CSL type; everything else is `misc`."""
CONTAINERS = {"article": "journal", "inproceedings": "booktitle", "phdthesis": "school"}
MAKER = [{"literal": "The Assay authors"}]
DATE = ("year", "month", "day")
NO_DATE: Item = {"date-parts": [[]]}


def of_source(source_id: str, source: Source) -> Item:
    """Return a source as a CSL item."""
    names = ("family", "given", "literal")
    item: Item = {
        "id": source_id,
        "type": source.type,
        "title": source.title,
        "author": [
            {name: getattr(person, name) for name in names if getattr(person, name)}
            for person in source.author
        ],
        "issued": source.issued and _date(source.issued),
        "container-title": source.container_title,
        "URL": source.URL,
        "DOI": source.DOI,
        "archive": source.arxiv and "arXiv",
        "number": source.arxiv and f"arXiv:{source.arxiv}",
    }
    return {name: value for name, value in item.items() if value}


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
    return {**item, "issued": _date(max(days))} if days else item


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


def _date(text: str) -> Item:
    return {"date-parts": [[int(part) for part in text.split("-")]]}


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
    yield "author", " and ".join(_name(person) for person in item["author"])
    yield "title", _whole(item["title"])
    if "container-title" in item:
        yield CONTAINERS.get(kind, "howpublished"), _tex(item["container-title"])
    yield from zip(DATE, map(str, item.get("issued", NO_DATE)["date-parts"][0]), strict=False)
    yield from ((name.lower(), item[name]) for name in ("URL", "DOI") if name in item)
    if "archive" in item:
        yield "eprint", item["number"].removeprefix("arXiv:")
        yield "archiveprefix", item["archive"]
    if "note" in item:
        yield "note", _tex(item["note"])


def _name(person: dict[str, str]) -> str:
    if "literal" in person:
        return _whole(person["literal"])
    given = person.get("given")
    return f"{_tex(person['family'])}, {_tex(given)}" if given else _whole(person["family"])


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
