"""The explorer with a thousand claims: it draws a few, lists some, and says how many there are."""

import json

import pytest

pytestmark = pytest.mark.browser

CLAIMS = 1000
KINDS = ("supports", "depends_on", "contradicts", "refines", "explains")
MOST_IN_A_COLUMN, MOST_LISTED = 12, 400


@pytest.fixture
def explorer(opened, address):
    """Return a function that opens the explorer on the first of a thousand claims; all bear on it."""

    def open_explorer(query=""):
        page, complaints = opened("")
        page.route(
            "**/graph/claims.json", lambda route: route.fulfill(body=json.dumps(document(address, page)))
        )
        page.goto(f"{address}graph/explore/?focus=claim-0{query}")
        page.locator(".explore .node--focus").wait_for()
        return page, complaints

    return open_explorer


def document(address, page):
    """Return the site's own document with other claims in it: claim k bears on claim k // 3."""
    found = page.request.get(f"{address}graph/claims.json").json()
    states = list(found["states"])
    nodes = [
        [f"claim-{k}", f"Claim number {k}", states[k % len(states)], "open", "toys"] for k in range(CLAIMS)
    ]
    edges = [[k, k // 3, KINDS[k % len(KINDS)]] for k in range(1, CLAIMS)]
    return {**found, "nodes": nodes, "edges": edges}


@pytest.mark.parametrize(
    ("query", "reached"),
    [("&depth=1", 3), ("", 9), ("&depth=9", CLAIMS), ("&depth=9&dir=out", 1), ("&depth=1&type=supports", 1)],
)
def test_what_is_reached_is_counted_and_never_all_drawn(explorer, query, reached):
    """At any depth there are at most twelve claims in a column of the drawing."""
    page, complaints = explorer(query)
    assert page.locator(".explore__said").inner_text().startswith(f"{reached} of {CLAIMS} claims")
    columns = page.evaluate("""() => {
        const count = {};
        for (const box of document.querySelectorAll(".explore .node rect"))
            count[box.getAttribute("x")] = (count[box.getAttribute("x")] ?? 0) + 1;
        return Object.values(count);
    }""")
    assert max(columns) <= MOST_IN_A_COLUMN
    assert page.locator(".explore__list li").count() == min(reached, MOST_LISTED) - 1
    assert complaints == []


def test_a_state_is_kept_to_and_stays_in_the_address(explorer):
    """Of a thousand claims, only those in one state remain, besides the claim in the middle."""
    page, _ = explorer("&depth=9")
    page.locator(".explore [name=status]").select_option("split")
    assert "status=split" in page.url
    assert "depth=9" in page.url
    said = page.locator(".explore__said").inner_text()
    assert 1 < int(said.split()[0]) < CLAIMS / 5


def test_any_claim_is_found_by_its_title(explorer):
    """Also the last of a thousand."""
    page, _ = explorer()
    page.locator(".explore [name=focus]").fill("Claim number 999")
    page.locator(".explore [name=focus]").press("Enter")
    assert "focus=claim-999" in page.url
    assert page.locator(".explore__list h2").inner_text() == "Claim number 999"
