"""Files of a project come through one door, so that a folder, a commit and a dictionary are read alike."""

import ast
from dataclasses import dataclass

import pytest

from kb.project import read
from kb.reading.tree import Entry, Folder, TreeError
from tests.states_project import ROOT, write_states_project

READING = {"open", "read_text", "read_bytes", "iterdir", "glob", "rglob", "scandir", "listdir"}
"""Names of functions and methods that read files or folders."""
OTHER_FILES = {
    "kb/exports/docs.py": "pages of the repository whose generated blocks it fills",
    "kb/site/export.py": "the hand-written pages",
    "kb/site/mkdocs.py": "the search index of a built site",
    "kb/site/offline.py": "the pages and scripts of a built site",
    "kb/site/sheets.py": "the style sheets of a built site",
    "kb/writing/additions.py": "what it is about to write over, to put it back",
    "repro/cli/commands/export.py": "the generated files that may not be current",
    "repro/cli/commands/site.py": "the folder that it exports to",
    "repro/cli/parts/alone.py": "locks",
    "repro/cli/parts/answers.py": "answers that were kept; sizes and times of files",
    "repro/cli/parts/overview.py": "its own commands",
    "repro/cli/parts/publishing.py": "the configuration of the site",
    "repro/cli/parts/streams.py": "the null device",
    "repro/contract.py": "which scripts it has tried already",
    "repro/cores.py": "the quotas of this process",
    "repro/overheads.py": "what this machine remembers of past runs",
    "repro/ledger.py": "what it wrote itself, and the processes of this machine",
    "repro/provenance.py": "the pinned versions, and the processor's name",
    "repro/worker/landlock.py": "folders that a process may read, to name them to the kernel",
    "repro/worker/needs.py": "where Python, its libraries and devices lie",
    "repro/worker/private.py": "folders for temporary files",
    "repro/worker/sandbox.py": "devices and processes of this machine",
    "repro/worker/tiers.py": "a file that must not be readable",
}
"""Modules that read files which are neither records, scripts, lab nor evidence, with what they read."""


@dataclass
class Memory:
    """A tree that lies in no folder."""

    files: dict[str, bytes]

    def list(self, folder):
        """Return what lies in a folder."""
        inside = [path.removeprefix(f"{folder}/") for path in self.files if path.startswith(f"{folder}/")]
        return sorted({Entry(path.partition("/")[0], "/" in path) for path in inside})

    def read(self, path, *, limit):
        """Return a file's bytes."""
        if path not in self.files:
            raise TreeError("unreadable", "nothing")
        return self.files[path][:limit]


def test_a_project_is_read_through_its_tree_alone(tmp_path):
    """What lies in memory only is read, judged and found wrong as what lies on disk is."""
    root = write_states_project(tmp_path)
    (root / "claims/toys/broken.yaml").write_text("title: [\n", encoding="utf-8")
    files = {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }
    here, there = read(Folder(root)), read(Memory(files))
    assert (there.base, there.ledger) == (here.base, here.ledger)
    assert (there.judgements, there.standings) == (here.judgements, here.standings)
    assert [problem.place.path for problem in there.problems] == ["claims/toys/broken.yaml"]


@pytest.mark.parametrize("folder", ["kb", "repro"])
def test_no_other_module_opens_files_of_a_project(folder):
    """Any code that reads other files is listed here with their kind; experiments and lab read none."""
    found = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / folder).rglob("*.py")
        if READING & {_called(node) for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))}
    }
    expected = {path for path in OTHER_FILES if path.startswith(f"{folder}/")}
    assert found - {"kb/reading/tree.py"} == expected


def _called(node):
    """Return the name of the function or method that a node calls; our own `read_text` asks a tree."""
    if not isinstance(node, ast.Call):
        return ""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) and node.func.id != "read_text" else ""


def test_a_folder_that_cannot_be_read_is_told(tmp_path):
    """With the system's own reason."""
    (tmp_path / "claims").touch()
    with pytest.raises(TreeError, match="a folder that cannot be read: Not a directory"):
        Folder(tmp_path).list("claims")
