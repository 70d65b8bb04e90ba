"""Our own site keeps its budgets: weight, links, validity, and every claim within three clicks."""

import gzip
import json
import subprocess
from collections import deque
from urllib.parse import unquote, urljoin, urlsplit

import lxml.html
import pytest

from kb.reading.load import load_base
from kb.reading.tree import Folder
from kb.site.search import MOST_BYTES
from tests.browser.conftest import awake, kinds, node_tool, watched
from tests.states_project import ROOT

CLAIM_BYTES, CLAIM_COMPRESSED = 75_000, 15_000
SETTING_BYTES, SETTING_COMPRESSED = 18_000, 2_500
"""What the page of a claim may weigh with one setting, and how much more for each further one."""
PAGE_COMPRESSED, EXPLORER_COMPRESSED, OUR_SCRIPTS = 105_000, 160_000, 6_000
CLICKS = 3
OF_THE_THEME = "Attribute “autocomplete” is only allowed when the input type is"
"""What the checker says of the theme itself."""


def compressed(path):
    """Return how many bytes of a file are transferred."""
    return len(gzip.compress(path.read_bytes(), 9))


@pytest.fixture(scope="module")
def linked(real_site):
    """Return the parsed tree of every page of our site, by address."""
    return {
        path.relative_to(real_site).as_posix().removesuffix("index.html"): lxml.html.parse(path).getroot()
        for path in sorted(real_site.rglob("*.html"))
    }


def targets(page, address):
    """Yield where the links of a page lead within the site, as address and fragment."""
    for link in page.xpath("//@href | //@src | //@*[name() = 'xlink:href']"):
        where = urlsplit(urljoin(f"http://site/{address}", link))
        if where.netloc == "site":
            yield unquote(where.path).lstrip("/").removesuffix("index.html"), unquote(where.fragment)


def test_no_link_and_no_fragment_is_dead(real_site, linked):
    """Also those of figures, scripts and styles; a text fragment is the browser's own."""
    ids = {address: {*page.xpath("//@id"), *page.xpath("//a/@name")} for address, page in linked.items()}
    dead = [
        (address, target, fragment)
        for address, page in linked.items()
        if address != "404.html"
        for target, fragment in targets(page, address)
        if (target not in linked and not (real_site / target).is_file())
        or (fragment and not fragment.startswith(":~:") and target in ids and fragment not in ids[target])
    ]
    assert dead == []


def test_the_start_page_answers_its_question(real_site):
    """Our own records have an answer, and results that came out otherwise, with figures."""
    start = (real_site / "index.html").read_text(encoding="utf-8")
    assert "The whole answer" in start
    assert "What came out otherwise" in start
    assert "shares-figure" in start
    assert "curve-figure" in start


def test_every_claim_is_three_clicks_away(linked):
    """By plain links from the start page, without scripts."""
    clicks, waiting = {"": 0}, deque([""])
    while waiting:
        here = waiting.popleft()
        for target, _ in targets(linked[here], here):
            if target in linked and target not in clicks:
                clicks[target] = clicks[here] + 1
                waiting.append(target)
    claims = [f"claims/{claim_id}/" for claim_id in load_base(Folder(ROOT)).claims]
    assert [address for address in claims if clicks.get(address, CLICKS + 1) > CLICKS] == []


def test_claim_pages_are_light(real_site):
    """As HTML, and as it travels; each setting that was measured has its own table and figure."""
    heavy = {}
    for path in real_site.glob("claims/*/index.html"):
        further = max(0, path.read_text(encoding="utf-8").count('<svg class="seeds-figure"') - 1)
        weight, travels = path.stat().st_size, compressed(path)
        if (
            weight > CLAIM_BYTES + further * SETTING_BYTES
            or travels > CLAIM_COMPRESSED + further * SETTING_COMPRESSED
        ):
            heavy[path.parent.name] = (weight, travels, further)
    assert heavy == {}


def test_our_scripts_and_the_search_index_are_small(real_site):
    """Scripts are those of the folder of assets; the theme's stand in folders of their own."""
    assert sum(compressed(path) for path in real_site.glob("assets/*.js")) <= OUR_SCRIPTS
    assert compressed(real_site / "search/search_index.json") <= MOST_BYTES


@pytest.mark.browser
def test_pages_weigh_little_and_are_quiet(browser, real_site, real_address):
    """Every kind of page on a first visit: all that travels but the search index, and no complaint."""
    weights, complaints = {}, []
    for path in kinds(real_site):
        context = browser.new_context(viewport={"width": 1280, "height": 844})
        page, said = watched(context, real_address)
        travelled = []
        page.on("response", lambda response, seen=travelled: seen.append(response))
        page.goto(real_address + path)
        if not path.startswith("embed/"):
            awake(page)
        page.wait_for_load_state("networkidle")
        weights[path] = sum(
            int(response.headers.get("content-length", 0))
            for response in travelled
            if not response.url.endswith("search_index.json")
        )
        complaints += said
        context.close()
    explorer = weights.pop("graph/explore/")
    assert complaints == []
    assert {path: weight for path, weight in weights.items() if weight > PAGE_COMPRESSED} == {}
    assert explorer <= EXPLORER_COMPRESSED


def test_pages_are_valid(real_site):
    """The heaviest page of every kind, and the page for missing addresses."""
    pages = [str(real_site / path / "index.html") for path in kinds(real_site)]
    command = ["java", "-Xss4m", "-jar", str(node_tool("vnu-jar/build/dist/vnu.jar")), "--format", "json"]
    run = subprocess.run([*command, "--errors-only", *pages], capture_output=True, text=True, check=False)
    errors = {message["message"] for message in json.loads(run.stderr)["messages"]}
    assert sorted(error for error in errors if not error.startswith(OF_THE_THEME)) == []
