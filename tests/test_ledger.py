"""Acknowledged evidence is there, whatever happens; what was not finished is never taken for evidence."""

import errno
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import pytest

from kb.evidence.controls import as_controls_file
from kb.evidence.ledger import read_ledger, to_file
from kb.reading.load import load_base
from kb.reading.tree import Folder
from repro import ledger
from repro.ledger import LedgerError, append, append_controls, sweep
from tests.evidence_of import controls_of
from tests.power_cuts import bad_cuts, trace
from tests.store_faults import (
    CALLS,
    ERRORS,
    NEW,
    OTHER_VERSION,
    System,
    every_fault,
    fails_before,
    knows_no_links,
    lost_or_wrong,
    piece,
    quickly,
    unfinished,
    writes_a_little,
)

PROJECT = Path(__file__).parents[1]


def forking(task, folder, **options):
    """Run a task of `store_faults` in a process of its own and return its counts."""
    words = [task, folder, *(f"{key}={value}" for key, value in options.items())]
    command = [sys.executable, "-m", "tests.store_faults", *words]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True, timeout=120)
    return json.loads(done.stdout)


@pytest.fixture
def root(tmp_path):
    """Return an empty project folder."""
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def test_stored_piece_is_read_back(root):
    """What was stored is read back equal, from the place that its content names."""
    filed = append(root, NEW)
    found = read_ledger(Folder(root))
    assert found.pieces == (filed,)
    assert (root / filed.path).parent == root / "repro/evidence/coin" / NEW.version[:12]
    assert unfinished(root) == []


def test_storing_again_changes_nothing(root):
    """The same piece a second time is a success and leaves the file alone."""
    filed = append(root, NEW)
    path = root / filed.path
    before = path.stat()
    assert append(root, NEW) == filed
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("has_links", [True, False])
def test_damaged_file_is_never_overwritten(root, has_links):
    """Other bytes under the same name stay, and the error says what to do."""
    path = root / append(root, NEW).path
    path.write_bytes(b"damaged")
    system = System(quickly if has_links else knows_no_links)
    with patch.object(ledger, "os", system), pytest.raises(LedgerError, match="is damaged; restore it from"):
        append(root, NEW)
    assert path.read_bytes() == b"damaged"
    assert unfinished(root) == []


def test_piece_that_no_reader_would_accept_is_refused(root):
    """Seeds that do not follow from the version are refused before anything is written."""
    with pytest.raises(LedgerError, match="seeds 1, 2, 3, 4, 5; allowed are the seeds of block 1"):
        append(root, NEW.model_copy(update={"seeds": (1, 2, 3, 4, 5)}))
    assert list(root.iterdir()) == []


def test_piece_that_is_too_large_is_refused(root):
    """What a reader would not open is not stored."""
    curves = {f"c{number}_curve": ((0.123456789,) * 64,) * 5 for number in range(300)}
    with pytest.raises(LedgerError, match="more than 1048576 bytes"):
        append(root, piece(curves=curves))


@pytest.fixture
def controls(project):
    """Return controls of the tiny project's experiment."""
    script = load_base(Folder(project)).scripts["coin"]
    return controls_of(script, script.version())


def test_controls_are_stored_as_they_will_be_read(project, controls):
    """Those that their reader would refuse are not stored."""
    filed = append_controls(project, controls)
    found = read_ledger(Folder(project))
    assert (filed.controls, found.controls, found.problems) == (controls, (filed,), ())
    with pytest.raises(LedgerError, match="; allowed are ") as caught:
        append_controls(project, controls.model_copy(update={"code": {"coin": "1" * 64}}))
    assert caught.value.path.parent == (project / filed.path).parent
    assert read_ledger(Folder(project)).controls == (filed,)


@pytest.mark.parametrize(("spare", "is_stored"), [(0, True), (-1, False)])
def test_controls_that_are_too_large_are_refused(project, controls, monkeypatch, spare, is_stored):
    """To the byte, and with what helps."""
    _, content = as_controls_file(controls)
    monkeypatch.setattr(ledger, "MAX_BYTES", len(content) + spare)
    if is_stored:
        append_controls(project, controls)
    else:
        words = f"{len(content)} bytes are more than a reader takes; ask for fewer sets of seeds at a time"
        with pytest.raises(LedgerError, match=words):
            append_controls(project, controls)
    assert len(read_ledger(Folder(project)).controls) == is_stored


def test_every_fault_at_every_call_is_survived(tmp_path):
    """Disk full, I/O error, read-only, Ctrl-C: nothing is lost, nothing wrong is read, a retry succeeds."""
    faults = dict(every_fault(tmp_path, ["first piece of all", "same piece again", "no hard links"]))
    assert {label: wrong for label, wrong in faults.items() if wrong} == {}
    assert len(faults) >= 500
    assert {label.split(": ")[1].split()[1] for label in faults} == set(CALLS)


def test_short_writes_are_continued(root):
    """A system that takes seven bytes at a time still gets all of them."""
    with patch.object(ledger, "os", System(writes_a_little)):
        append(root, NEW)
    assert lost_or_wrong(root, [NEW]) == []


def test_file_system_that_cannot_sync_folders_is_used_all_the_same(root):
    """Some network file systems refuse it; a file that cannot be synced is still an error."""

    def act(name, real, args):
        if name == "fsync" and stat.S_ISDIR(os.fstat(args[0]).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return quickly(name, real, args)

    with patch.object(ledger, "os", System(act)):
        append(root, NEW)
    assert lost_or_wrong(root, [NEW]) == []


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "No space left on device; free some space, then run again"),
        (errno.EROFS, "Read-only file system; make the file system writable"),
        (errno.EACCES, "Permission denied; make the folder writable for you"),
        (errno.EIO, "Input/output error; check the disk"),
        (errno.ELOOP, "Too many levels of symbolic links; remove the cause, then run again"),
    ],
)
def test_error_says_what_failed_and_what_to_do(root, number, advice):
    """The message names the path, what could not be done, why, and what helps."""
    system = System(fails_before(OSError(number, os.strerror(number))), at=0)
    with patch.object(ledger, "os", system), pytest.raises(LedgerError) as caught:
        append(root, NEW)
    assert f"{root}/repro/evidence/coin/{NEW.version[:12]}: could not make the folder: {advice}" in str(
        caught.value
    )
    assert "saved blocks are kept" in str(caught.value)


@pytest.mark.parametrize(
    ("is_chosen", "action"),
    [
        (lambda name, _, done: name == "write" and not done, "write"),
        (lambda name, _, done: name == "link" and not done, "name the finished file"),
        (lambda name, is_folder, done: name == "fsync" and is_folder and "link" in done, "sync the folder"),
    ],
    ids=["write", "name", "sync"],
)
def test_error_says_which_step_failed(root, is_chosen, action):
    """Writing, naming and syncing are told apart; an error without a number has no advice of its own."""
    done = []

    def act(name, real, args):
        is_folder = name == "fsync" and stat.S_ISDIR(os.fstat(args[0]).st_mode)
        if is_chosen(name, is_folder, done):
            raise OSError("a fault without a number")
        done.extend([name] * (name == "link"))
        return quickly(name, real, args)

    with patch.object(ledger, "os", System(act)), pytest.raises(LedgerError) as caught:
        append(root, NEW)
    assert f"could not {action}: " in str(caught.value)
    assert "; remove the cause, then run again" in str(caught.value)


def test_storing_leaves_no_file_open_and_makes_none_that_runs(root):
    """Of the first time and of the second, which only confirms what is there."""
    before = len([*Path("/proc/self/fd").iterdir()])
    path = root / append(root, NEW).path
    append(root, NEW)
    assert len([*Path("/proc/self/fd").iterdir()]) == before
    (root / "beside").touch()
    assert path.stat().st_mode == (root / "beside").stat().st_mode


def test_storing_again_makes_sure_that_the_bytes_are_on_the_disk(root):
    """Another writer may have named the file and not lived to sync it."""
    append(root, NEW)
    synced = []

    def act(name, real, args):
        if name == "fsync":
            synced.append(f"{Path(f'/proc/self/fd/{args[0]}').readlink()}")
        return quickly(name, real, args)

    with patch.object(ledger, "os", System(act)):
        path = root / append(root, NEW).path
    assert f"{path.resolve()}" in synced


def test_a_file_that_goes_on_beyond_its_end_is_damaged(root):
    """Also where the system gives a few bytes at a time."""
    path = root / append(root, NEW).path
    path.write_bytes(path.read_bytes() + b" ")

    def act(name, real, args):
        return real(args[0], 1) if name == "read" else quickly(name, real, args)

    with patch.object(ledger, "os", System(act)), pytest.raises(LedgerError, match="is damaged"):
        append(root, NEW)


def test_a_link_in_place_of_a_file_is_refused(root):
    """Even one that leads to the right bytes, which somebody may change later."""
    path = root / append(root, NEW).path
    path.rename(root / "elsewhere")
    path.symlink_to(root / "elsewhere")
    with pytest.raises(LedgerError, match="could not name the finished file"):
        append(root, NEW)


@pytest.mark.parametrize("knows_how", [True, False])
def test_macos_is_asked_to_empty_the_cache_of_the_drive(root, monkeypatch, knows_how):
    """Where the file system cannot, plain syncing has to do."""
    asked, synced = [], []

    def control(descriptor, request):
        asked.append(request)
        if not knows_how:
            raise OSError(errno.ENOTSUP, "not supported")

    def act(name, real, args):
        synced.extend([name] * (name == "fsync"))
        return quickly(name, real, args)

    monkeypatch.setattr(ledger, "sys", SimpleNamespace(platform="darwin"))
    monkeypatch.setitem(sys.modules, "fcntl", SimpleNamespace(F_FULLFSYNC=51, fcntl=control))
    with patch.object(ledger, "os", System(act)):
        append(root, NEW)
    assert {*asked} == {51}
    assert len(synced) == (0 if knows_how else len(asked))


def test_root_that_is_missing_is_an_error(tmp_path):
    """A project folder is never made by accident."""
    with pytest.raises(LedgerError, match="could not make the folder"):
        append(tmp_path / "nowhere", NEW)
    assert not (tmp_path / "nowhere").exists()


def test_kill_at_every_call_loses_nothing(tmp_path):
    """A writer killed before or after any system call leaves no wrong file and no lasting rubbish."""
    result = forking("die", tmp_path)
    assert result["wrong"] == []
    assert result["cases"] >= 40
    assert result["swept"] > 0


def test_kill_at_random_moments_loses_nothing_acknowledged(root):
    """Forty writers killed while they write: every acknowledged piece is read back."""
    result = forking("kill", root, rounds=40, seed=1)
    assert result["wrong"] == []
    assert result["acknowledged"] > 40


@pytest.mark.parametrize("writers", [2, 8])
def test_writers_at_once_lose_nothing(root, writers):
    """Processes that store into one folder, also the same pieces, need no lock."""
    assert forking("write", root, writers=writers, blocks=8)["wrong"] == []


PIECES = [piece(), NEW, piece("bent"), NEW, piece(version=OTHER_VERSION)]


@pytest.mark.parametrize("has_links", [True, False])
def test_power_cut_leaves_no_bad_state(tmp_path, has_links):
    """In every state that a cut may leave, all acknowledged pieces are there and nothing wrong is read."""
    events = trace(tmp_path / "traced", PIECES, has_links=has_links)
    states, wrong = bad_cuts(events, tmp_path)
    assert wrong == []
    assert states >= 37


@pytest.mark.parametrize(
    "left_out",
    [
        lambda event: event.name == "fsync" and not Path(event.path).name.startswith("."),
        lambda event: event.name == "fsync" and Path(event.path).name.startswith("."),
        lambda event: event.name == "fsync" and event.path == "repro/evidence",
    ],
    ids=["folders", "files", "one parent"],
)
def test_model_of_power_cuts_notices_a_missing_sync(tmp_path, left_out):
    """Without any one kind of syncing some states are bad, so the test above can fail."""
    _, wrong = bad_cuts(trace(tmp_path / "traced", PIECES[:2], ignored=left_out), tmp_path)
    assert wrong != []


def dead_process():
    """Return the number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def leave(root, name):
    """Leave an unfinished file and return it."""
    path = (root / append(root, NEW).path).with_name(name)
    path.write_bytes(to_file(NEW)[1][:100])
    return path


def writer_name(**changes):
    """Return the name of an unfinished file of this process, with changed parts."""
    parts = dict(zip(("host", "boot", "pid", "start"), ledger._writer().split("-"), strict=True)) | changes
    return f".{parts['host']}-{parts['boot']}-{parts['pid']}-{parts['start']}-{'0' * 16}"


@pytest.mark.parametrize("changes", [{}, {"start": 1}, {"boot": "0" * 8}, {"pid": 2**70}], ids=str)
def test_sweep_removes_what_the_dead_left(root, changes):
    """The writer ended, its number went to another process, or the machine has restarted since."""
    path = leave(root, writer_name(**(changes or {"pid": dead_process()})))
    assert read_ledger(Folder(root)).problems == ()
    assert sweep(root) == [path]
    assert not path.exists()
    assert lost_or_wrong(root, [NEW]) == []


@pytest.mark.parametrize(
    "name",
    [
        writer_name(),
        writer_name(pid=os.getppid(), start=ledger._start(os.getppid())),
        writer_name(pid=1, start=ledger._start(1)),
        writer_name(host="0" * 8),
        ".gitkeep",
        ".DS_Store",
    ],
    ids=["this process", "its parent", "the first process", "another machine", "git", "macOS"],
)
def test_sweep_keeps_what_may_still_be_written(root, name):
    """A file of a living process, of another machine or of an unknown writer stays, and is not read."""
    path = leave(root, name)
    assert sweep(root) == []
    assert path.exists()
    assert read_ledger(Folder(root)).problems == ()


def test_whether_a_writer_is_dead_is_answered_with_yes_or_no():
    """Also of a name that no writer gives, and of a process that has ended."""
    assert ledger._is_orphan(".gitkeep") is False
    assert ledger._is_alive(dead_process(), "1") is False
    assert ledger._is_orphan(writer_name(pid=dead_process())) is True


def test_sweep_survives_a_folder_that_it_may_not_change(root):
    """What cannot be removed stays without an error, since it is never read."""
    path = leave(root, writer_name(pid=dead_process()))
    with patch.object(ledger, "os", System(fails_before(ERRORS["EROFS"]))):
        assert sweep(root) == []
    assert path.exists()


def test_processes_of_another_container_are_those_of_another_machine(monkeypatch):
    """Their numbers mean something else, so a file of theirs is not taken for an orphan."""
    spaces = {"/proc/self/ns/pid": "pid:[1]"}

    def here():
        stands_in = SimpleNamespace(readlink=spaces.__getitem__, uname=os.uname)
        monkeypatch.setattr(ledger, "os", stands_in)
        return ledger._host()

    one = here()
    spaces["/proc/self/ns/pid"] = "pid:[2]"
    assert one != here()


def test_a_writer_that_knows_little_of_its_machine_has_a_name_all_the_same(monkeypatch):
    """Without `/proc` its files are still known for unfinished ones."""

    class Nowhere(type(Path())):
        def read_bytes(self):
            raise FileNotFoundError

        def read_text(self, **_):
            raise FileNotFoundError

    def refuse(_path):
        raise FileNotFoundError

    monkeypatch.setattr(ledger, "Path", Nowhere)
    monkeypatch.setattr(os, "readlink", refuse)
    name = writer_name()
    assert ledger._TEMPORARY.fullmatch(name)
    assert ledger._writer().endswith(f"-{os.getpid()}-0")
    assert not ledger._is_orphan(name)


def test_sweep_of_a_project_without_evidence_does_nothing(root):
    """There need not be a folder."""
    assert sweep(root) == []
