"""What programs read of the site holds what it promises, by the judgement of programs that are not ours."""

import gzip
import json
import os
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from typing import get_args

import feedparser
import jsonschema
import lxml.etree
import lxml.html
import pytest
from click.testing import CliRunner

from kb.exports import badges, feeds, heads, linked_data
from kb.records.sources import Source
from kb.records.works import WorkType
from kb.site.page import page_from
from kb.site.render import files
from kb.time.history import Event
from kb.words.states import STATES
from repro.cli import cli
from tests.machine_sites import HOME
from tests.states_project import CLAIMS, ROOT
from tests.test_render import PAYLOADS, spoilt_by

NODE = ROOT / "tests" / "node" / "node_modules"
COMPILER = {
    "strict": True,
    "noEmit": True,
    "skipLibCheck": True,
    "types": [],
    "module": "esnext",
    "moduleResolution": "bundler",
    "paths": {"schema-dts": [str(NODE / "schema-dts/dist/schema.d.ts")]},
}
OEMBED = {
    "required": ["version", "type", "html", "width", "height"],
    "properties": {
        "version": {"const": "1.0"},
        "type": {"const": "rich"},
        "html": {"type": "string"},
        "width": {"type": "integer"},
        "height": {"type": "integer"},
        "provider_url": {"type": "string", "format": "uri"},
    },
}
"""What the specification asks of a rich answer."""
SHIELDS = {"required": ["schemaVersion", "label", "message"], "properties": {"schemaVersion": {"const": 1}}}


def build(root, epoch):
    """Build a site at our address, at some time, and return the bytes of every file by its path."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", epoch)
        patch.setenv("ASSAY_SITE_URL", HOME)
        result = CliRunner().invoke(cli, ["--root", str(root), "site", "build", "--quiet"])
    assert (result.exit_code, result.stdout) == (0, "")
    folder = root / "build" / "site"
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@pytest.fixture(scope="module")
def built(project):
    """Return the bytes of every file of the built toy site by its path."""
    return build(project, "1700000000")


def test_no_time_of_building_enters_any_file(built, project):
    """Years later the same records give the same bytes, the compressed site map included."""
    assert build(project, "1900000000") == built


class Head(HTMLParser):
    """Collects links, metadata and data blocks of a page."""

    def __init__(self, html):
        super().__init__()
        self.links, self.data, self.is_data = [], [], False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        """Note a link, or that a data block begins."""
        found = dict(attrs)
        self.is_data = tag == "script" and found.get("type") == "application/ld+json"
        if tag == "link":
            self.links.append(found)

    def handle_endtag(self, tag):
        """Note that a data block ends."""
        del tag
        self.is_data = False

    def handle_data(self, data):
        """Note a data block."""
        if self.is_data:
            self.data.append(data)


def head_of(built, path):
    """Return the head of a built page."""
    return Head(built[path].decode())


def link_to(head, kind):
    """Return the address of the one link of a type."""
    [found] = [link["href"] for link in head.links if link.get("type") == kind]
    return found


def test_every_page_leads_programs_to_feed_and_search(built):
    """By links that are relative, as all links between pages are."""
    head = head_of(built, "claims/toy-claim/index.html")
    assert link_to(head, "application/atom+xml") == "../../changes/feed.xml"
    assert link_to(head, "application/opensearchdescription+xml") == "../../opensearch.xml"
    assert link_to(head, "application/json+oembed") == f"{HOME}oembed/claims/toy-claim.json"


def test_links_between_pages_need_no_address(built):
    """Nothing but the head names where the site is published."""
    for path, content in built.items():
        if path.endswith(".html") and path != "404.html":
            page = lxml.html.fromstring(content)
            assert {node.tag for node, _, link, _ in page.iterlinks() if link.startswith(HOME)} <= {"link"}


def test_the_address_reaches_every_file_for_programs(built):
    """None is left with that of the machine at home."""
    assert [path for path, content in built.items() if b"127.0.0.1:8000" in content] == []


def test_lost_readers_find_the_site_again(built):
    """The page for wrong addresses is served from anywhere, so its links begin at the site's root."""
    page = lxml.html.fromstring(built["404.html"])
    local = [link for _, _, link, _ in page.iterlinks() if not link.startswith(("https:", "#", "data:"))]
    assert local
    assert all(link.startswith("/assay/") for link in local)


MUTATION = "claimReviewed"
EMBEDDED = {"html", "head", "meta", "title", "link", "body", "main", "h1", "a", "p", "svg", "path"}


def test_linked_data_are_schema_orgs(toy, ours, tmp_path):
    """The compiler that knows schema.org takes every document, and refuses one with a misspelt name."""
    if not shutil.which("node") or not (NODE / "schema-dts").is_dir():
        answer = pytest.fail if os.environ.get("CI") else pytest.skip
        answer("node or tests/node/node_modules is missing; run make tests/node/node_modules/.installed")
    good = [json.loads(text) for text in documents(toy) + documents(ours) + documents_of_every_type(toy)]
    wrong = json.loads(json.dumps(good[0]).replace(MUTATION, f"{MUTATION}d"))
    assert good[0]["@type"] == "ClaimReview"
    (tmp_path / "good.ts").write_text(as_typescript(good), encoding="utf-8")
    (tmp_path / "wrong.ts").write_text(as_typescript([wrong]), encoding="utf-8")
    settings = {"compilerOptions": COMPILER, "files": ["good.ts", "wrong.ts"]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    command = ["node", str(NODE / "typescript/bin/tsc"), "-p", str(tmp_path), "--pretty", "false"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False)
    complaints = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert [line for line in complaints if not line.startswith("wrong.ts")] == []
    assert f'"{MUTATION}d"' in " ".join(complaints)


def documents(site):
    """Return the linked data of every page that has some, the claims' first."""
    found = [heads.claim(site, i) for i in site.base.claims]
    found += [heads.source(site, i) for i in site.base.sources]
    found += [heads.experiment(site, name) for name in site.base.scripts]
    return [head["linked_data"] for head in [*found, heads.start(site, "About.")] if "linked_data" in head]


WORK = {
    "title": "A work",
    "author": ({"family": "Maaten", "non-dropping-particle": "van der"}, {"literal": "The Doe Group"}),
    "editor": ({"family": "Roe", "given": "Richard"},),
    "translator": ({"family": "Doe"},),
    "issued": "-0043/0014",
    "publisher": "Doe & Sons",
    "container-title": "A book",
    "DOI": "10.1002/(SICI)1<1::A>3.0.CO;2-2",
    "language": "de",
    "ISBN": "978-0-306-40615-7",
    "ISSN": "2434-561X",
    "verified": "text",
}


def documents_of_every_type(site):
    """Return the linked data of a work of each type of CSL with all that schema.org has words for."""
    base = site.base
    works = {kind: Source.model_validate({**WORK, "type": kind}) for kind in get_args(WorkType)}
    project = replace(site.project, base=replace(base, sources={**base.sources, **works}))
    several = replace(site, project=project)
    return [heads.source(several, kind)["linked_data"] for kind in works]


def as_typescript(nodes):
    """Return a program that is right if the nodes are what their types say."""
    kinds = sorted({node["@type"] for node in nodes})
    head = f"import type {{ WithContext, {', '.join(kinds)} }} from 'schema-dts';\n"
    lines = (
        f"export const n{k}: WithContext<{node['@type']}> = {json.dumps(node)};\n"
        for k, node in enumerate(nodes)
    )
    return head + "".join(lines)


@pytest.mark.parametrize(
    "payload", [*PAYLOADS, "</script><script>window.hit=1</script>", "<!--<script>", "a\u2028b"]
)
def test_no_text_ends_a_data_block(toy, payload):
    """A browser's parser gives back the very text, and sees one element."""
    spoilt = spoilt_by(payload, toy)
    for text in documents(spoilt):
        page = lxml.html.document_fromstring(f'<script type="application/ld+json">{text}</script>')
        [script] = page.iter("script")
        assert json.loads(script.text)["@context"] == "https://schema.org"
        assert not set(text) & set("<>&\u2028\u2029")
    assert payload.split()[0] in json.dumps(json.loads(documents(spoilt)[0]), ensure_ascii=False)


def test_data_blocks_reach_the_built_pages(built):
    """One a page, and the same that was made."""
    for path, kind in {
        "index.html": "WebSite",
        "claims/toy-claim/index.html": "ClaimReview",
        "claims/toy-untested/index.html": "Claim",
        "sources/toy-source/index.html": "ScholarlyArticle",
        "experiments/coin/index.html": "Dataset",
    }.items():
        [data] = head_of(built, path).data
        assert json.loads(data)["@type"] == kind


def test_ratings_say_no_more_than_the_verdict(toy):
    """What is undecided has no number, and what has no verdict no review."""
    rated = {}
    for claim_id in CLAIMS:
        node = linked_data.claim(toy, claim_id)
        rated[claim_id.removeprefix("toy-")] = node.get("reviewRating", {}).get("ratingValue", node["@type"])
    assert rated == {
        "claim": 3, "contradicted": 1, "split": 2, "varies": 2, "inconclusive": "ClaimReview",
        "invalid": "ClaimReview", "stale": "Claim", "not-run": "Claim", "to-be-written": "Claim",
        "untested": "Claim", "not-testable": "Claim",
    }  # fmt: skip


def luminance(colour):
    """Return the relative luminance of a colour such as `#1d2330`, after WCAG 2."""
    digits = colour.removeprefix("#")
    digits = digits if len(digits) == 6 else "".join(2 * digit for digit in digits)
    parts = [int(digits[k : k + 2], 16) / 255 for k in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_badges_are_whole_and_readable(texts):
    """Well-formed, named, without a word wider than its ground, and with contrast enough."""
    badges_there = [path for path in texts if re.fullmatch(r"badge/.*\.svg", path)]
    assert badges_there
    for path in badges_there:
        svg = lxml.etree.fromstring(texts[path].encode())
        title, group = svg
        assert title.text.startswith("Assay: ")
        grounds, words = group[::2], group[1::2]
        assert sum(int(ground.get("width")) for ground in grounds) == int(svg.get("width"))
        for ground, word in zip(grounds, words, strict=True):
            assert int(word.get("textLength")) < int(ground.get("width"))
            lighter, darker = luminance(group.get("fill")), luminance(ground.get("fill"))
            assert (lighter + 0.05) / (darker + 0.05) >= 4.5
        jsonschema.validate(json.loads(texts[path.replace(".svg", ".json")]), SHIELDS)


def test_badges_name_every_state(toy):
    """A word each, never colour alone."""
    said = {
        badges.message(judgement).split(",")[0].removesuffix(" in a small test")
        for judgement in toy.judgements.values()
    }
    assert said == {state.word.lower() for state in STATES.values()}


def test_feeds_are_atom(texts):
    """An outside reader finds nothing wrong, and every entry has an id of its own."""
    paths = [path for path in texts if path.endswith("feed.xml")]
    assert {feeds.PATH, *(p for p in paths if p.startswith("topics/"))} == set(paths)
    for path in paths:
        feed = feedparser.parse(texts[path])
        assert (feed.bozo, feed.version) == (False, "atom10")
        assert feed.feed.links[0].href == HOME + path
        assert len({entry.id for entry in feed.entries}) == len(feed.entries)
        assert [e.updated for e in feed.entries] == sorted((e.updated for e in feed.entries), reverse=True)
        assert all(entry.id.startswith("urn:uuid:") and entry.link.startswith(HOME) for entry in feed.entries)


def test_turns_of_a_claim_enter_the_feed_with_their_commit(toy):
    """What is not committed has no time and is left out; the id follows from claim and commit alone."""
    turn = Event(
        "c0ffee", "2026-02-01T00:00:00Z", "evidence", "evidence added: 1 block", "reproduced", 10, True
    )
    told = replace(toy, histories={"toy-claim": [turn, turn._replace(commit=None, time="")]})
    feed = feedparser.parse(feeds.files(told)[feeds.PATH])
    [entry] = [entry for entry in feed.entries if entry.link == f"{HOME}claims/toy-claim/"]
    assert entry.title.startswith("Reproduced with 10 seeds: ")
    moved = feeds.files(replace(told, address="https://example.com/"))[feeds.PATH]
    assert [e.id for e in feedparser.parse(moved).entries] == [e.id for e in feed.entries]


def test_addresses_in_the_api_exist(built):
    """Every address that begins with ours leads to a file of the site."""
    found = {
        address
        for path, content in built.items()
        if path.startswith(("api/", "oembed/", "changes/", "opensearch", "robots", "sitemap.xml"))
        and not path.endswith(".gz")
        for address in re.findall(rf"{HOME}[^\"<>\\\s?]*", content.decode())
    }
    assert len(found) > 100
    for address in found - {f"{HOME}api/v1/claims/{{id}}.json"}:
        path = address.removeprefix(HOME)
        assert f"{path}index.html" in built or path in built, address


def test_the_site_map_names_every_page_once(built):
    """Pages to embed, old addresses and the page for wrong ones are left out; both forms are the same."""
    namespace = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    tree = lxml.etree.fromstring(built["sitemap.xml"])
    found = [node.text.removeprefix(HOME) for node in tree.findall("s:url/s:loc", namespace)]
    left_out = {"404.html", "claims/toy-moved/index.html", "claims/toy-parted/index.html"}
    pages = {p for p in built if p.endswith(".html") and not p.startswith("embed/")} - left_out
    assert sorted(f"{url}index.html" for url in found) == sorted(pages)
    assert gzip.decompress(built["sitemap.xml.gz"]) == built["sitemap.xml"]
    dates = {node.text for node in tree.findall("s:url/s:lastmod", namespace)}
    assert dates == {"2026-01-01"}


def test_robots_are_led_to_the_site_map(built):
    """Everything is open to them."""
    from urllib.robotparser import RobotFileParser

    robots = RobotFileParser()
    robots.parse(built["robots.txt"].decode().splitlines())
    assert robots.can_fetch("*", f"{HOME}claims/toy-claim/")
    assert robots.site_maps() == [f"{HOME}sitemap.xml"]


def test_browsers_may_search_the_claims(built):
    """The address is that which the table's own filter writes."""
    namespace = {"o": "http://a9.com/-/spec/opensearch/1.1/"}
    tree = lxml.etree.fromstring(built["opensearch.xml"])
    assert len(tree.findtext("o:ShortName", namespaces=namespace)) <= 16
    [template] = tree.xpath("o:Url[@type='text/html']/@template", namespaces=namespace)
    assert template == f"{HOME}claims/?text={{searchTerms}}"
    assert b'name="text"' in built["claims/index.html"]


@pytest.mark.parametrize("claim_id", CLAIMS)
def test_a_claim_can_be_embedded(built, claim_id):
    """The answer is oEmbed's, its frame shows our page, and that page needs no script."""
    answer = json.loads(built[f"oembed/claims/{claim_id}.json"])
    jsonschema.validate(answer, OEMBED)
    frame = lxml.html.fragment_fromstring(answer["html"])
    assert (frame.tag, frame.get("title")) == ("iframe", answer["title"])
    path = frame.get("src").removeprefix(HOME)
    page = lxml.html.document_fromstring(built[f"{path}index.html"])
    assert page.xpath("//script | //style | //@style") == []
    assert page.findtext(".//title").startswith(answer["title"])
    [style] = page.xpath("//link[@rel='stylesheet']/@href")
    assert style == "../../../assets/embed.css"
    assert "default-src 'none'" in page.xpath("//meta[@http-equiv]/@content")[0]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_titles_stay_text_outside_the_theme(toy, payload):
    """In badges, feeds, frames and pages to embed a text of a record is never markup."""
    spoilt = spoilt_by(payload, toy)
    texts = files(spoilt)
    title = texts["badge/toy-claim.svg"]
    assert payload in lxml.etree.fromstring(title.encode())[0].text
    page = lxml.html.document_fromstring(texts["embed/claims/toy-claim/index.html"])
    assert page.findtext(".//h1/a") == payload
    assert {node.tag for node in page.iter()} <= EMBEDDED
    frame = lxml.html.fragment_fromstring(json.loads(texts["oembed/claims/toy-claim.json"])["html"])
    assert frame.get("title") == payload
    assert not feedparser.parse(texts[feeds.PATH]).bozo


def test_rare_characters_pass_the_metadata_of_a_page(toy):
    """YAML would take the two halves of such a character, written as JSON does, for two characters."""
    import yaml

    page = page_from(toy, "x.md", "people", "An 😀 in a title", "😀", people=[], in_search=False)
    front = page.as_markdown().split("---")[1]
    assert yaml.safe_load(front)["title"] == "An 😀 in a title"
