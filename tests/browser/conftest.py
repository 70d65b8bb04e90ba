"""What the tests of the built site share: sites that are built once per run, a small server, and Chromium."""

import contextlib
import fcntl
import functools
import gzip
import http.server
import os
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from repro.cli import cli
from tests.states_project import ROOT, write_states_project

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
MODULES = ROOT / "tests" / "node" / "node_modules"
EPOCH = "1700000000"


def needed(path, advice):
    """Return a path; if nothing is there, skip at home and fail in continuous integration."""
    if not path.exists():
        answer = pytest.fail if os.environ.get("CI") else pytest.skip
        answer(f"{path} is missing; {advice}")
    return path


def node_tool(name):
    """Return a file of the packages in tests/node."""
    return needed(MODULES / name, "make tests/node/node_modules/.installed")


def made_once(factory, name, make):
    """Return a folder that one worker of a test run makes and the others find."""
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / name).exists():
            make(shared / f"{name}.making")
            (shared / f"{name}.making").rename(shared / name)
    return shared / name


def build_project(project, *options):
    """Build the site of a project with the command that readers use."""
    os.environ["SOURCE_DATE_EPOCH"] = EPOCH
    result = CliRunner().invoke(cli, ["--root", str(project), "site", "build", "--quiet", *options])
    assert result.exit_code == 0, result.output


def _build_toy_site(folder):
    build_project(write_states_project(folder))


def _build_real_site(folder):
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    from repro.cli.parts.publishing import configuration

    os.environ["SOURCE_DATE_EPOCH"] = EPOCH
    build(load_config(str(configuration(ROOT)), strict=True, site_dir=str(folder)))


@pytest.fixture(scope="session")
def toy_site(tmp_path_factory):
    """Return the folder of a built site with one claim in each state."""
    return made_once(tmp_path_factory, "toy", _build_toy_site) / "build" / "site"


@pytest.fixture(scope="session")
def offline_site(toy_site):
    """Return the folder of the toy site's copy to open from disk."""
    project = toy_site.parents[1]
    if not (project / "build/offline").exists():
        build_project(project, "--offline")
    return project / "build" / "offline"


@pytest.fixture(scope="session")
def real_site(tmp_path_factory):
    """Return the folder of our own site, built from the repository's records and evidence."""
    return made_once(tmp_path_factory, "real", _build_real_site)


@functools.cache
def compressed(path):
    """Return the bytes of a file as they travel; a served site does not change."""
    return gzip.compress(path.read_bytes(), 9, mtime=0)


class Compressing(http.server.SimpleHTTPRequestHandler):
    """Serves a folder as hosts do: compressed, with our own page for what is missing; logs nothing."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self):
        """Answer with a file, in the smallest encoding that the browser accepts."""
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        status = 200 if path.is_file() else 404
        path = path if path.is_file() else Path(self.directory, "404.html")
        takes_gzip = "gzip" in self.headers.get("Accept-Encoding", "")
        content = compressed(path) if takes_gzip else path.read_bytes()
        self.send_response(status)
        if takes_gzip:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "max-age=600")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        """Say nothing."""


@contextlib.contextmanager
def served(folder):
    """Serve a folder on this machine and give its address."""
    handler = functools.partial(Compressing, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def address(toy_site):
    """Return the address of the served toy site."""
    with served(toy_site) as found:
        yield found


@pytest.fixture(scope="session")
def real_address(real_site):
    """Return the address of our own site, served."""
    with served(real_site) as found:
        yield found


@pytest.fixture(scope="session")
def browser():
    """Return Chromium."""
    needed(CHROMIUM, "install Debian's chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield launched
        launched.close()


def watched(context, address):
    """Return a page of a browser's context and the list of what the browser complains about in it."""
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: _note_outsider(request.url, address, complaints))
    return page, complaints


def _note_outsider(url, address, complaints):
    if not url.startswith((address, "data:", "blob:")):
        complaints.append(f"outside request: {url}")


@pytest.fixture
def opened(browser, address):
    """Return a function that opens a page and returns it with the browser's complaints."""
    with contextlib.ExitStack() as contexts:

        def open_page(path, *, width=1280, scheme="light", scripts=True):
            context = browser.new_context(
                viewport={"width": width, "height": 844}, color_scheme=scheme, java_script_enabled=scripts
            )
            contexts.callback(context.close)
            page, complaints = watched(context, address)
            page.goto(address + path)
            return page, complaints

        yield open_page


def awake(page):
    """Move as a reader does, wait until the theme's program has loaded, and return the page."""
    page.mouse.move(5, 5)
    page.locator("html.awake").wait_for()
    return page


def leads_on(path):
    """Tell whether a page only sends its reader to another address."""
    return 'http-equiv="refresh"' in path.read_text(encoding="utf-8")


def kinds(folder):
    """Return for each kind of page the address of its heaviest one; a kind is a folder and a depth in it."""
    heaviest = {}
    for path in folder.rglob("index.html"):
        parts = path.relative_to(folder).parts[:-1]
        if not leads_on(path):
            known = heaviest.setdefault((parts[:1], len(parts)), path)
            heaviest[parts[:1], len(parts)] = max(known, path, key=lambda found: found.stat().st_size)
    return sorted(
        f"{path.parent.relative_to(folder).as_posix()}/".removeprefix("./") for path in heaviest.values()
    )
