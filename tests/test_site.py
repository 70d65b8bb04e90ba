"""The built site is clean, whole and the same every time."""

import os
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from click.testing import CliRunner

from repro.cli import cli
from tests.states_project import ROOT, write_states_project

EPOCH = "1700000000"


@pytest.fixture(autouse=True)
def reproducible(monkeypatch):
    """Fix the date that enters the sitemap."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", EPOCH)


def build(root, *options):
    """Run `repro site build` in this process."""
    return CliRunner().invoke(cli, ["--root", str(root), "site", "build", *options])


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Return a project with one claim in each state."""
    return write_states_project(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def site(project):
    """Return the folder of its built site."""
    os.environ["SOURCE_DATE_EPOCH"] = EPOCH
    result = build(project)
    folder = project.resolve() / "build" / "site"
    advice = "or build a copy to open from disk with `repro site build --offline`."
    assert result.stdout == f"The site is in {folder}; look at it with `repro site serve`, {advice}\n"
    assert result.exit_code == 0
    return folder


@pytest.fixture(scope="module")
def copy(project):
    """Return the folder of its copy to open from disk."""
    os.environ["SOURCE_DATE_EPOCH"] = EPOCH
    result = build(project, "--offline")
    folder = project.resolve() / "build" / "offline"
    assert (result.exit_code, result.stdout) == (0, f"The site is in {folder}; open index.html there.\n")
    return folder


class Links(HTMLParser):
    """Collects what a page points to and what can be pointed to in it."""

    def __init__(self, path):
        super().__init__()
        self.targets, self.ids = [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        """Note ids and addresses of one element."""
        del tag
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            elif name in ("href", "src", "xlink:href"):
                self.targets.append(value)


def dead_links(folder):
    """Return every link within a built site that leads nowhere, as (page, link)."""
    pages = {path.relative_to(folder).as_posix(): Links(path) for path in folder.rglob("*.html")}
    dead = []
    for page, links in pages.items():
        for link in links.targets:
            where = urlsplit(urljoin(f"http://site/{page}", link))
            path = unquote(where.path).lstrip("/")
            path = f"{path}index.html" if path.endswith("/") or not path else path
            if where.netloc != "site" or page == "404.html" or not where.scheme.startswith("http"):
                continue
            target = pages.get(path)
            is_there = target is not None or (folder / path).is_file()
            if not is_there or (where.fragment and target and where.fragment not in target.ids):
                dead.append((page, link))
    return dead


def contents(folder):
    """Return the bytes of every file by its path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_no_link_and_no_fragment_is_dead(site):
    """Checked on the built pages, since MkDocs does not look into HTML."""
    assert dead_links(site) == []


def test_a_copy_leads_to_files_alone(copy, site):
    """From disk a folder shows what is in it, so links name pages; what is there is what the site has."""
    assert dead_links(copy) == []
    to_folders = {
        (page.name, link)
        for page in copy.rglob("*.html")
        for link in Links(page).targets
        if not urlsplit(link).scheme and urlsplit(link).path.endswith(("/", ".."))
    }
    assert to_folders == set()
    scripts = {"search/search_index.js", "graph/claims.js"}
    assert contents(copy).keys() == contents(site).keys() | scripts


def test_dead_links_would_be_found(tmp_path):
    """The check itself sees a missing page and a missing fragment."""
    (tmp_path / "index.html").write_text(
        '<p id="a"><a href="#a"><a href="#b"><a href="c/"><a href="https://e.org/x">'
    )
    assert dead_links(tmp_path) == [("index.html", "#b"), ("index.html", "c/")]


def test_ids_are_unique_on_every_built_page(site):
    """The theme's ids and ours do not meet."""
    for path in site.rglob("*.html"):
        ids = Links(path).ids
        assert len(ids) == len(set(ids)), path


def test_rebuild_gives_the_same_bytes(site, project):
    """Every file, the compressed sitemap included; a quiet build says nothing."""
    before = contents(site)
    assert build(project, "--quiet").stdout == ""
    assert contents(site) == before


def test_no_page_loads_anything_from_elsewhere(site):
    """Scripts, styles, fonts and images all come from the site itself."""
    for path in site.rglob("*.html"):
        html = path.read_text(encoding="utf-8")
        assert "fonts.googleapis" not in html
        assert [src for src in Links(path).targets if src.startswith("//")] == []
        assert 'src="http' not in html


def test_every_page_asks_for_one_style_sheet(site):
    """Each further one costs a slow connection a round trip; the theme's two and their maps are gone."""
    for path in site.rglob("*.html"):
        assert path.read_text(encoding="utf-8").count('rel="stylesheet"') <= 1, path
    assert [path.name for path in site.glob("assets/stylesheets/*")] == ["all.css"]
    ours = (ROOT / "site/docs/assets/assay.css").read_text(encoding="utf-8")
    assert (site / "assets/stylesheets/all.css").read_text(encoding="utf-8").endswith(ours)


def test_every_page_says_what_a_post_elsewhere_shows_of_it(site):
    """Title and description, as Open Graph names them; the start page is named by its question."""
    for page in site.rglob("index.html"):
        text = page.read_text(encoding="utf-8")
        if 'http-equiv="refresh"' not in text and "embed/" not in str(page) and "<nav" in text:
            assert '<meta property="og:title" content="' in text, page
            assert '<meta property="og:description" content="' in text, page
    start = (site / "index.html").read_text(encoding="utf-8")
    assert '<meta property="og:title" content="Is deep learning alchemy?">' in start
    assert "<title>Is deep learning alchemy? - Assay</title>" in start


def test_every_page_has_a_picture_for_posts_elsewhere(site):
    """By its whole address; the picture of a claim is that of its state."""
    for page in site.rglob("index.html"):
        for found in re.findall(r'property="og:image" content="([^"]*)"', page.read_text(encoding="utf-8")):
            assert (site / found.removeprefix("http://127.0.0.1:8000/")).read_bytes()[:4] == b"\x89PNG"
    claim = (site / "claims/toy-contradicted/index.html").read_text(encoding="utf-8")
    assert "/cards/contradicted.png" in claim
    assert max(path.stat().st_size for path in site.glob("cards/*.png")) <= 30_000


def test_the_first_link_skips_to_the_heading(site):
    """On every page with the theme's frame."""
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        if 'data-md-component="skip"' in text:
            [target] = re.findall(r'<a href="#([^"]*)" class="md-skip">', text)
            assert re.search(rf'<h1[^>]* id="{target}"', text), path


def test_who_asks_for_less_motion_gets_none():
    """Transitions of the theme and of ours end at once."""
    ours = (ROOT / "site/docs/assets/assay.css").read_text(encoding="utf-8")
    assert "@media (prefers-reduced-motion: reduce)" in ours


def test_records_are_published_beside_their_pages(site, project):
    """The page links to the file that it was made of."""
    original = project / "claims/toys/toy-claim.yaml"
    assert (site / "claims/toy-claim.yaml").read_bytes() == original.read_bytes()


def test_claim_pages_stay_light(site):
    """A claim costs a reader at most 60 kB of HTML."""
    assert max(path.stat().st_size for path in site.glob("claims/*/index.html")) <= 60_000


def test_wrong_record_stops_the_build_and_is_named(project, tmp_path):
    """A page must not hide a problem; the exit code is that of a wrong record, and the old site stays."""
    broken = write_states_project(tmp_path / "broken")
    (broken / "build/site").mkdir(parents=True)
    (broken / "build/site/index.html").write_text("the last good site", encoding="utf-8")
    (broken / "claims/toys/toy-untested.yaml").write_text("title: [", encoding="utf-8")
    result = build(broken)
    assert result.exit_code == 2
    assert "claims/toys/toy-untested.yaml:2:1" in result.output
    assert "The site is not built while records have problems." in result.output
    assert (broken / "build/site/index.html").is_file()


def test_without_a_configuration_the_build_says_what_is_missing(tmp_path):
    """The exit code is that of a wrong environment."""
    (tmp_path / "claims").mkdir()
    result = build(tmp_path)
    assert result.exit_code == 4
    assert "mkdocs.yml is missing" in result.output


def test_hand_written_pages_hold_one_sentence_a_line():
    """So that a change of a sentence is a change of a line."""
    for path in sorted((ROOT / "site" / "docs").rglob("*.md")):
        for line in path.read_text(encoding="utf-8").splitlines():
            text = re.sub(r"\b[A-Z]\. ", "", line.replace("e.g. ", "").removeprefix("1. "))  # initials
            assert ". " not in text or line.startswith("|"), (path, line)


def test_layout_keeps_the_sources_out_of_the_output():
    """MkDocs empties its output folder, and `site` is that folder's default name."""
    config = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert "docs_dir: site/docs" in config
    assert "custom_dir: site/overrides" in config
    assert "site_dir: build/site" in config
    assert "/site" not in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert list(Path(ROOT / "site").rglob("*.py")) == []
