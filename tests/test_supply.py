"""What comes from outside is named by a hash, and what strangers send runs with few rights and no options."""

import importlib.util
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))
LOCKS = sorted(path.stem for path in ROOT.glob("locks/*.txt"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
OWNERS = ROOT / ".github/CODEOWNERS"
UNNAMED = "@-maintainers-"
OWNER = re.compile(
    r"@[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}(?:/[A-Za-z0-9](?:[-_]?[A-Za-z0-9])*)?|[^@\s]+@[^@\s]+\.[^@\s]+"
)
WITH_CUDA = re.compile(r"triton|(?:nvidia|cuda)-.*")


def renew():
    """Return the module that writes the locks; it is no part of a package."""
    spec = importlib.util.spec_from_file_location("renew", ROOT / "locks/renew.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def entry_lines(lock):
    """Return the entries of a lock, each in one line."""
    text = (ROOT / f"locks/{lock}.txt").read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def requirements(lock):
    """Return what a lock asks for, without hashes."""
    return [Requirement(line.split("--hash")[0]) for line in entry_lines(lock)]


def pins(found):
    """Return names and versions of requirements that each allow one version."""
    return {(canonicalize_name(each.name), str(each.specifier).removeprefix("==")) for each in found}


CONSTRAINTS = [
    Requirement(line)
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_entry_of_a_lock_has_one_version_and_its_hashes(lock):
    """So pip takes a file that somebody has seen, or none."""
    assert entry_lines(lock)
    for line in entry_lines(lock):
        wanted, *hashes = re.split(r"\s+--hash=", line.strip())
        assert re.fullmatch(r"==[^=*,]+", str(Requirement(wanted).specifier)), line
        assert hashes, line
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for each in hashes), line


def test_locks_hold_the_versions_that_evidence_names():
    """`constraints.txt` is what evidence names; only what torch brings along with CUDA stands apart."""
    generated = [each for lock in LOCKS if lock != "torch-cpu" for each in requirements(lock)]
    locked = pins(each for each in generated if not WITH_CUDA.fullmatch(each.name))
    assert locked == pins(CONSTRAINTS)
    assert [str(each) for each in requirements("torch-cpu")] == [f"torch=={version_of('torch')}+cpu"]


def version_of(name):
    """Return the one version of a library that the constraints allow."""
    [found] = [each for each in CONSTRAINTS if canonicalize_name(each.name) == name]
    return str(found.specifier).removeprefix("==")


def test_cuda_is_locked_with_torch_and_nowhere_else():
    """A machine with a CPU build of torch downloads none of it."""
    named = {lock: [each for each in requirements(lock) if WITH_CUDA.fullmatch(each.name)] for lock in LOCKS}
    assert [lock for lock, found in named.items() if found] == ["torch"]


def needed(extras):
    """Return the names of all libraries that extras of this project need here, as far as installed."""
    project = PROJECT["project"]
    groups = [project["dependencies"], *(project["optional-dependencies"][extra] for extra in extras)]
    open_ends = [(Requirement(text), "") for group in groups for text in group]
    seen = set()
    while open_ends:
        wanted, extra = open_ends.pop()
        name = canonicalize_name(wanted.name)
        if (wanted.marker and not wanted.marker.evaluate({"extra": extra})) or (name, extra) in seen:
            continue
        seen.add((name, extra))
        try:
            asked = distribution(name).requires or []
        except PackageNotFoundError:
            continue
        open_ends += [(Requirement(text), each) for text in asked for each in ("", *wanted.extras)]
    return {name for name, _ in seen} - {"assay-kb"}


@pytest.mark.parametrize(
    ("extras", "locks"),
    [
        (["site"], ["torch", "base"]),
        (["site", "cluster"], ["torch", "base", "cluster"]),
        (["site", "cluster", "bench", "doors", "dev"], ["torch", "base", "cluster", "dev"]),
    ],
    ids=["base", "cluster", "dev"],
)
def test_locks_hold_all_that_is_needed(extras, locks):
    """Whatever a library of ours asks for on this machine stands in the locks installed with it."""
    locked = {canonicalize_name(each.name) for lock in locks for each in requirements(lock)}
    assert needed(extras) - locked == set()


def test_what_is_installed_is_what_is_locked():
    """These tests run with the versions that a stranger gets."""
    for each in CONSTRAINTS:
        if each.marker and not each.marker.evaluate():
            continue
        try:
            found = distribution(each.name).version
        except PackageNotFoundError:
            continue  # what is needed is told apart by the test above; some are for other systems
        assert each.specifier.contains(found, prereleases=True), (each.name, found)


def test_locks_part_what_was_resolved():
    """Torch comes with CUDA, and each lock leaves out what the ones before it hold."""
    torch = (
        "torch==2.0 \\\n    --hash=sha256:aa\nnvidia-x==1 ; sys_platform == 'linux' \\\n    --hash=sha256:b\n"
    )
    base, more = (
        "click==8 \\\n    --hash=sha256:cc\n",
        "pytest==9 \\\n    --hash=sha256:dd \\\n    --hash=sha256:ee\n",
    )
    module = renew()
    found = module.parted({"base": base + torch, "dev": base + torch + more})
    texts = {lock: text.removeprefix(module.HEADER) for lock, text in found.items()}
    assert texts == {"torch": torch, "base": base, "dev": more}


def test_what_builds_this_project_is_locked():
    """The build takes what is installed, and elsewhere the same version."""
    [wanted] = PROJECT["build-system"]["requires"]
    assert wanted == f"setuptools=={version_of('setuptools')}"


# What `make` does


def recipe(target):
    """Return the lines that `make` would run for a target on a bare machine."""
    command = ("make", "--no-print-directory", "-n", "-B", target)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.replace("\\\n", " ").splitlines()


def test_nothing_is_installed_without_a_hash():
    """But for this project itself, which brings no library along and is built with what is there."""
    lines = [line for line in recipe(".venv/.dev-installed") if " pip install " in line]
    assert len(lines) >= 5
    ours = [line for line in lines if " -e " in line]
    assert [line.split(" -e ")[1] for line in ours] == ["."]
    assert all("--no-deps --no-build-isolation" in line for line in ours)
    for line in set(lines) - set(ours):
        for each in line.split(" -m ")[1:]:
            assert "--require-hashes --only-binary :all:" in each
    [line] = [line for line in recipe("tests/node/node_modules/.installed") if "npm ci" in line]
    assert "--ignore-scripts" in line


def test_libraries_of_node_have_hashes():
    """So npm, too, takes what somebody has seen."""
    locked = json.loads((ROOT / "tests/node/package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert [name for name, each in locked.items() if name and "integrity" not in each] == []


PYTHON = """\
#!/bin/sh
echo "$*" >> {log}
case "$*" in
  *"-c from importlib"*) exit {has_torch} ;;
  *torch-cpu.txt*) exit {has_cpu_build} ;;
esac
"""


@pytest.mark.parametrize(
    ("has_torch", "has_cpu_build", "taken"),
    [(0, 1, []), (1, 0, ["torch-cpu"]), (1, 1, ["torch-cpu", "torch"])],
    ids=["there", "cpu", "default"],
)
def test_the_build_of_torch_is_chosen(tmp_path, has_torch, has_cpu_build, taken):
    """What is there stays; then comes the CPU build, if pip finds one, and last the build of the index."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt", "locks"):
        (tmp_path / name).symlink_to(ROOT / name)
    python, log = tmp_path / ".venv/bin/python", tmp_path / "log"
    python.parent.mkdir(parents=True)
    python.write_text(PYTHON.format(log=log, has_torch=has_torch, has_cpu_build=has_cpu_build))
    python.chmod(0o755)
    subprocess.run(("make", ".venv/.base-installed"), cwd=tmp_path, capture_output=True, check=True)
    called = re.findall(r"-r locks/(\S+)\.txt", log.read_text())
    assert called == [*taken, "base"]


def wheel(folder, text):
    """Write a wheel of one module into a folder; return the hash of its file."""
    folder.mkdir()
    path = folder / "seen-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(zipfile.ZipInfo("seen.py"), text)
        packed.writestr(
            zipfile.ZipInfo("seen-1.0.dist-info/METADATA"),
            "Metadata-Version: 2.1\nName: seen\nVersion: 1.0\n",
        )
        packed.writestr(
            zipfile.ZipInfo("seen-1.0.dist-info/WHEEL"),
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        packed.writestr(zipfile.ZipInfo("seen-1.0.dist-info/RECORD"), "")
    return sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(("found", "installs"), [("seen", True), ("another", False)])
def test_a_file_that_was_exchanged_is_not_installed(tmp_path, found, installs):
    """With the options of the Makefile, under the same name and version."""
    hashes = {name: wheel(tmp_path / name, f"# {name}\n") for name in ("seen", "another")}
    lock, target = tmp_path / "lock.txt", tmp_path / "target"
    lock.write_text(f"seen==1.0 --hash=sha256:{hashes['seen']}\n")
    options = next(line for line in recipe(".venv/.base-installed") if "-r locks/base.txt" in line)
    words = options.split(" pip install ")[1].split(" -r ")[0].split()
    command = [sys.executable, "-m", "pip", "install", *words, "-r", lock, "--target", target]
    done = subprocess.run(
        [*command, "--no-index", "--find-links", tmp_path / found],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode == 0, (target / "seen.py").exists()) == (installs, installs), done.stderr


# What runs for a pull request


def read(path):
    """Return a workflow; every key stays text, also `on`."""
    return yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506  # builds text alone


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_start_for_nothing_that_gives_rights(path):
    """A pull request from a fork gets no secret and no token that writes; other events of it would."""
    started = read(path)["on"]
    assert set(started) <= {"push", "pull_request"}
    assert started.get("push", {"branches": ["main"]}) == {"branches": ["main"]}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_know_no_secret(path):
    """Neither a secret, nor the token by any of its names, nor an identity for other services."""
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"secrets|github\.token|GITHUB_TOKEN|GH_TOKEN|id-token|: write", text) == []
    for job in read(path)["jobs"].values():
        assert "permissions" not in job
        assert "environment" not in job
        assert job["runs-on"] == "ubuntu-latest"


def owned():
    """Return the owners of every path of CODEOWNERS."""
    lines = [line.split() for line in OWNERS.read_text(encoding="utf-8").splitlines()]
    return {words[0]: words[1:] for words in lines if words and not words[0].startswith("#")}


def test_owned_paths_exist():
    """A path that was moved would be owned by nobody."""
    for path in owned():
        assert re.fullmatch(r"/[\w./-]+", path)
        assert (ROOT / path[1:]).is_dir() if path.endswith("/") else (ROOT / path[1:]).is_file(), path


@pytest.mark.parametrize(
    "path",
    [
        *(".github/workflows/check.yml", ".github/CODEOWNERS", ".ci/run", "Makefile", "locks/base.txt"),
        *("repro/worker/sandbox.py", "repro/worker/seccomp.py", "repro/engines/local.py", "repro/ledger.py"),
        *("kb/judging/verdict.py", "kb/evidence/ledger.py", "repro/evidence", "repro/evidence_history.py"),
    ],
)
def test_what_others_rely_on_has_an_owner(path):
    """Workflows, the confinement, the code that judges, and evidence."""
    assert (ROOT / path).exists()
    assert [each for each in owned() if f"/{path}/".startswith(each.rstrip("/") + "/")]


def test_owners_can_be_owners_or_all_are_still_to_be_named():
    """GitHub ignores a line whose owner is misspelt; the place of the name cannot be taken for a name."""
    assert OWNER.fullmatch(UNNAMED) is None
    everybody = [owner for owners in owned().values() for owner in owners]
    assert all(owned().values())
    assert set(everybody) == {UNNAMED} or [each for each in everybody if not OWNER.fullmatch(each)] == []


@pytest.mark.parametrize("owner", ["@jane-doe", "@some-club/some_team", "jane@example.org"])
def test_accounts_teams_and_addresses_can_be_owners(owner):
    """What the file asks to be filled in."""
    assert OWNER.fullmatch(owner)


@pytest.mark.parametrize("owner", ["jane", "@jane-", "@-jane", "@jane--doe", "@club/", "@"])
def test_other_words_cannot_be_owners(owner):
    """GitHub has no account of such a name."""
    assert OWNER.fullmatch(owner) is None
