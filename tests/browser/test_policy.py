"""The content-security policy stands on every page, is the pinned one, and takes nothing from the reader."""

import base64
import hashlib
import re

import lxml.html
import pytest

from kb.site import policy
from tests.browser.conftest import awake, served
from tests.states_project import ROOT

HASHES = set(policy.SCRIPTS.values())
DATA = {"application/json", "application/ld+json"}


def pages(folder):
    """Return every page of a site by its path."""
    return {
        path.relative_to(folder).as_posix(): lxml.html.parse(path).getroot()
        for path in folder.rglob("*.html")
    }


@pytest.fixture(scope="module", params=["toy_site", "real_site"])
def site(request):
    """Return the folder of a site: of one with every state, and of our own."""
    return request.getfixturevalue(request.param)


def digest(script):
    """Return the hash of an inline script as a policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def test_the_policy_stands_first_on_every_page(site):
    """Nothing can be loaded before it is known."""
    for path, page in pages(site).items():
        first = page.find("head")[0]
        assert (first.tag, first.get("http-equiv")) == ("meta", "Content-Security-Policy"), path
        assert first.get("content") == policy.POLICY, path


def test_inline_scripts_are_the_pinned_ones(site):
    """No other runs, and none is pinned that is not used."""
    found = {
        digest(script.text)
        for page in pages(site).values()
        for script in page.iter("script")
        if script.get("src") is None and script.get("type") not in DATA and "data-src" not in script.attrib
    }
    assert found == HASHES


def test_hashes_are_those_of_the_files_in_the_repository():
    """A changed script shows as a changed line of the policy in the same review."""
    for name, pinned in policy.SCRIPTS.items():
        partial = ROOT / f"site/overrides/partials/javascripts/{name}.html"
        [script] = re.findall(r"<script[^>]*>(.*)</script>", partial.read_text(encoding="utf-8"))
        assert digest(script) == pinned, name


def test_no_page_needs_what_the_policy_forbids(site):
    """No style attribute, no style element, no handler in an attribute."""
    for path, page in pages(site).items():
        assert page.xpath("//@style | //style") == [], path
        assert page.xpath("//@*[starts-with(name(), 'on')]") == [], path


def test_headers_repeat_the_policy_and_forbid_frames_but_of_embeds():
    """The pages made to be embedded are in a folder of their own."""
    text = policy.headers(["", "claims/x/", "embed/claims/x/", "index.html"])
    everywhere, *others = re.split(r"\n(?=/)", text)
    assert everywhere.startswith("/*\n")
    assert f"Content-Security-Policy: {policy.POLICY}" in everywhere
    assert "X-Content-Type-Options: nosniff" in everywhere
    assert "frame-ancestors" not in everywhere
    assert [rule.split("\n")[0] for rule in others] == ["/", "/claims/*", "/index.html"]
    assert all("frame-ancestors 'none'" in rule for rule in others)


def test_headers_are_part_of_the_site(toy_site):
    """Hosts look for them at the root."""
    assert (toy_site / "_headers").read_text(encoding="utf-8").startswith("/*\n")


@pytest.mark.browser
def test_a_foreign_script_is_stopped(browser, tmp_path):
    """The policy itself works: neither an inline script nor a handler nor a style runs under it."""
    (tmp_path / "index.html").write_text(
        f'<!doctype html><meta http-equiv="Content-Security-Policy" content="{policy.POLICY}">'
        "<title>x</title><script>ran = 1</script><img src=x onerror='ran = 1'><p style='color: red'>x",
        encoding="utf-8",
    )
    (tmp_path / "404.html").write_text("")
    with served(tmp_path) as address:
        page = browser.new_page()
        said = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(address)
        assert page.evaluate("typeof ran") == "undefined"
        assert sum("Content Security Policy" in text for text in said) == 3
        page.close()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_are_there_before_the_theme_wakes(browser, address, scheme):
    """Without the theme's program, which comes last, the page already has the colours that stay: no flash."""
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.route("**/bundle.*.js", lambda route: route.abort())
    page.goto(address)
    early = page.evaluate("document.body.dataset.mdColorScheme")
    page.unroute("**/bundle.*.js")
    page.goto(address)
    awake(page)
    assert early == page.evaluate("document.body.dataset.mdColorScheme")
    assert early == {"light": "default", "dark": "slate"}[scheme]
    context.close()


@pytest.mark.browser
def test_a_choice_of_colours_is_kept(opened, address):
    """The toggle works under the policy, and the next page has the choice from the start."""
    page, complaints = opened("", scheme="dark")
    page.locator("label[for=__palette_1]").click()
    page.locator("body[data-md-color-scheme=default]").wait_for()
    page.goto(f"{address}claims/")
    assert page.evaluate("document.body.dataset.mdColorScheme") == "default"
    assert complaints == []
