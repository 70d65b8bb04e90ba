"""Citations are read back by programs that are not ours, whatever characters they hold."""

import json
import re

from citeproc import Citation, CitationItem, CitationStylesBibliography, CitationStylesStyle, formatter
from citeproc.source.json import CiteProcJSON
from pybtex.database import parse_string
from pybtex.richtext import Text
from pylatexenc.latex2text import LatexNodes2Text

from kb.exports import citation
from kb.records.claims import Person
from tests.machine_sites import HOME, texts_of


def test_bibtex_is_read_back_by_another_program(site, texts):
    """Titles and names come back as they were, whatever characters they hold."""
    read = parse_string(texts["sources/sources.bib"], "bibtex")
    assert [*read.entries] == [*site.base.sources]
    for source_id, source in site.base.sources.items():
        entry = read.entries[source_id]
        assert str(Text.from_latex(entry.fields["title"])) == source.title
        names = [str(Text.from_latex(str(person))) for person in entry.persons["author"]]
        assert names == [f"{a.family}, {a.given}" if a.given else a.full for a in source.author]
        assert entry.fields.get("url") == source.URL


HARD = r"100% of {braces} & \slashes_in $maths$, #1 ~ “quoted” \"é\" Łódź β 中 { alone"


def test_hard_characters_survive_bibtex(toy):
    """Nothing of a record is a command to LaTeX, and a brace alone ends nothing."""
    [source] = toy.base.sources.values()
    hard = source.model_copy(update={"title": HARD, "author": (Person(literal="Öz & Sons"),)})
    read = parse_string(citation.bibtex([citation.of_source("hard", hard)]), "bibtex").entries["hard"]
    assert LatexNodes2Text().latex_to_text(read.fields["title"]) == HARD
    assert str(Text.from_latex(str(read.persons["author"][0]))) == "Öz & Sons"


def test_csl_is_set_as_a_bibliography_by_another_program(site, texts):
    """Every source appears with its title."""
    items = json.loads(texts["sources/sources.json"])
    style = CitationStylesStyle("harvard-cite-them-right", validate=False)
    bibliography = CitationStylesBibliography(style, CiteProcJSON(items), formatter.plain)
    for item in items:
        bibliography.register(Citation([CitationItem(item["id"])]))
    found = "\n".join(str(entry) for entry in bibliography.bibliography())
    for source in site.base.sources.values():
        assert source.title.split()[0].strip("\"'“”") in found
    assert len(bibliography.bibliography()) == len(site.base.sources)


def test_a_claim_is_cited_with_its_test_version(toy):
    """By id, state and address, without a time of looking it up."""
    [entry] = parse_string(texts_of(toy)["claims/toy-claim.bib"], "bibtex").entries.values()
    assert re.search(
        "toy-claim: reproduced with 10 seeds of test version [0-9a-f]{12}$", entry.fields["note"]
    )
    assert entry.fields["url"] == f"{HOME}claims/toy-claim/"
