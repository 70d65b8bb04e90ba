"""Pages lead into the repository where its address is known, and to how one contributes where it is not."""

import re

import pytest

from kb.exports.published import Site
from kb.project import read
from kb.reading.tree import Folder
from kb.site.render import render
from kb.site.repository import edit_link, report_link
from tests.states_project import write_states_project


@pytest.mark.parametrize(
    ("repository", "edit", "report"),
    [
        ("https://github.com/a/b", "/edit/main/claims/x.yaml", "/issues/new?title=claims%2Fx%3A+"),
        (
            "https://gitlab.com/a/b/",
            "/-/edit/main/claims/x.yaml",
            "/-/issues/new?issue%5Btitle%5D=claims%2Fx%3A+",
        ),
        ("https://codeberg.org/a/b", "/_edit/main/claims/x.yaml", "/issues/new?title=claims%2Fx%3A+"),
    ],
)  # fmt: skip
def test_links_are_those_of_the_host(repository, edit, report):
    """Each keeps its pages elsewhere."""
    assert edit_link(repository, "claims/x.yaml") == repository.rstrip("/") + edit
    assert report_link(repository, "claims/x: ") == repository.rstrip("/") + report


@pytest.mark.parametrize("repository", ["", "javascript:alert(1)", "git@github.com:a/b", "https://", "/a/b"])
def test_what_is_no_address_gives_no_link(repository):
    """Neither a missing address nor one that a browser should not follow."""
    assert edit_link(repository, "x") is None
    assert report_link(repository, "x") is None


@pytest.mark.parametrize(
    ("repository", "links"),
    [
        ("", ["../../contribute/#change-a-record", "../../contribute/#report-a-mistake"]),
        (
            "https://github.com/a/b",
            [
                "https://github.com/a/b/edit/main/claims/toys/toy-claim.yaml",
                "https://github.com/a/b/issues/new?title=claims%2Ftoy-claim%3A+",
            ],
        ),
    ],
)
def test_a_page_names_its_record_and_leads_to_it(tmp_path, repository, links):
    """The last two links of a claim's page."""
    root = write_states_project(tmp_path)
    pages = render(Site(read(Folder(root)), root, repository=repository))
    content = next(page.content for page in pages if page.path == "claims/toy-claim.md")
    assert re.findall(r'href="(.*?)"', content)[-2:] == links
