"""The pages as a reader sees them, in Chromium: wide and narrow, light and dark, with and without scripts."""

import json

import pytest

from kb.site.page import Page
from kb.site.search import entries
from tests.browser.conftest import awake, kinds

pytestmark = pytest.mark.browser

DARKEST_OF_LIGHT = 0.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_pages_are_whole_and_quiet(opened, address, toy_site, scheme, width):
    """Nothing overflows sideways, nothing is logged, nothing comes from elsewhere, the heading is seen."""
    page, complaints = opened("", width=width, scheme=scheme)
    for path in kinds(toy_site):
        page.goto(address + path)
        assert page.locator("h1:visible").count() == page.locator("h1").count() == 1, path
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
    assert complaints == []


def lightness(page):
    """Return the mean of the background's colours, from 0 to 1."""
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(int(part) for part in colour.split("(")[1].rstrip(")").split(",")[:3]) / 765


def test_pages_follow_the_system_to_dark(opened):
    """Without any click."""
    assert (
        lightness(opened("", scheme="light")[0]) > DARKEST_OF_LIGHT > lightness(opened("", scheme="dark")[0])
    )


@pytest.mark.parametrize("width", [390, 1280])
def test_claims_are_reached_without_scripts(opened, width):
    """Start, count, table, claim: two clicks."""
    page, _ = opened("", width=width, scripts=False)
    page.locator("a.tally__link").first.click()
    page.locator(".claims a").first.click()
    assert (
        page.locator("h1").inner_text()
        == "In the test toy-claim, a loaded coin shows heads more often than a fair one"
    )
    assert page.locator("svg.seeds-figure").first.is_visible()


def test_figure_tells_its_result_to_a_screen_reader(opened):
    """Its accessible name and description are the title and the words inside."""
    page, _ = opened("claims/toy-claim/")
    figure = page.get_by_role("img", name="What each seed gave")
    assert figure.count() == 1
    assert "held" in figure.locator("desc").text_content()


def test_nothing_of_the_figure_is_drawn_outside_it(opened):
    """Also letters, whose width only a browser knows."""
    page, _ = opened("claims/toy-split/", width=390)
    outside = page.evaluate("""() => {
        return Array.from(document.querySelectorAll("svg.seeds-figure")).flatMap(figure => {
            const frame = figure.getBoundingClientRect();
            return Array.from(figure.querySelectorAll("text, path, rect"))
                .map(part => part.getBoundingClientRect())
                .filter(box => box.left < frame.left - 1 || box.right > frame.right + 1
                    || box.top < frame.top - 1 || box.bottom > frame.bottom + 1);
        }).length;
    }""")
    assert outside == 0


def test_command_can_be_copied(opened):
    """The theme's button stands beside it."""
    page, _ = opened("claims/toy-claim/")
    awake(page).locator(".md-code__button, .md-clipboard").first.wait_for(state="attached")


def test_an_old_address_leads_to_the_same_part_of_the_new_page(opened, address):
    """A link into a page that has moved keeps its fragment; without scripts it leads to the page."""
    page, complaints = opened("claims/toy-moved/#predictions")
    page.wait_for_url(address + "claims/toy-claim/#predictions")
    assert complaints == []
    without, _ = opened("claims/toy-moved/#predictions", scripts=False)
    without.wait_for_url(address + "claims/toy-claim/**")


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("炼金术", "深度学习是炼金术吗"),
        ("アルケミー", "機械学習はアルケミーである"),
        ("conditioning", "The cause (conditioning), so they say"),
    ],
)
def test_words_are_found_wherever_they_stand(opened, toy_site, typed, title):
    """Inside a text that is written without spaces, and after a bracket."""
    index = json.loads((toy_site / "search/search_index.json").read_text(encoding="utf-8"))
    index["docs"] += entries([Page("claims/found.md", "", {}, title, "so it is")])
    page, complaints = opened("")
    page.context.route("**/search_index.json", lambda route: route.fulfill(json=index))
    page.locator(".md-search__input").click()
    page.get_by_text("Type to start searching").wait_for()
    page.locator(".md-search__input").fill(typed)
    page.locator(".md-search__input").press("End")  # the theme waits for a key
    page.locator(".md-search-result__item a[href*='claims/found']").first.wait_for(timeout=15000)
    assert complaints == []


def test_every_claim_is_found_by_its_title(opened):
    """The search field finds a claim."""
    page, complaints = opened("")
    page.locator(".md-search__input").click()
    page.locator(".md-search__input").press_sequentially("stale")
    page.locator(".md-search-result__item a[href*='toy-stale']").first.wait_for(timeout=15000)
    assert complaints == []


def shown(page):
    """Return how many claims the table shows."""
    return page.locator("table.claims tbody tr:visible").count()


def test_the_table_is_filtered_and_the_address_says_how(opened):
    """A choice changes the address, and the address makes the choice again."""
    page, complaints = opened("claims/")
    everything = shown(page)
    page.locator(".facets [name=verdict]").select_option("split")
    assert (shown(page), page.url.split("?")[1]) == (1, "verdict=split")
    page.locator(".facets [name=text]").fill("nothing of the kind")
    assert shown(page) == 0
    again, _ = opened("claims/?verdict=split")
    assert shown(again) == 1
    again.locator(".facets button").click()
    assert shown(again) == everything
    assert complaints == []


def test_a_count_leads_to_as_many_claims(opened):
    """With scripts the table shows exactly what was counted."""
    page, _ = opened("")
    count = int(page.locator(".tally__wait .tally__count").inner_text())
    page.locator(".tally__wait a").click()
    assert shown(page) == count


def test_the_explorer_is_walked_by_keys(opened):
    """An arrow goes along a relation, F moves the middle, the address follows, and Back goes back."""
    page, complaints = opened("graph/explore/?focus=toy-claim&depth=1")
    focused = "document.activeElement.dataset.id"
    page.locator(".explore .node--focus").focus()
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(focused) == "toy-contradicted"
    page.keyboard.press("f")
    assert "focus=toy-contradicted" in page.url
    assert page.locator(".explore__list h2").inner_text().startswith("In the test toy-contradicted")
    page.go_back()
    assert page.locator(".explore__list h2").inner_text().startswith("In the test toy-claim")
    page.locator(".explore .node--focus").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/claims/toy-claim/")
    assert complaints == []


def test_the_explorer_keeps_to_direction_and_state(opened):
    """Nothing lies in the other direction, and a state that no claim has leaves only the claim itself."""
    for query, count in (("dir=out", 1), ("status=contradicted", 2), ("status=split", 1)):
        page, _ = opened(f"graph/explore/?focus=toy-claim&{query}")
        page.locator(".explore .node--focus").wait_for()
        assert page.locator(".explore .node").count() == count, query


def test_the_explorer_says_where_to_go_without_scripts(opened):
    """The page leads to the same in words."""
    page, _ = opened("graph/explore/", scripts=False)
    assert page.locator(".explore__without").is_visible()
    assert page.locator(".facets, .explore__keys").locator("visible=true").count() == 0


@pytest.mark.parametrize("width", [390, 1280])
def test_the_start_page_answers_and_counts_at_once(opened, width):
    """All of it begins within one screen."""
    page, _ = opened("", width=width)
    for part in (".lead__question", ".tally"):
        assert page.locator(part).first.bounding_box()["y"] < 800
