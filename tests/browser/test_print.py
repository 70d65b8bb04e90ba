"""A page on paper: no frame, nothing folded, black on white whatever the screen shows."""

import re

import pytest

pytestmark = pytest.mark.browser

SHEETS = 4
FRAME = (".md-header", ".md-tabs", ".md-sidebar", ".md-footer", ".headerlink")


@pytest.fixture(params=["light", "dark"])
def printed(opened, request):
    """Return a claim's page as it goes to the printer, from a light and from a dark screen."""
    page, _ = opened("claims/toy-claim/", scheme=request.param)
    page.emulate_media(media="print", color_scheme=request.param)
    return page


@pytest.mark.parametrize("part", FRAME)
def test_the_frame_stays_on_the_screen(printed, part):
    """Paper has no menus."""
    assert printed.locator(part).count() > 0
    assert printed.locator(f"{part}:visible").count() == 0


def test_what_was_folded_stays_on_the_screen(printed):
    """Raw values are for programs and curious readers, and would fill a dozen sheets."""
    tables = printed.locator("details.raw :is(table, dl)")
    assert tables.count() > 0
    assert not any(tables.nth(k).is_visible() for k in range(tables.count()))


def test_a_claim_fits_on_four_sheets(browser, real_site, real_address):
    """Also the heaviest claims of our own site."""
    heaviest = sorted(real_site.glob("claims/*/index.html"), key=lambda path: -path.stat().st_size)[:3]
    page = browser.new_page()
    for path in heaviest:
        page.goto(f"{real_address}claims/{path.parent.name}/")
        sheets = re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))
        assert 1 <= len(sheets) <= SHEETS, path.parent.name
    page.close()


def test_it_is_black_on_white(printed):
    """Also the figures, whose colours are those of the page."""
    ink, paper = printed.evaluate("""() => {
        const style = (part) => getComputedStyle(document.querySelector(part));
        return [style("svg.seeds-figure .label").fill, style("body").backgroundColor];
    }""")
    assert (ink, paper) == ("rgb(0, 0, 0)", "rgb(255, 255, 255)")


def test_links_to_sources_show_where_they_lead(printed):
    """A reader of paper can type them."""
    shown = printed.evaluate("""() => getComputedStyle(
        document.querySelector(".said a[href^='http']"), "::after").content""")
    assert "https://example.org/coins" in shown


def test_nothing_is_wider_than_the_paper(printed):
    """A4 with margins is about 670 pixels wide."""
    printed.set_viewport_size({"width": 670, "height": 900})
    assert printed.evaluate("document.documentElement.scrollWidth") <= 670
