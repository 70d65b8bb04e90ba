"""What people type leads to what they look for: within the first five results of the real site's search."""

import pytest

QUERIES = [
    ("double descent", "claims/double-descent-peak/"),
    ("Rahimi", "people/ali-rahimi/"),
    ("LeCun", "people/yann-lecun/"),
    ("regularization", "debates/regularisation-and-size/"),
    ("reproducibility", "debates/sensitivity/"),
    ("batch norm", "debates/why-batch-norm/"),
    ("Adam", "debates/adaptive-optimisers/"),
    ("lottery tickets", "debates/lottery-tickets/"),
    ("vanishing gradients", "claims/vanishing-gradient-in-rnn/"),
    ("internal covariate shift", "claims/bn-reduces-ics/"),
    ("alchemy", "debates/rigor-or-progress/"),
    ("optimizer", "debates/adaptive-optimisers/"),
    ("winning ticket", "claims/lottery-ticket-exists/"),
    ("neural tangent kernel", "claims/ntk-drift-shrinks-with-width/"),
    ("p-hacking", "claims/seeds-can-be-shopped-for/"),
    ("leaderboard", "claims/leaderboard-boosting-attack/"),
    ("data leakage", "claims/leakage-inflates-results/"),
    ("mode connectivity", "claims/modes-connected-by-curves/"),
    ("edge of stability", "claims/edge-of-stability/"),
    ("LSTM", "claims/lstm-preserves-gradient/"),
    ("random seeds", "claims/seed-variance-misleads/"),
    ("McAllester", "people/david-mcallester/"),
    ("bfloat16", "claims/adam-beta2-rounding-breaks-training/"),
    ("hyperparameter search", "claims/rankings-reverse-with-budget/"),
]


@pytest.fixture(scope="module")
def asked(browser, real_address):
    """Return a function that types a query and returns the addresses of the first five results."""
    page = browser.new_page()

    def ask(query):
        page.goto(real_address)
        page.locator(".md-search__input").click()
        page.get_by_text("Type to start searching").wait_for()
        page.locator(".md-search__input").fill(query)
        page.locator(".md-search__input").press("End")  # the theme waits for a key
        page.locator(".md-search-result__item").first.wait_for(timeout=15000)
        links = page.locator(".md-search-result__item > a").evaluate_all(
            "found => found.map(each => new URL(each.href).pathname.slice(1))"
        )
        return links[:5]

    yield ask
    page.close()


@pytest.mark.parametrize(("query", "expected"), QUERIES)
def test_a_query_finds_what_it_is_about(asked, query, expected):
    """Whoever types a subject, a name or an American spelling sees the debate, claim or person at once."""
    assert expected in asked(query)
