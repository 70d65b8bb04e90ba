"""Traps of the folder layout."""

from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_sources_of_the_site_are_not_its_output():
    """MkDocs empties its output folder, whose default name is that of our sources."""
    assert "site_dir: build/site" in (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert not {"site", "/site", "site/", "/site/"} & set(ignored)
    assert list(ROOT.glob("site/**/*.py")) == []
