"""A copy of the site that is opened from disk: pages, filters, search and explorer work without a server."""

import pytest

pytestmark = pytest.mark.browser


@pytest.fixture
def opened_from_disk(browser, offline_site):
    """Return a page of Chromium at the start page's file, and what it complains of."""
    page, complaints = browser.new_page(), []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto((offline_site / "index.html").as_uri())
    yield page, complaints
    page.close()


def test_a_claim_is_reached_and_the_table_filters(opened_from_disk, offline_site):
    """By links alone, with the filter's state in the address as on the site."""
    page, complaints = opened_from_disk
    page.locator(".md-tabs a[href*='claims/']").first.click()
    page.locator(".facets [name=text]").fill("stale")
    assert page.locator("table.claims tbody tr:not([hidden])").count() == 1
    assert page.url == (offline_site / "claims/index.html").as_uri() + "?text=stale"
    page.locator("table.claims tbody tr:not([hidden]) a").first.click()
    assert page.url == (offline_site / "claims/toy-stale/index.html").as_uri()
    assert complaints == []


def test_the_search_finds_a_claim(opened_from_disk, offline_site):
    """Its result leads to the claim's file."""
    page, complaints = opened_from_disk
    page.locator(".md-search__input").click()
    page.locator(".md-search__input").press_sequentially("stale")
    page.locator(".md-search-result__item a[href*='toy-stale']").first.click(timeout=15000)
    assert page.url.startswith((offline_site / "claims/toy-stale/index.html").as_uri())
    assert complaints == []


def test_the_explorer_shows_claims(opened_from_disk, offline_site):
    """Its data come as a script, because nothing can be fetched from disk."""
    page, complaints = opened_from_disk
    page.goto((offline_site / "graph/explore/index.html").as_uri())
    link = page.locator(".explore__list a").first
    link.wait_for()
    assert link.get_attribute("href").endswith("/index.html")
    assert complaints == []
