"""Whatever people write in a record stays text: built, opened in Chromium, searched for, and never run.

The policy is switched off where it would hide a hole: escaping alone must hold, the policy is a second wall.
"""

from pathlib import Path
from urllib.parse import unquote

import pytest
from click.testing import CliRunner

from kb.records.claims import Claim
from kb.records.debates import Debate
from kb.records.sources import Source
from repro.cli import cli
from tests.browser.conftest import awake, build_project, kinds, leads_on, made_once, served, watched
from tests.browser.hostile import Hostile, records, text_fields, write_hostile_project
from tests.browser.payloads import PAYLOADS

OPENED_OF_A_KIND = 8

LOOK = Path(__file__).with_name("look.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Return the folder of the built hostile site, whose records the check accepts."""

    def make(folder):
        write_hostile_project(folder)
        result = CliRunner().invoke(cli, ["--root", str(folder), "check"])
        assert result.exit_code == 0, result.output
        build_project(folder)

    return made_once(tmp_path_factory, "hostile", make) / "build" / "site"


@pytest.fixture(scope="module")
def hostile_address(site):
    """Return its address."""
    with served(site) as found:
        yield found


@pytest.fixture
def naked(browser, hostile_address):
    """Return a page of a browser that ignores the policy, and its complaints."""
    context = browser.new_context(bypass_csp=True, viewport={"width": 1280, "height": 844})
    page, complaints = watched(context, hostile_address)
    page.on("dialog", lambda dialog: (complaints.append(f"dialog {dialog.message}"), dialog.dismiss()))
    yield page, complaints
    context.close()


def opened_pages(folder):
    """Return the addresses of all kinds of pages, a few of each, and a claim or two of every group."""
    found = set(kinds(folder))
    for room in folder.iterdir():
        inner = [path.parent for path in sorted(room.rglob("index.html")) if not leads_on(path)]
        step = 3 if room.name == "claims" else max(1, len(inner) // OPENED_OF_A_KIND)
        found.update(f"{path.relative_to(folder).as_posix()}/" for path in inner[::step])
    return sorted(found)


def test_every_text_of_every_record_holds_every_attempt():
    """Also a field that did not exist when this was written: the models say where text may stand."""
    assert len(PAYLOADS) >= 100
    hostile = Hostile()
    assert len(list(records(hostile))) > len(PAYLOADS)
    for model in (Claim, Source, Debate):
        for field in text_fields(model, (model.__name__,)):
            refused = hostile.refused[field]
            assert hostile.placed[field] | refused == set(PAYLOADS), field
            assert refused <= {"ja\u0432ascript:hit=1//pwn"}, field  # no name mixes scripts


@pytest.mark.browser
def test_no_page_holds_anything_but_text(naked, site, hostile_address):
    """Every page of the site, parsed by Chromium: no element, handler or address that could act."""
    page, _ = naked
    page.goto(hostile_address)
    for path in sorted(site.rglob("*.html")):
        html = path.read_text(encoding="utf-8")
        if not leads_on(path):
            assert page.evaluate(LOOK, html) == [], path


@pytest.mark.browser
def test_nothing_runs_even_without_the_policy(naked, site, hostile_address):
    """No flag is set, no dialog opens, no reader is led away, nothing comes from elsewhere."""
    page, complaints = naked
    for path in opened_pages(site):
        page.goto(hostile_address + path)
        assert page.evaluate("typeof hit") == "undefined", path
        assert unquote(page.url) == hostile_address + path
        assert page.evaluate(LOOK, None) == [], path
        assert complaints == [], path


@pytest.mark.browser
def test_results_of_a_search_are_text(naked, hostile_address):
    """The theme writes titles into its list as HTML, so the index must hold them escaped."""
    page, complaints = naked
    page.goto(hostile_address)
    page.locator(".md-search__input").click()
    page.get_by_text("Type to start searching").wait_for()
    for word in ("pwn", "script", "onerror"):
        page.locator(".md-search__input").fill("")
        page.locator(".md-search__input").press_sequentially(word)
        page.locator(".md-search-result__item a").first.wait_for(timeout=15000)
        for more in page.locator(".md-search-result__more summary").all()[:5]:
            more.click()
        assert page.evaluate(LOOK, None) == []
    assert page.evaluate("typeof hit") == "undefined"
    assert complaints == []


@pytest.mark.browser
def test_the_explorer_shows_text(naked, hostile_address):
    """It makes elements of titles that come as JSON."""
    page, complaints = naked
    page.goto(f"{hostile_address}graph/explore/?focus=toy-claim&depth=9")
    page.locator(".explore__list li").first.wait_for()
    assert page.locator(".explore__list li").count() > len(PAYLOADS) / 2
    assert page.evaluate(LOOK, None) == []
    assert page.evaluate("typeof hit") == "undefined"
    assert complaints == []


@pytest.mark.browser
def test_the_policy_has_nothing_to_report(browser, site, hostile_address):
    """With it switched on, no page of any kind breaks it."""
    context = browser.new_context()
    page, complaints = watched(context, hostile_address)
    for path in kinds(site):
        page.goto(hostile_address + path)
        if not path.startswith("embed/"):
            awake(page)
    context.close()
    assert complaints == []


@pytest.mark.browser
def test_an_attempt_that_succeeds_would_be_seen(naked, hostile_address):
    """The tests above can fail: the same check finds the same attempts if they are not escaped."""
    page, _ = naked
    page.goto(hostile_address)
    assert page.evaluate(LOOK, "<p>3 < 4 &lt;b&gt;</p>") == []
    seen = [payload for payload in PAYLOADS if page.evaluate(LOOK, f"<p>{payload}</p>")]
    assert len(seen) > len(PAYLOADS) / 2
