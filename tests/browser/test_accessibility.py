"""No page breaks a rule that axe knows, light or dark, wide or narrow."""

import pytest

from tests.browser.conftest import awake, kinds, node_tool

pytestmark = pytest.mark.browser

RULES = """async () => {
    document.querySelectorAll("details").forEach((part) => { part.open = true; });
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)}`));
}"""


def violations(page):
    """Return what axe finds wrong in an open page whose details are all unfolded."""
    page.evaluate(node_tool("axe-core/axe.min.js").read_text(encoding="utf-8"))
    return page.evaluate(RULES)


@pytest.mark.parametrize("width", [390, 1280])
def test_every_kind_of_page_is_accessible(opened, address, toy_site, width):
    """Both colour schemes are checked after one load, as a reader may switch them."""
    page, _ = opened("", width=width)
    found = []
    for path in kinds(toy_site):
        page.goto(address + path)
        if not path.startswith("embed/"):
            awake(page)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found.extend(f"{path} {scheme} {violation}" for violation in violations(page))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_open_search_is_accessible(opened, scheme):
    """The dialog with its results, which no page shows at first."""
    page, _ = opened("", scheme=scheme)
    page.locator(".md-search__input").click()
    page.get_by_text("Type to start searching").wait_for()
    page.locator(".md-search__input").press_sequentially("coin")
    page.locator(".md-search-result__item").first.wait_for()
    assert violations(page) == []


def test_a_violation_would_be_seen(opened):
    """The check itself works."""
    page, _ = opened("")
    page.evaluate("document.body.append(document.createElement('button'))")
    assert any(found.startswith("button-name") for found in violations(page))
