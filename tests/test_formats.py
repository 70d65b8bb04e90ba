"""Formats of exports are found by their files, and reach the command line and the site from there."""

import re
import sys

import pytest
from click.testing import CliRunner

from kb import exports
from kb.exports.formats import formats
from repro.cli import cli
from tests.machine_sites import site_of, texts_of
from tests.states_project import write_states_project

TOY = '''"""The titles of all claims, one a line."""

from kb.exports.formats import Format


def files(site):
    """Return one file."""
    titles = [claim.title for claim in site.base.claims.values()]
    return {"toys/titles.txt": "\\n".join(titles) + "\\n"}


FORMAT = Format("toy", "Write the titles of all claims.", files)
'''


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Return a project with one claim in each state."""
    return write_states_project(tmp_path_factory.mktemp("formats"))


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """Add a format: one file."""
    (tmp_path / "toy.py").write_text(TOY, encoding="utf-8")
    monkeypatch.setattr(exports, "__path__", [*exports.__path__, str(tmp_path)])
    yield tmp_path / "toy.py"
    sys.modules.pop("kb.exports.toy", None)


def export(root, *words):
    """Run `repro export` in this process."""
    return CliRunner().invoke(cli, ["--root", str(root), "export", *words])


@pytest.mark.usefixtures("toy")
def test_a_format_is_one_file(project, tmp_path):
    """The overview names it, a subcommand writes it, and it is among the files of the site."""
    assert re.search(r"toy +Write the titles of all claims\.", export(project, "--help").output)
    result = export(project, "toy", "--to", str(tmp_path / "out"))
    assert result.exit_code == 0, result.output
    text = (tmp_path / "out/toys/titles.txt").read_text(encoding="utf-8")
    assert "a loaded coin" in text
    assert texts_of(site_of(project))["toys/titles.txt"] == text


def test_a_format_of_the_repository_stays_out_of_the_site(toy, project):
    """It is written below the root, and --check says whether it is current."""
    toy.write_text(TOY.replace(", files)", ", files, is_kept=True)"), encoding="utf-8")
    assert "toys/titles.txt" not in texts_of(site_of(project))
    stale = export(project, "toy", "--check")
    assert (stale.exit_code, "run `repro export toy` without --check" in stale.output) == (2, True)
    assert export(project, "toy").output == "wrote toys/titles.txt\n"
    assert export(project, "toy", "--check").output == "1 files are current.\n"


def test_an_unknown_format_is_answered_with_the_nearest(project):
    """As commands are."""
    result = export(project, "badgs")
    assert (result.exit_code, "there is no format 'badgs'. Did you mean badges?" in result.output) == (
        2,
        True,
    )


@pytest.mark.parametrize("name", [name for name, each in formats().items() if not each.is_kept])
def test_every_format_of_the_site_can_be_written_alone(name, project, tmp_path):
    """To a folder of one's choice."""
    result = export(project, name, "--to", str(tmp_path))
    assert result.exit_code == 0, result.output
    assert any(path.is_file() for path in tmp_path.rglob("*"))
