"""The site as a plain tree: complete, and built alike by other generators than ours."""

import importlib.util
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

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
