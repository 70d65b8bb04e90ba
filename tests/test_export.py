"""The site as a plain tree: complete, and built alike by other generators than ours."""

import importlib.util
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from kb.exports.claim_document import LOCAL
from kb.site.settings import settings
from repro.cli import cli
from tests.measured import begun
from tests.states_project import write_states_project
from tests.test_site import dead_links

GENERATORS = ("properdocs", "zensical")


def export(root, folder):
    """Run `repro site export` in this process."""
    return CliRunner().invoke(cli, ["--root", str(root), "site", "export", str(folder)])


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Return a project with one claim in each state."""
    return write_states_project(tmp_path_factory.mktemp("export"))


@pytest.fixture(scope="module")
def tree(project, tmp_path_factory):
    """Return the folder of its exported site."""
    folder = tmp_path_factory.mktemp("tree") / "new"
    result = export(project, folder)
    assert result.exit_code == 0, result.output
    return folder


def test_every_page_is_the_index_of_a_folder(tree):
    """Links mean the same whether or not a generator rewrites them."""
    assert (tree / "docs/claims/toy-claim/index.md").is_file()
    assert (tree / "docs/method/index.md").is_file()
    assert [path for path in (tree / "docs").rglob("*.md") if path.name != "index.md"] == []


def test_downloads_and_old_addresses_are_there(tree):
    """The tree holds what the pages link to."""
    for name in ("experiments/coin.csv", "claims/toy-claim.yaml", "claims/toy-moved/index.html"):
        assert (tree / "docs" / name).is_file()


def test_the_tree_has_the_histories_of_claims(tmp_path):
    """As our own site has them, from what git knows."""
    root = begun(write_states_project(tmp_path / "project"))
    assert export(root, tmp_path / "tree").exit_code == 0
    page = tmp_path / "tree/docs/claims/toy-claim/history/index.md"
    assert "evidence added" in page.read_text(encoding="utf-8").lower()


@pytest.mark.parametrize(
    ("set_to", "read_as"),
    [
        (None, LOCAL),
        ("", LOCAL),
        (" ", LOCAL),
        ("https://e.org/project", "https://e.org/project/"),
        ("https://e.org/project/", "https://e.org/project/"),
        ("https://e.org", "https://e.org/"),
    ],
)
def test_the_address_is_read_in_one_way(set_to, read_as):
    """Unset, empty and without its last slash: builds and exports take all of them for the same."""
    found = settings({"site_url": set_to, "extra": {"repository": "https://e.org/code"}})
    assert found == (read_as, "https://e.org/code")


@pytest.mark.parametrize("wrong", ["e.org", "file:///e", "https://", "https://e.org/?a", "https://e.org/#a"])
def test_an_address_that_no_browser_opens_is_refused(project, tmp_path, monkeypatch, wrong):
    """By builds and by exports, with the name of the setting."""
    monkeypatch.setenv("ASSAY_SITE_URL", wrong)
    for command in (["build"], ["export", str(tmp_path / "tree")]):
        result = CliRunner().invoke(cli, ["--root", str(project), "site", *command])
        assert result.exit_code != 0, command
        assert "site_url" in result.output, command


@pytest.mark.parametrize("given", ["", "https://e.org/project"])
def test_builds_and_exports_name_the_same_addresses(project, tmp_path, monkeypatch, given):
    """In the site map and the feed, of a subfolder too; edit links are those of the repository in both."""
    monkeypatch.setenv("ASSAY_SITE_URL", given)
    monkeypatch.setenv("ASSAY_REPOSITORY", "https://e.org/code")
    start = f"{given or LOCAL.rstrip('/')}/"
    built = CliRunner().invoke(cli, ["--root", str(project), "site", "build", "--quiet"])
    assert (built.exit_code, export(project, tmp_path / "tree").exit_code) == (0, 0)
    site = project / "build/site"
    assert f"<loc>{start}claims/toy-claim/</loc>" in (site / "sitemap.xml").read_text(encoding="utf-8")
    feeds = [folder / "changes/feed.xml" for folder in (site, tmp_path / "tree/docs")]
    assert all(f'"{start}changes/feed.xml"' in feed.read_text(encoding="utf-8") for feed in feeds)
    page = (tmp_path / "tree/docs/claims/toy-claim/index.md").read_text(encoding="utf-8")
    assert "https://e.org/code/edit/main/claims/toys/toy-claim.yaml" in page


def test_a_folder_in_use_is_left_alone(project, tmp_path):
    """Nothing of it is overwritten."""
    (tmp_path / "kept").write_text("mine", encoding="utf-8")
    result = export(project, tmp_path)
    assert result.exit_code == 2
    assert "is not empty" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


@pytest.mark.parametrize("generator", GENERATORS)
def test_other_generators_build_the_same_addresses(tree, project, generator):
    """Each page is where MkDocs puts it, and no link is dead; slow, and skipped only at home."""
    if importlib.util.find_spec(generator) is None:
        answer = pytest.fail if os.environ.get("CI") else pytest.skip
        answer(f"{generator} is not installed; `pip install -e '.[doors]'`")
    command = [sys.executable, "-m", generator, "build", "-f", "mkdocs.yml"]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    ours = CliRunner().invoke(cli, ["--root", str(project), "site", "build", "--quiet"])
    assert ours.exit_code == 0, ours.output
    assert addresses(tree / "site") == addresses(project / "build/site")
    assert dead_links(tree / "site") == []


def addresses(folder):
    """Return the paths of all pages of a built site."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.html"))
