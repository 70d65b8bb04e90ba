"""`repro site serve` shows a change of a record, of a template and of the evidence."""

import re
import socket
import subprocess
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import unquote
from urllib.request import Request, urlopen

import pytest

from kb.evidence.ledger import to_file
from kb.reading.load import load_base
from kb.reading.tree import Folder
from kb.site.serving import guarded
from tests.evidence_of import evidence_of
from tests.states_project import CENTRES, write_states_project

PAGE = "claims/toy-claim/"
PATIENCE = 45
MOST_BUILDS = 6
"""Three files of evidence may be seen one by one."""


@pytest.fixture
def project(tmp_path):
    """Return a project with one claim in each state."""
    return write_states_project(tmp_path / "served")


@pytest.fixture
def address(project):
    """Return the address at which the project is served."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    repro = Path(sys.executable).with_name("repro")
    command = [repro, "--root", project, "site", "serve", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as server:
        said = []
        while line := server.stderr.readline():
            said.append(line)
            if "Serving on" in line:
                yield f"http://127.0.0.1:{port}/"
                break
        else:
            pytest.fail("".join(said))
        server.terminate()
        server.communicate(timeout=PATIENCE)


def shown(address):
    """Return the page as it is served now."""
    with urlopen(address + PAGE, timeout=PATIENCE) as answer:  # noqa: S310 # our own server
        return answer.read().decode()


def after_a_build(address, html):
    """Return the page after the next build; the server answers the question for it when it is done."""
    epoch, request = re.search(r"livereload\((\d+), (\d+)\)", html).groups()
    urlopen(f"{address}livereload/{epoch}/{request}", timeout=PATIENCE).close()  # noqa: S310 # our own server
    return shown(address)


def test_a_change_is_seen_without_a_restart(project, address):
    """Record, template and evidence in turn; the reader's page reloads after each."""
    for change, words in (
        (change_record, "In another test"),
        (change_template, "What it states"),
        (add_evidence, "over 15 seeds"),
    ):
        html = shown(address)
        assert words not in html
        change(project)
        for _ in range(MOST_BUILDS):
            html = after_a_build(address, html)
            if words in html:
                break
        assert words in html


def change_record(project):
    """Give the claim another title."""
    path = project / "claims/toys/toy-claim.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("In the test toy-claim", "In another test"), "utf-8"
    )


def change_template(project):
    """Give a section of every claim another heading."""
    path = project / "site/templates/claim/the_statement.md.jinja"
    path.write_text(
        path.read_text(encoding="utf-8").replace("## The statement", "## What it states"), "utf-8"
    )


def add_evidence(project):
    """Store five more seeds of every arm."""
    base = load_base(Folder(project))
    script = base.scripts["coin"]
    version = script.version()
    digests = {i: claim.protocol.digest for i, claim in base.claims.items() if claim.protocol}
    for arm, centre in CENTRES.items():
        values = tuple(round(centre + shift, 2) for shift in (-0.02, -0.01, 0.0, 0.01, 0.02))
        name, content = to_file(evidence_of(script, version, arm, 2, values, predictions=digests))
        (project / "repro/evidence/coin" / version[:12] / name).write_bytes(content)


@pytest.mark.parametrize(
    ("path", "host", "status"),
    [
        ("", "localhost", 200),
        ("", "LOCALHOST", 200),
        ("", "127.0.0.1", 200),
        ("", "[::1]", 200),
        ("", "attacker.example", 421),
        ("", "localhost.attacker.example", 421),
        ("%00", "localhost", 400),
        ("claims/%ff/", "localhost", 404),
    ],
)
def test_only_this_machine_is_served_and_only_what_can_be(path, host, status):
    """A page elsewhere whose name leads here, and a path that no file can have, reach no file."""

    def files(environ, start_response):
        found = "200 OK" if environ["PATH_INFO"] == "/" else "404 Not Found"
        start_response(found, [])
        return [b""]

    for name in (host, f"{host}:8000"):
        said = []
        environ = {"HTTP_HOST": name, "PATH_INFO": unquote(f"/{path}", encoding="latin-1")}
        list(guarded(files)(environ, lambda answer, _: said.append(answer)))  # noqa: B023  # called at once
        assert [int(each.split()[0]) for each in said] == [status]


def test_the_server_refuses_what_is_not_meant_for_it(address):
    """The same through a socket, without a traceback on its terminal."""
    for path, host, status in (("%00", "localhost", 400), ("", "attacker.example", 421)):
        request = Request(address + path, headers={"Host": host})  # noqa: S310 # our own server
        with pytest.raises(HTTPError) as refusal:
            urlopen(request, timeout=PATIENCE)  # noqa: S310 # our own server
        assert refusal.value.code == status
        refusal.value.close()
