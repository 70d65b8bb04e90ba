"""Records and judgements become pages that say what they hold, and that no text of a record can break."""

import ast
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import markdown
import pytest

from kb.evidence.file import as_file
from kb.evidence.ledger import Ledger
from kb.exports.published import Site
from kb.project import read
from kb.reading.tree import Folder
from kb.site.docstrings import passages, question
from kb.site.figures.neighbourhood import Neighbourhoods
from kb.site.markdown import to_html
from kb.site.pages.claim import pages as claim_pages
from kb.site.pages.claim import sections
from kb.site.pages.claim.sections import SECTIONS, parts
from kb.site.pages.claim.subject import Subject
from kb.site.render import Page, files, redirects, render, url_of
from kb.site.templates import fence, one_line, relative
from kb.time.history import Event
from tests.evidence_of import evidence_of
from tests.states_project import CLAIMS, ROOT, write_states_project

PAYLOADS = [
    "<script>window.hit=1</script>",
    '"><img src=x onerror=window.hit=1>',
    "</title><script>window.hit=1</script>",
    "<svg onload=window.hit=1>",
    "[x](javascript:window.hit=1)",
    "{{ 7 * 191 }}",
    "</div></td><iframe srcdoc='<script>window.hit=1</script>'>",
    "`` ``` </code> --- # <h1 onclick=window.hit=1>",
]
EXTENSIONS = ["attr_list", "tables", "toc", "pymdownx.highlight", "pymdownx.superfences"]
FENCED = re.compile(r"^(`{3,})\w*\n.*?\n\1$", re.DOTALL | re.MULTILINE)


class Markup(HTMLParser):
    """Collects the elements, event handlers and links of a page."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.handlers, self.links, self.headings = set(), [], [], 0
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        """Note an element."""
        self.tags.add(tag)
        self.headings += tag in ("h1", "h2", "h3")
        self.handlers += [name for name, _ in attrs if name.startswith("on") or name in ("style", "srcdoc")]
        self.links += [value for name, value in attrs if name in ("href", "src", "xlink:href")]


def pages_of(site, *, comment=""):
    """Return every page of a site by path; a comment is added to each script after it was judged."""
    project = site.project
    scripts = {
        name: replace(script, source=script.source + comment) for name, script in site.base.scripts.items()
    }
    commented = replace(project, base=replace(site.base, scripts=scripts))
    return {page.path: page for page in render(replace(site, project=commented))}


@pytest.fixture(scope="module")
def plain_site(tmp_path_factory):
    """Return a project with one claim in each state, read."""
    root = write_states_project(tmp_path_factory.mktemp("states"))
    return Site(read(Folder(root)), root)


@pytest.fixture(scope="module")
def base(plain_site):
    """Return the records of that project."""
    return plain_site.base


@pytest.fixture
def site(plain_site):
    """Return the same with what became of a claim."""
    began = Event("a" * 40, "2026-05-01T00:00:00Z", "record", "record added", "not run", 0, is_turn=True)
    measured = began._replace(commit="b" * 40, kind="evidence", state="reproduced", seeds=10)
    return replace(plain_site, histories={"toy-claim": (began, measured)})


@pytest.fixture(scope="module")
def pages(plain_site):
    """Return every page of that project by path."""
    assert plain_site.project.problems == ()
    return pages_of(plain_site)


@pytest.mark.parametrize("section", [section.__name__ for section in SECTIONS])
def test_each_section_is_as_reviewed_in_every_state(site, golden, section):
    """A file of tests/golden/pages holds one section of the pages of all claims, one tag per line."""
    near = Neighbourhoods(site.base, site.judgements)
    shown = {claim_id: parts(Subject(site, claim_id, near)) for claim_id in CLAIMS}
    texts = [f"=== {claim_id}\n{found[section]}\n" for claim_id, found in shown.items() if section in found]
    golden(f"pages/{section}.html", "\n".join(texts).replace("><", ">\n<"))


def test_metadata_of_each_page_is_as_reviewed(pages, golden):
    """Title, description and what programs read, of the page of a claim in each state."""
    texts = (f"=== {i}\n{pages[f'claims/{i}.md']._replace(content='').as_markdown()}" for i in CLAIMS)
    golden("pages/metadata.txt", "".join(texts))


def test_a_section_is_one_function_and_one_template_part(site, monkeypatch):
    """A toy section joins the page by its place in the list; where it returns nothing the page has none."""
    part = site.root / "site/templates/claim/toy.md.jinja"
    part.write_text("## Toy {: #toy }\n\n{% filter line %}\n<p>{{ words }}</p>\n{% endfilter %}\n", "utf-8")

    def toy(subject):
        return {"words": "<b> & more"} if subject.claim_id == "toy-claim" else None

    monkeypatch.setattr(sections, "SECTIONS", (*SECTIONS[:2], toy, *SECTIONS[2:]))
    found = {page.path: page.content for page in claim_pages.pages(site)}
    assert "## Toy {: #toy }\n\n<p>&lt;b&gt; &amp; more</p>\n\n\n## Predicted" in found["claims/toy-claim.md"]
    assert "## Toy" not in found["claims/toy-split.md"]


def test_evidence_that_goes_on_is_shown_where_it_lies(plain_site):
    """A linked version names itself, and the folder of the version that was measured."""
    measured = plain_site.base.scripts["coin"].version()
    scripts = {**plain_site.base.scripts}
    scripts["coin"] = replace(scripts["coin"], code={"coin": "1" * 64})
    today = scripts["coin"].version()
    project = replace(
        plain_site.project,
        base=replace(plain_site.base, scripts=scripts),
        ledger=plain_site.ledger.going_on(today, measured),
    )
    site = replace(plain_site, project=project)
    shown = parts(Subject(site, "toy-claim", Neighbourhoods(site.base, site.judgements)))["evidence"]
    assert f"repro/evidence/coin/{measured[:12]}/" in shown
    assert f'Test version <code class="hash">{today[:12]}</code>' in shown
    assert "goes on to count" in shown
    assert site.judgements["toy-claim"].state == "reproduced"


def test_earlier_tests_and_replications_stand_on_the_page(plain_site):
    """The head speaks of one that came out otherwise; the evidence lists all, and what changed."""
    script, protocol = plain_site.base.scripts["coin"], plain_site.base.claims["toy-claim"].protocol
    version, digests = script.version(), {"toy-claim": protocol.digest}
    other = "e" * 64
    pieces = [
        evidence_of(script, of, arm, block, tuple(centre + i / 100 for i in range(5)), **words)
        for block in range(2)
        for arm, centre in (("fair", 0.5), ("loaded", 0.5))
        for of, words in (
            (other, {"predictions": digests}),
            (version, {"predictions": digests, "replication": 3}),
        )
    ]
    filed = (*plain_site.ledger.pieces, *(as_file(piece)[0] for piece in pieces))
    site = replace(plain_site, project=replace(plain_site.project, ledger=Ledger(filed)))
    shown = parts(Subject(site, "toy-claim", Neighbourhoods(site.base, site.judgements)))
    assert "Second test of this claim; before: contradicted" in shown["head"]
    assert f"Version {other[:12]}, measured 2026-01-01, 10 seeds; changed since:" in shown["evidence"]
    assert "Replication 3: contradicted after 10 seeds, does not agree." in shown["evidence"]
    assert "97.5 % interval" in shown["every_seed"]


def test_every_record_and_script_has_a_page(base, pages):
    """So has every overview."""
    expected = {f"claims/{i}.md" for i in base.claims} | {f"sources/{i}.md" for i in base.sources}
    expected |= {f"experiments/{name}.md" for name in base.scripts} | {"people/jane-doe.md"}
    expected |= {f"debates/{i}.md" for i in base.debates} | {f"topics/{t}.md" for t in base.topics.values()}
    kinds = ("claims", "debates", "sources", "experiments", "people", "graph")
    kinds = (*kinds, "topics", "kinds", "verdicts", "standings")
    expected |= {f"{kind}/index.md" for kind in kinds} | {"graph/explore.md", "kinds/empirical.md"}
    whole = ("index", "coverage", "open", "stats", "changes", "data", "cite")
    expected |= {f"{name}.md" for name in whole}
    facets = {path for path in pages if path.startswith(("verdicts/", "standings/"))}
    expected |= {"about.md", "answer.md", "surprises.md"}
    assert expected | facets == set(pages)


def test_a_debate_shows_its_sides_with_states_and_standings(pages):
    """Each claim stands on its side with what the evidence and the graph make of it."""
    text = re.sub(r"<[^>]+>|\s+", " ", pages["debates/toy-debate.md"].content)
    text = re.sub(r"\s+", " ", text)
    assert re.search("It shows For .* Reproduced .* Mixed .* Split .* It does not Against .* Contra", text)
    assert re.search("Who says so .* It shows Reproduced .* It does not Contradicted", text)
    assert "Asserted by Jane Doe in On coins that are not fair" in text
    assert "Heads differ by a tenth the load shows" in text


def test_coverage_links_paragraphs_to_the_source_and_to_claims(pages):
    """A number opens the source at its paragraph; a paragraph without claims says why."""
    content = pages["coverage.md"].content
    assert (
        'href="https://example.org/coins#:~:text=a%20loaded%20coin,more%20often" rel="noopener">1</a>'
        in content
    )
    assert '<a href="../claims/toy-claim/">' in content
    assert "An acknowledgement" in content


def test_a_source_shows_its_slips(pages):
    """What it says, what is right, and where."""
    content = pages["sources/toy-source.md"].content
    assert "<em>all</em> coins" in content
    assert "Only some are." in content


def test_old_addresses_lead_on(site):
    """A moved claim's page forwards, and a split one's offers the parts."""
    moved, parted = (redirects(site)[f"claims/{i}/index.html"] for i in ("toy-moved", "toy-parted"))
    assert '<meta http-equiv="refresh" content="0; url=../toy-claim/">' in moved
    assert '<link rel="canonical" href="../toy-claim/">' in moved
    assert "refresh" not in parted
    assert re.findall(r'<a href="(.*?)"', parted) == ["../toy-claim/", "../toy-split/"]


def test_everything_of_an_old_id_leads_on(site):
    """Every file of a claim has one under each old id: it answers alike, or names the parts."""
    found = files(site)
    new, moved, parted = (
        {path.replace(name, "ID"): found[path] for path in found if f"/{name}" in path}
        for name in ("toy-claim", "toy-moved", "toy-parted")
    )
    pages = {path for path in moved if path.endswith(".html")}
    rendered = {"claims/ID/index.html", "claims/ID/history/index.html"}
    assert moved.keys() == parted.keys() == new.keys() | rendered
    assert {p: moved[p] for p in moved.keys() - pages - {"claims/ID.yaml"}} == {
        p: new[p] for p in new.keys() - pages - {"claims/ID.yaml"}
    }
    assert moved["claims/ID.yaml"] == "moved_to: toy-claim\n"
    assert all("refresh" in moved[page] for page in pages)
    split = json.loads(parted["api/v1/claims/ID.json"])["split_into"]
    assert [part["id"] for part in split] == ["toy-claim", "toy-split"]
    assert parted["claims/ID.bib"].count("@misc") == 2
    assert json.loads(parted["badge/ID.json"])["message"] == "now 2 claims"
    assert "embed/claims/toy-parted/" in json.loads(parted["oembed/claims/ID.json"])["html"]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_titles_stay_text_on_old_addresses(site, payload):
    """These pages pass no Markdown engine, and escape alike."""
    for html in redirects(spoilt_by(payload, site)).values():
        found = Markup(html)
        ours = {"html", "head", "meta", "title", "link", "noscript", "body", "h1", "p", "ul", "li", "a"}
        assert found.tags - {"script"} <= ours
        assert re.sub(r'<script src="(\.\./)+assets/moved\.js">', "", html).count("<script") == 0
        assert found.handlers == []


def test_counts_of_the_start_page_lead_to_their_claims(pages):
    """Each count links to the rows that it counts: filtered with scripts, at the first of them without."""
    table = pages["claims/index.md"].content
    link = r'href="claims/\?group=([\w-]+)#([\w-]+)"><span class="tally__count">(\d+)'
    counts = re.findall(link, pages["index.md"].content)
    assert sum(int(count) for _, _, count in counts) == len(CLAIMS)
    for group, first, count in counts:
        assert table.count(f'data-group="{group}"') == int(count)
        rows = re.search(f'<tbody id="{first}"> ?<tr data-group="([\\w-]+)"', table)
        assert rows[1] == group


def test_page_keeps_the_order_of_its_argument(pages):
    """The answer, its limits and what was measured precede who says it; raw values come last."""
    headings = re.findall(r"^## (.*?) \{", pages["claims/toy-claim.md"].content, re.MULTILINE)
    assert headings == [
        "Limits of this test",
        "Predicted and measured",
        "The statement",
        "Who says it",
        "How close was it?",
        "How it connects",
        "Run it yourself",
        "Every seed",
        "Evidence",
        "Cite, or report a mistake",
    ]


def test_source_is_linked_to_the_passage(pages):
    """The link carries the words at which the passage starts and ends."""
    link = 'href="https://example.org/coins#:~:text=a%20loaded%20coin,more%20often"'
    assert link in pages["claims/toy-claim.md"].content


def test_relations_are_shown_from_both_ends(pages):
    """A claim lists what it rests on; that one lists what rests on it."""
    assert "Relies on" in pages["claims/toy-claim.md"].content
    assert "Relied on by" in pages["claims/toy-contradicted.md"].content


def test_state_is_never_told_by_colour_alone(pages):
    """Every badge holds an icon and a word."""
    badges = re.findall(r'<span class="badge .*?</span>', pages["claims/index.md"].content)
    assert badges
    assert all(re.search(r"<path d=.*?</svg>\w+", badge) for badge in badges)


def test_ids_are_unique_on_every_page(pages):
    """A figure's ids do not meet those of headings."""
    for page in pages.values():
        ids = re.findall(r' id="([^"]+)"', page.content) + re.findall(r"\{: #([\w-]+)", page.content)
        assert len(ids) == len(set(ids)), page.path


def test_html_of_a_page_stands_on_one_line_a_block(pages):
    """Outside code, a line is a heading, a paragraph of ours, or one whole block."""
    for page in pages.values():
        prose = FENCED.sub("", page.content)
        for line in filter(None, prose.splitlines()):
            assert line.startswith(("## ", "<", "One command")), (page.path, line[:60])
            for tag in ("div", "table", "ul", "p", "svg"):
                assert len(re.findall(rf"<{tag}\b", line)) == line.count(f"</{tag}>")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_text_of_a_record_stays_text(plain_site, payload):
    """Markup in any text field reaches no page as markup, also after the Markdown engine."""
    for page in pages_of(spoilt_by(payload, plain_site), comment=f"{payload}\n```\n{payload}\n").values():
        found = Markup(markdown.markdown(page.content, extensions=EXTENSIONS))
        assert not found.tags & {"script", "img", "iframe", "style", "base", "form"}
        assert found.handlers == []
        assert [link for link in found.links if ":" in link and not link.startswith("http")] == []
        own = len(re.findall('^## |<h[23] id="', FENCED.sub("", page.content), re.MULTILINE))
        assert found.headings == 1 + own
        assert "<" not in page.meta["title"] + page.meta["description"]
        assert "1337" not in page.content


def spoilt_by(payload, site):
    """Return a site in which every text that people write is the payload."""
    return replace(site, project=replace(site.project, base=poisoned(site.base, payload)))


def poisoned(base, payload):
    """Return a base in which every text that people write is the payload."""
    claims = {claim_id: spoil(claim, payload) for claim_id, claim in base.claims.items()}
    sources = {source_id: spoil(source, payload) for source_id, source in base.sources.items()}
    scripts = {
        name: replace(
            script,
            docstring=f"{payload}\n\nMethod: {payload}",
            arms=dict.fromkeys(script.arms, payload),
            outcomes={key: outcome._replace(unit=payload) for key, outcome in script.outcomes.items()},
        )
        for name, script in base.scripts.items()
    }
    debates = {i: spoil(debate, payload, TEXTS | {"name"}) for i, debate in base.debates.items()}
    topics = dict.fromkeys(claims, payload)
    return replace(base, claims=claims, sources=sources, debates=debates, scripts=scripts, topics=topics)


TEXTS = {
    "title", "statement", "scope", "pitfalls", "not_testable", "untested", "note", "by", "section", "page",
    "time", "because", "says", "what", "family", "given", "literal", "container_title", "planned",
    "instead", "none", "question", "if_", "then",
}  # fmt: skip


def spoil(record, payload, texts=frozenset(TEXTS)):
    """Return a record with every text field replaced, at any depth."""
    changes = {}
    for name, value in record:
        if name in texts and isinstance(value, str):
            changes[name] = payload
        elif name == "anchor" and value:
            changes[name] = (payload, payload)
        elif hasattr(value, "model_copy"):
            changes[name] = spoil(value, payload, texts)
        elif isinstance(value, tuple) and value and hasattr(value[0], "model_copy"):
            several = enumerate(value)  # no two items of a list may be equal
            changes[name] = tuple(
                spoil(item, f"{payload} {i}" if i else payload, texts) for i, item in several
            )
    return record.model_copy(update=changes)


def test_markdown_of_a_record_keeps_its_emphasis_and_loses_everything_else():
    """Images, raw HTML, headings and links within the site are text."""
    html = to_html("# *a* ![x](https://e.org/i.png) <b>c</b> [d](../e) [f](https://e.org)")
    assert "<em>a</em>" in html
    assert re.findall(r"<(\w+)", html) == ["p", "em", "a", "a"]
    assert re.findall(r'href="(.*?)"', html) == ["https://e.org/i.png", "https://e.org"]


def test_code_keeps_its_lines_when_html_is_put_on_one():
    """Line ends inside `pre` become character references."""
    assert one_line("<p>a\n\n  b</p>\n<pre>c\n\n    d</pre>") == "<p>a b</p> <pre>c&#10;&#10;    d</pre>"


def test_a_fence_is_longer_than_any_inside():
    """Code cannot end its own block."""
    assert fence("python", "x = '''```'''\n") == "````python\nx = '''```'''\n````"


@pytest.mark.parametrize(
    ("target", "page", "link"),
    [
        ("claims/", "", "claims/"),
        ("claims/a/", "claims/b/", "../a/"),
        ("", "claims/b/", "../../"),
        ("claims/#split", "", "claims/#split"),
        ("claims/a.yaml", "claims/a/", "../a.yaml"),
        ("sources/s/", "sources/s/", "./"),
    ],
)
def test_links_are_relative_to_the_page(target, page, link):
    """The site works under any address, also from a file."""
    assert relative(target, page) == link


def test_addresses_follow_from_paths():
    """A folder's index is the folder."""
    assert [url_of(path) for path in ("index.md", "a/index.md", "a/b.md")] == ["", "a/", "a/b/"]
    assert Page("a/b.md", "", {}).url == "a/b/"


@pytest.mark.parametrize("text", ["Q?\nmore\n\nMethod: a\nb", "Q?\nmore\n\nMethod      a\n            b"])
def test_docstring_becomes_question_and_passages(text):
    """Both ways of labelling a passage are read."""
    assert question(text) == "Q? more"
    assert [tuple(passage) for passage in passages(text)] == [("Method", "a b")]


@pytest.mark.parametrize(
    "path", sorted((ROOT / "repro/experiments").glob("[a-z]*.py")), ids=lambda path: path.stem
)
def test_docstrings_of_our_experiments_are_labelled(path):
    """Each has passages, and all of them have headings."""
    found = passages(ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))))
    assert found
    assert all(passage.heading for passage in found)
