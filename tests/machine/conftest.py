"""Sites before they are written, for all tests of files for programs."""

import pytest

from tests.machine_sites import site_of, texts_of
from tests.states_project import ROOT, write_states_project


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Return a project with one claim in each state."""
    return write_states_project(tmp_path_factory.mktemp("machine"))


@pytest.fixture(scope="module")
def toy(project):
    """Return its site before it is written."""
    return site_of(project)


@pytest.fixture(scope="module")
def ours():
    """Return the site of this repository."""
    return site_of(ROOT)


@pytest.fixture(scope="module", params=["toy", "ours"])
def site(request):
    """Return one site after the other."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def texts(site):
    """Return the text of every file for programs, by path."""
    return texts_of(site)
