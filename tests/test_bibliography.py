"""Works are recorded as bibliographies name them, and other programs read back every export."""

import json
import re
from importlib.resources import files as package_files

import pytest
from citeproc import Citation, CitationItem, CitationStylesBibliography, CitationStylesStyle, formatter
from citeproc.source.json import CiteProcJSON
from hypothesis import given
from hypothesis import strategies as st
from pybtex.database import parse_string
from pybtex.richtext import Text
from pylatexenc.latex2text import LatexNodes2Text

from kb.exports import citation, linked_data
from kb.exports.citation import TYPES, bibtex, of_source
from kb.reading.load import load_base
from kb.reading.tree import Folder
from kb.records.dates import in_words, year_in_words
from kb.records.identifiers import work
from kb.records.people import Person
from kb.records.sources import Source
from kb.records.works import WorkType
from kb.site.render import render
from kb.site.templates import authors
from tests.machine_sites import site_of
from tests.test_experiments import ROOT

SOURCE = "claims/sources/toy-source.yaml"
DOE = ({"family": "Doe", "given": "Jane"},)
CSL = package_files("citeproc") / "data" / "schema" / "schemas" / "styles"


def source(**fields):
    """Return a source with some fields; hyphens of CSL's names are underscores here."""
    given = {"title": "A work", "type": "book", "author": DOE, "verified": "text", **fields}
    return Source.model_validate({name.replace("_", "-"): value for name, value in given.items()})


def read_back(record):
    """Return an entry of our BibTeX as another program reads it."""
    return parse_string(bibtex([of_source("x", record)]), "bibtex").entries["x"]


def problems(project, text, today=None):
    """Return the codes of a project whose only source has other lines after its title."""
    (project / SOURCE).write_text(f"title: On coins that are not fair\n{text}", encoding="utf-8")
    return [problem.code for problem in load_base(Folder(project), today=today).problems]


REST = "type: article\nverified: text\nauthor: [{family: Doe, given: Jane}]\n"


@pytest.mark.parametrize(
    "line",
    [
        *("arxiv: cond-mat/9512123", "arxiv: cs/0309048", "arxiv: math.GT/0309136", "arxiv: hep-th/9108001"),
        *("arxiv: physics.acc-ph/9411012", "arxiv: cond-mat.mes-hall/0703001", "arxiv: q-alg/9701001"),
        *('arxiv: "0704.0001"', 'arxiv: "1412.6980"', 'arxiv: "1501.00001"', 'arxiv: "1706.03762"'),
        *("DOI: 10.1000.10/123", "DOI: 10.1002/(SICI)1097-0258(19980815)17:15<1661::AID-SIM968>3.0.CO;2-2"),
        *("DOI: 10.1000/a{b", "DOI: 10.1093//jxb"),
        *('ISBN: "978-0-306-40615-7"', 'ISBN: "0-306-40615-2"', 'ISBN: "080442957X"', "ISSN: 2434-561X"),
        *("volume: 12", 'issue: "3-4"', 'page: "433-460"', "edition: 2", "publisher: Doe and Sons"),
        *("language: pt-BR", 'accessed: "2020-01-31"', "publisher-place: Łódź", "genre: PhD thesis"),
        *("editor: [{family: Roe, given: Richard}]", "translator: [{literal: The Doe Group}]"),
    ],
)
def test_real_fields_are_accepted(project, line):
    """Every form that arXiv gave, DOIs with a divided prefix, and what CSL says of books."""
    assert problems(project, f"{REST}{line}\n") == []


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("DOI: 10.1038//", "impossible-identifier"),
        ("DOI: 11.1038/nature14539", "bad-format"),
        ('arxiv: "9999.99999"', "impossible-identifier"),
        ('arxiv: "1706.0376"', "impossible-identifier"),
        ('arxiv: "1212.12345"', "impossible-identifier"),
        ('arxiv: "0612.0001"', "impossible-identifier"),
        ('arxiv: "1706.00000"', "impossible-identifier"),
        ("arxiv: cs/0309000", "impossible-identifier"),
        ("arxiv: cs/0813001", "impossible-identifier"),
        ("arxiv: cs/0801001", "impossible-identifier"),
        ("arxiv: deep-learning/0309048", "impossible-identifier"),
        ('arxiv: "1706.03762v5"', "bad-format"),
        ('ISBN: "978-0-306-40615-8"', "impossible-identifier"),
        ('ISBN: "0-306-40615-3"', "impossible-identifier"),
        ('ISBN: "977-0-306-40615-8"', "impossible-identifier"),
        ("ISSN: 2434-5610", "impossible-identifier"),
        ("volume: true", "wrong-type"),
    ],
)
def test_identifiers_that_cannot_be_are_refused(project, line, code):
    """What has the form of its standard, and still cannot have been given."""
    assert code in problems(project, f"{REST}{line}\n")


def test_every_type_and_variable_is_one_of_csl():
    """By the lists that come with another program."""
    types = set(re.findall(r'"([a-z_-]+)"', (CSL / "csl-types.rnc").read_text(encoding="utf-8")))
    assert set(WorkType.__args__) == types
    assert set(TYPES) < types
    variables = set(re.findall(r'"([A-Za-z_-]+)"', (CSL / "csl-variables.rnc").read_text(encoding="utf-8")))
    names = {info.alias or name for name, info in Source.model_fields.items()}
    assert names - variables == {"type", "anonymous", "arxiv", "verified", "slips", "paragraphs"}
    assert {*citation.OTHERS} <= variables


@pytest.mark.parametrize("kind", WorkType.__args__)
def test_every_type_is_exported(kind):
    """As BibTeX, as a citation that is set, and in the vocabulary of search engines."""
    record = source(type=kind, issued="1900")
    assert read_back(record).type == TYPES.get(kind, "misc")
    style = CitationStylesStyle("harvard-cite-them-right", validate=False)
    items = json.loads(citation.csl([of_source("x", record)]))
    bibliography = CitationStylesBibliography(style, CiteProcJSON(items), formatter.plain)
    bibliography.register(Citation([CitationItem("x")]))
    assert "Doe" in str(bibliography.bibliography()[0])


def test_works_may_have_editors_only_or_nobody(project):
    """A book of several hands, and a pamphlet that nobody signed; but nobody is forgotten silently."""
    start = "type: book\nverified: text\n"
    assert problems(project, f"{start}editor: [{{family: Doe}}]\n") == []
    assert problems(project, f"{start}anonymous: true\n") == []
    assert problems(project, start) == ["author-choice"]
    assert problems(project, f"{REST}anonymous: true\n") == ["author-choice"]
    assert problems(project, f"{start}anonymous: true\n") == []
    base = load_base(Folder(project))
    texts = citation.files(site_of(project))
    entry = parse_string(texts["sources/toy-source.bib"], "bibtex").entries["toy-source"]
    assert "author" not in entry.persons
    assert "author" not in json.loads(texts["sources/toy-source.json"])[0]
    assert authors(base.sources["toy-source"]) == "anonymous"
    assert "<dt>By</dt><dd>anonymous</dd>" in page(project)


def page(project):
    """Return the source's page, with the templates of the real site."""
    (project / "site").symlink_to(ROOT / "site")
    pages = {page.path: page.content for page in render(site_of(project))}
    (project / "site").unlink()
    return pages["sources/toy-source.md"]


def test_a_page_tells_what_is_known(project):
    """People who are no authors, facts of the print, dates in words, and addresses that open."""
    lines = (
        "type: motion_picture\nverified: text\ndirector: [{family: Varda, given: Agnès}]\n"
        'issued: "1962-22"\nvolume: 0\noriginal-date: "-0043~"\nURL: https://example.org/a\n'
        'accessed: "2020-01-31"\nDOI: 10.1000/a;b\narxiv: cs/0309048\n'
    )
    assert problems(project, lines) == []
    told = page(project)
    for fact in (
        "<dt>By</dt><dd>Agnès Varda (director)</dd>",
        "<dt>Type</dt><dd>motion picture</dd>",
        "<dt>Directed by</dt><dd>Agnès Varda</dd>",
        "<dt>Issued</dt><dd>summer 1962</dd>",
        "<dt>Volume</dt><dd>0</dd>",
        "<dt>Original date</dt><dd>about 44 BCE</dd>",
        "https://example.org/a</a>, opened on 2020-01-31",
        'href="https://doi.org/10.1000/a%3Bb"',
        'href="https://arxiv.org/abs/cs/0309048"',
    ):
        assert fact in told


@pytest.mark.parametrize(
    ("date", "words", "year", "csl"),
    [
        ("1435", "1435", "1435", {"date-parts": [[1435]]}),
        ("0017-03", "0017-03", "0017", {"date-parts": [[17, 3]]}),
        ("-0043", "44 BCE", "44 BCE", {"date-parts": [[-44]]}),
        ("0000", "1 BCE", "1 BCE", {"date-parts": [[-1]]}),
        ("-0043/0014", "44 BCE to 14 CE", "44 BCE", {"date-parts": [[-44], [14]]}),
        ("1911-05/1913", "1911-05 to 1913", "1911", {"date-parts": [[1911, 5], [1913]]}),
        ("2017-21", "spring 2017", "2017", {"date-parts": [[2017]], "season": 1}),
        ("1450~", "about 1450", "1450", {"date-parts": [[1450]], "circa": True}),
        ("1500-02-29", "1500-02-29", "1500", {"date-parts": [[1500, 2, 29]]}),
    ],
)
def test_dates_are_those_of_edtf(project, date, words, year, csl):
    """Old years, years before our era, ranges, seasons and about when; a Julian leap day was a day."""
    assert problems(project, f'{REST}issued: "{date}"\n', today="2026-01-31") == []
    assert (in_words(date), year_in_words(date)) == (words, year)
    assert of_source("x", source(issued=date))["issued"] == csl
    entry = read_back(source(issued=date))
    assert entry.fields["year"].lstrip("-").isdigit()
    if set(csl) != {"date-parts"} or len(csl["date-parts"]) > 1:
        assert entry.fields["date"] == date


@pytest.mark.parametrize(
    "line",
    [
        'issued: "2026-02"',
        'issued: "2025/2027"',
        'accessed: "2026-02-01"',
        'original-date: "2027"',
        'arxiv: "2602.00001"',
    ],
)
def test_nothing_lies_in_the_future(project, line):
    """Dates of works, of looking them up, and the months in numbers of arXiv."""
    assert problems(project, f"{REST}{line}\n", today="2026-01-31") == ["future-date"]
    assert problems(project, f"{REST}{line}\n", today="2027-12-31") == []


def test_a_review_in_the_future_is_told(project):
    """Whoever reviews looks at the links today."""
    path = project / "claims/toys/toy-claim.yaml"
    review = 'reviewed: {date: "2099-01-01", note: all links, seen: []}\n'
    path.write_text(path.read_text(encoding="utf-8") + review, encoding="utf-8")
    codes = [problem.code for problem in load_base(Folder(project), today="2026-01-31").problems]
    assert codes == ["future-date"]


DEBATE = """\
title: What does a coin remember?
question: Does a coin keep any trace of its earlier flips?
sides:
  - {name: It remembers, claims: [toy-claim]}
  - {name: It forgets, claims: [other]}
discriminating: {what: Flip one coin a thousand times., claims: [toy-claim]}
readings:
  - {if: runs are long, then: it remembers}
"""
OTHER = """\
title: Coins forget
kind: theoretical
statement: A coin has no memory.
stated_in: [{source: toy-source, stance: asserts, locator: {section: A}}]
not_testable: memory is not defined
"""


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("claims/debates/coins.yaml", "It forgets", "It remembers"),
        ("claims/debates/coins.yaml", "claims: [toy-claim]}\nreadings", "claims: [other, other]}\nreadings"),
        (
            "claims/debates/coins.yaml",
            "readings:\n",
            "readings:\n  - {if: runs are long, then: it forgets}\n",
        ),
        ("claims/toys/moved.yaml", "[toy-claim, other]", "[toy-claim, toy-claim]"),
        (
            "claims/toys/other.yaml",
            "kind:",
            "relations: [{type: supports, claim: toy-claim, because: a, on: [p, p]}]\nkind:",
        ),
    ],
)
def test_a_list_that_names_a_thing_twice_is_told(project, path, old, new):
    """Sides and readings of one name, the same id or prediction again."""
    for name, text in (
        ("claims/debates/coins.yaml", DEBATE),
        ("claims/toys/other.yaml", OTHER),
        ("claims/toys/moved.yaml", "split_into: [toy-claim, other]\n"),
    ):
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")
    assert load_base(Folder(project)).problems == ()
    text = (project / path).read_text(encoding="utf-8")
    assert old in text
    (project / path).write_text(text.replace(old, new), encoding="utf-8")
    assert "listed-twice" in [problem.code for problem in load_base(Folder(project)).problems]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("DOI: 10.1000/ABC", "DOI: 10.1000/abc"),
        ("DOI: 10.1000/abc", "URL: https://dx.doi.org/10.1000/ABC"),
        ("DOI: 10.48550/arXiv.1706.03762", 'arxiv: "1706.03762"'),
        ('arxiv: "1706.03762"', "URL: https://arxiv.org/pdf/1706.03762v5.pdf"),
        ("arxiv: math.GT/0309136", "arxiv: math/0309136"),
        ("URL: http://www.Example.org:80/a/", "URL: https://example.org/a"),
        ("URL: https://example.org/%7Eme", "URL: https://example.org/~me"),
    ],
)
def test_two_spellings_of_an_identifier_are_one_work(project, first, second):
    """It is told under the second record, and names the first."""
    claim = project / "claims/toys/toy-claim.yaml"
    text = claim.read_text(encoding="utf-8")
    also = "stated_in:\n  - {source: zoo, stance: reports, locator: {section: A}}\n"
    claim.write_text(text.replace("stated_in:\n", also), encoding="utf-8")
    (project / "claims/sources/zoo.yaml").write_text(f"title: Z\n{REST}{second}\n", encoding="utf-8")
    assert problems(project, f"{REST}{first}\n") == ["duplicate-source"]


def test_different_works_stay_apart():
    """Other paths, hosts, queries and numbers are other works."""
    addresses = (
        "https://e.org/a",
        "https://e.org/b",
        "https://f.org/a",
        "https://e.org/a?b",
        "https://e.org:8/a",
    )
    assert len({work("URL", address) for address in addresses}) == len(addresses)
    assert work("arxiv", "math/0309136") != work("arxiv", "cs/0309136")


@pytest.mark.parametrize(
    ("person", "first", "prelast", "last", "lineage"),
    [
        ({"family": "Doe, Esq., MD", "given": "J"}, "J", "", "Doe, Esq., MD", ""),
        ({"family": "Procter and Gamble"}, "", "", "Procter and Gamble", ""),
        ({"family": "Sand and Sons", "given": "X"}, "X", "", "Sand and Sons", ""),
        ({"family": "others", "given": "Ann"}, "Ann", "", "others", ""),
        (
            {"family": "Maaten", "non-dropping-particle": "van der", "given": "L."},
            "L.",
            "van der",
            "Maaten",
            "",
        ),
        ({"family": "Maaten", "non-dropping-particle": "van der"}, "", "van der", "Maaten", ""),
        ({"family": "King", "given": "M. L.", "suffix": "Jr."}, "M. L.", "", "King", "Jr."),
        ({"literal": "Smith, Doe and others {sic}"}, "", "", "Smith, Doe and others {sic}", ""),
    ],
)
def test_bibtex_has_the_parts_of_a_name(person, first, prelast, last, lineage):
    """One person stays one, with commas, the word `and`, particles and suffixes."""
    (read,) = read_back(source(author=(person,))).persons["author"]
    parts = (read.first_names + read.middle_names, read.prelast_names, read.last_names, read.lineage_names)
    shown = [LatexNodes2Text().latex_to_text(" ".join(part)) for part in parts]
    assert shown == [first, prelast, last, lineage]


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z", "M"], exclude_characters="\u2800"), min_size=1
).map(lambda text: text[:40])


@given(st.lists(TEXTS, min_size=7, max_size=7))
def test_no_record_breaks_the_bibliography(texts):
    """Whatever characters a record holds: its neighbours are read, it is one author, and keeps its link."""
    title, family, given_name, suffix, particle, identifier, publisher = texts
    person = Person.model_construct(
        family=family, given=given_name, suffix=suffix, non_dropping_particle=particle
    )
    record = source().model_copy(
        update={
            "title": title,
            "author": (person,),
            "DOI": f"10.1000/{identifier}",
            "URL": f"https://e.org/{identifier}",
            "publisher": publisher,
        }
    )
    text = bibtex([of_source("before", source()), of_source("x", record), of_source("after", source())])
    read = parse_string(text, "bibtex").entries
    assert [*read] == ["before", "x", "after"]
    assert len(read["x"].persons["author"]) == 1
    assert set(read["x"].fields) == {"title", "url", "doi", "publisher"}
    assert json.loads(citation.csl([of_source("x", record)]))[0]["title"] == title


def test_a_folded_title_loses_its_line_end(project):
    """No export of it holds a line feed."""
    text = (project / SOURCE).read_text(encoding="utf-8")
    folded = text.replace("title: On coins that are not fair", "title: >\n  On coins that\n  are not fair")
    (project / SOURCE).write_text(folded, encoding="utf-8")
    assert load_base(Folder(project)).sources["toy-source"].title == "On coins that are not fair"
    assert load_base(Folder(project)).problems == ()


def test_long_titles_and_addresses_are_taken(project):
    """Those of the 18th century, and those of search forms."""
    lines = f"URL: https://example.org/?q={'a' * 3000}\n"
    (project / SOURCE).write_text(f"title: {'On coins ' * 80}\n{REST}{lines}", encoding="utf-8")
    assert load_base(Folder(project)).problems == ()


def test_linked_data_names_kinds_and_encodes(project):
    """A group is no person, and an address holds no character that ends it."""
    lines = "DOI: 10.1002/(SICI)1<1::A>3.0.CO;2-2\n"
    (project / SOURCE).write_text(
        f"title: On coins\n{REST.replace('{family: Doe, given: Jane}', '{literal: OpenAI}')}{lines}",
        encoding="utf-8",
    )
    found = linked_data.source(site_of(project), "toy-source")
    assert found["author"] == [{"@type": "Organization", "name": "OpenAI"}]
    assert found["sameAs"] == ["https://doi.org/10.1002/%28SICI%291%3C1::A%3E3.0.CO%3B2-2"]


def test_a_book_is_exported_with_all_that_is_known():
    """Each fact reaches the field that BibTeX has for it."""
    record = source(
        type="chapter",
        container_title="A book",
        editor=({"family": "Roe", "given": "R."},),
        translator=({"literal": "The Doe Group"},),
        volume=2,
        page="433\u2013460",
        edition="2nd",
        publisher="Doe & Sons",
        publisher_place="Łódź",
        ISBN="978-0-306-40615-7",
        language="de",
        collection_title="Series",
        collection_number=7,
        accessed="2020-01-31",
    )
    entry = read_back(record)
    assert entry.type == "incollection"
    assert [str(person) for person in entry.persons["editor"]] == ["Roe, R."]
    assert str(Text.from_latex(entry.fields["publisher"])) == "Doe & Sons"
    wanted = {"booktitle": "A book", "volume": "2", "pages": "433--460", "edition": "2nd", "number": "7"}
    wanted |= {"series": "Series", "isbn": "978-0-306-40615-7", "language": "de", "urldate": "2020-01-31"}
    assert {name: entry.fields[name] for name in wanted} == wanted
