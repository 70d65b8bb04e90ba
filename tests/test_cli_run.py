"""`repro run` and `repro plan` as they are typed: what is printed, what is stored, how they exit."""

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import repro.engines.local
from kb.evidence.ledger import read_ledger
from kb.reading.tree import Folder
from repro.cli import cli
from repro.cli.parts.alone import lock_of
from repro.cores import available_cores
from tests.conftest import CLAIM, EXPERIMENT, write_project
from tests.measured import RECORD, change
from tests.repository import commit_all, git
from tests.test_run import coin, fake_engine
from tests.test_worker import wait_until

REPRO = (sys.executable, "-c", "import sys; from repro.cli import main; main()")
SLOW = EXPERIMENT.replace('"""Flip one coin for each seed."""', "for _ in range(1_000_000): torch.zeros(1)")
"""Slow enough to be killed in the middle."""


def typed(root, *words):
    """Run a command line in a process of its own."""
    command = (*REPRO, "--root", str(root), *words)
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)


@pytest.fixture
def cheap(monkeypatch):
    """Return a function that replaces the workers by a coin tossed on the spot."""

    def replace(values=None, **options):
        engine = fake_engine(values or coin(0.5), **options)
        monkeypatch.setattr(repro.engines.local, "Local", lambda: engine)

    replace()
    return replace


def invoke(root, *words):
    """Run a command line in this process."""
    return CliRunner().invoke(cli, ["--root", str(root), *words])


def test_a_run_from_nothing_to_a_verdict(project):
    """Real workers measure, the verdict is printed and told by the exit code; a second run starts none."""
    first = typed(project, "run", "toy-claim")
    assert first.stderr == ""
    assert first.returncode == 0
    assert "Due for 1 claim: 4 blocks of 2 arms, at unknown cost" in first.stdout
    assert "measured  coin  fair  blocks 0-1" in first.stdout
    assert "evidence  repro/evidence/coin/" in first.stdout
    second = typed(project, "run", "toy-claim", "--json")
    data = json.loads(second.stdout)
    assert (second.returncode, data["exit_code"], data["measured_blocks"]) == (0, 0, 0)
    assert data["claims"][0]["state"] == "reproduced"


def test_nothing_due_is_answered_without_torch(project, cheap):
    """A claim that is decided starts neither torch nor an engine."""
    invoke(project, "run", "toy-claim")
    code = "import sys; sys.argv = ['repro', '--root', sys.argv[1], 'run', 'toy-claim']\n"
    code += "from repro.cli import main\ntry: main()\nfinally: print(sorted(sys.modules), file=sys.stderr)"
    done = subprocess.run(
        (sys.executable, "-c", code, str(project)), capture_output=True, text=True, check=True
    )
    loaded = done.stderr
    assert "'torch'" not in loaded
    assert "'repro.run'" not in loaded


def test_a_kill_in_the_middle_loses_only_blocks_in_flight(tmp_path):
    """After kill -9 nothing runs on for longer than two seconds, and the next run does the rest."""
    root = write_project(tmp_path / "project")
    (root / "repro/experiments/coin.py").write_text(SLOW)
    command = (*REPRO, "--root", str(root), "run", "toy-claim")
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    assert wait_until(lambda: list((root / "repro").rglob("*.json")), 60)
    process.kill()
    process.wait()
    kept = len(read_ledger(Folder(root)).evidence)
    assert 1 <= kept < 4
    assert wait_until(lambda: workers_on(root) == [])
    assert typed(root, "run", "toy-claim").returncode == 0
    ledger = read_ledger(Folder(root))
    assert ledger.problems == ()
    assert len(ledger.evidence) == 4
    assert {(piece.arm, piece.block) for piece in ledger.evidence} == {
        (arm, block) for arm in ("fair", "loaded") for block in (0, 1)
    }


def workers_on(root):
    """Return the command lines of processes that work on a project."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes()
        except OSError:
            continue
        if str(root).encode() in line and b"repro." in line:
            found.append(line)
    return found


def test_ctrl_c_saves_running_blocks(tmp_path):
    """The first Ctrl-C lets the running block of each arm finish; the exit code is 130."""
    root = write_project(tmp_path / "project")
    (root / "repro/experiments/coin.py").write_text(SLOW)
    typed(root, "run", "toy-claim", "--explore")  # tries the contract, so that the run below need not
    command = (*REPRO, "--root", str(root), "run", "toy-claim", "--jobs", "1")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    measuring = []  # a worker and its copy; once seen, they need not be seen again

    def is_measuring():
        measuring.append(sum(b"repro.worker.server" in line for line in workers_on(root)) >= 2)
        return any(measuring)

    assert wait_until(is_measuring, 120)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Finishing the running blocks" in output
    assert "failed" not in output
    assert len(read_ledger(Folder(root)).evidence) == 1


EFFECTS = {"reproduced": (0.5, 0), "contradicted": (-0.5, 10), "inconclusive": (0.1, 11)}


@pytest.mark.parametrize("state", ["reproduced", "inconclusive"])
def test_the_exit_code_tells_the_verdict(project, cheap, state):
    """Also when nothing was due, and unless --exit-zero is given."""
    shift, code = EFFECTS[state]
    cheap(coin(shift))
    codes = [invoke(project, "run", "toy-claim", *more).exit_code for more in ([], [], ["--exit-zero"])]
    assert codes == [code, code, 0]


def test_a_control_that_holds_exits_with_12(project, cheap):
    """The fair coin is asked for less than it shows, so its bound holds and there is no verdict."""
    change(project, RECORD, "at_least: 0.6", "at_least: 0.2")
    cheap(coin(0.5))
    assert invoke(project, "run", "toy-claim").exit_code == 12


def test_a_contradicted_claim_exits_with_10(project, cheap):
    """No difference at all: neither the prediction nor its control holds."""
    cheap(coin(0.0, spread=0.01))
    assert invoke(project, "run", "toy-claim").exit_code == 10


def test_several_claims_exit_with_0_when_every_block_ran(project, cheap):
    """Verdicts of several claims do not mix into one code."""
    cheap(coin(-0.5))
    assert invoke(project, "run", "--all").exit_code == 0


def test_failed_blocks_exit_with_5_and_say_why(project, cheap):
    """A crash is never a contradiction."""
    cheap(fails=lambda task, _: "exception" if task.arm == "fair" else None)
    result = invoke(project, "run", "toy-claim")
    assert result.exit_code == 5
    assert "failed  coin, arm fair, block 0: exception: why" in result.output


def test_a_missing_gpu_exits_with_4(project, cheap):
    """Something missing on this machine is an environment failure."""
    cheap(fails=lambda _task, _block: "environment")
    assert invoke(project, "run", "toy-claim", "--device", "cuda").exit_code == 4


WRONG = {
    ("run",): "nothing to run: name a claim, an experiment or a topic/, or give --all or --stale",
    ("run", "toy-clam"): "there is no claim, experiment or topic 'toy-clam'. Did you mean toy-claim?",
    (
        "run",
        "toy-claim",
        "--set",
        "flip=3",
    ): "there is no field of the scale of coin 'flip'. Did you mean flips?",
    ("run", "toy-claim", "--set", "flips"): "--set 'flips' sets nothing; write --set field=value.",
    ("run", "toy-claim", "--set", "flips=many"): "the field flips takes a whole number, such as 100.",
    (
        "run",
        "toy-claim",
        "--memory",
        "lots",
    ): "'lots' is not a size; write a number with K, M or G, such as 4G.",
    ("run", "toy-claim", "--device", "gpu"): "'gpu' is not a device; write cpu, cuda or cuda:1.",
    ("run", "toy-claim", "--timeout", "0"): "0.0 is not a time; write seconds above 0, at most a year.",
    ("run", "toy-claim", "--seeds", "0"): "0 is not in the range 1<=x<=40",
    ("run", "toy-claim", "--setting", "minimol"): "there is no setting 'minimol'. Did you mean minimal?",
    ("plan", "toy/"): "there is no claim, experiment or topic 'toy/'. Did you mean toys/",
}


@pytest.mark.parametrize("words", WRONG)
def test_what_is_typed_wrong_exits_with_2_and_advice(project, words):
    """The message says what was found and what may stand there."""
    result = invoke(project, *words)
    assert result.exit_code == 2
    assert WRONG[words] in " ".join(result.output.replace("│", " ").split())


def test_a_claim_without_a_protocol_says_why(project):
    """There is nothing to run, and the reason is the record's own."""
    head, _ = CLAIM.split("protocol:")
    (project / "claims/toys/opinion.yaml").write_text(head + "not_testable: it is a matter of taste\n")
    result = invoke(project, "run", "opinion")
    assert result.exit_code == 2
    assert "it is not testable: it is a matter of taste" in result.output


def test_problems_of_the_claim_asked_for_stop_it(project):
    """A faulty record or script is shown with its place; other claims are unaffected."""
    (project / "claims/toys/broken.yaml").write_text("title: [\n")
    (project / "repro/experiments/syntax.py").write_text("def f(:\n")
    assert "claims/toys/broken.yaml:" in invoke(project, "run", "broken").output
    assert invoke(project, "run", "broken").exit_code == 2
    assert "repro/experiments/syntax.py:1:" in invoke(project, "run", "syntax").output
    assert invoke(project, "plan", "toy-claim").exit_code == 0


@pytest.mark.parametrize("name", ["Bad_Id", "con", "toy_claim"])
def test_a_record_that_has_no_id_is_named_by_its_problem(project, name):
    """Asked for by the name of its file, it is never answered with no problem at all."""
    (project / "claims/toys" / f"{name}.yaml").write_text(CLAIM)
    done = invoke(project, "run", name)
    assert done.exit_code == 2
    assert f"claims/toys/{name}.yaml:1:1: error[" in done.output


def test_a_second_run_of_an_experiment_at_the_same_time_is_refused(project, cheap):
    """It would measure every block once more; other experiments, plans and explorations go on."""
    lock = lock_of(project, "coin")
    with lock.open("w", encoding="utf-8") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = invoke(project, "run", "toy-claim")
        assert (done.exit_code, read_ledger(Folder(project)).pieces) == (4, ())
        assert "Error: another run is measuring coin here; wait until it has ended" in done.output
        assert invoke(project, "plan", "toy-claim").exit_code == 0
        assert invoke(project, "run", "--explore", "toy-claim").exit_code == 0
    assert invoke(project, "run", "toy-claim").exit_code == 0


@pytest.mark.parametrize("target", ["coin", "toys/", "toy-claim", "--all"])
def test_targets_name_claims(project, target):
    """An experiment, a topic, a claim and --all mean the same here."""
    data = json.loads(invoke(project, "plan", target, "--json").output)
    assert data["schema"] == "assay/plan/1"
    assert data["claims"] == ["toy-claim"]
    assert [step["arm"] for step in data["steps"]] == ["loaded", "fair"]


def test_stale_means_claims_whose_code_changed(project, cheap):
    """--stale finds nothing while the code is the same, and the claim once it changed."""
    invoke(project, "run", "toy-claim")
    assert "Nothing is due" in invoke(project, "plan", "--stale").output
    (project / "repro/experiments/coin.py").write_text(EXPERIMENT.replace('"loaded": 0.8', '"loaded": 0.9'))
    assert re.search(
        r"blocks 0-1, stale, changed: coin \w{8} -> \w{8}: loaded, fair",
        invoke(project, "plan", "--stale").output,
    )


def test_a_dry_run_is_a_plan(project):
    """Both print the same and start nothing."""
    assert (
        invoke(project, "run", "toy-claim", "--dry-run").output == invoke(project, "plan", "toy-claim").output
    )
    assert list((project / "repro").rglob("*.json")) == []


@pytest.mark.parametrize("words", [["--explore"], ["--set", "flips=10"]])
def test_exploring_says_so_and_records_nothing(project, cheap, words):
    """Both ways to explore print that nothing is recorded, and exit with 0 whatever comes out."""
    cheap(coin(-0.5))
    result = invoke(project, "run", "toy-claim", *words)
    assert "nothing is recorded" in " ".join(result.output.split())
    assert result.exit_code == 0
    assert list((project / "repro").rglob("*.json")) == []


def test_everything_fits_into_eighty_columns(project, cheap):
    """Plan, progress, rows and sentences wrap."""
    cheap(coin(0.1))
    long_text = CLAIM.replace("at least a tenth more heads", "at least a tenth more heads " * 8)
    (project / "claims/toys/toy-claim.yaml").write_text(long_text)
    lines = invoke(project, "run", "toy-claim").output.splitlines()
    assert max(len(line) for line in lines if not line.startswith(("evidence", "page"))) <= 80


def test_a_closed_pipe_exits_with_141(project, cheap):
    """A reader that stops reading gets no traceback."""
    invoke(project, "run", "toy-claim")
    read_fd, write_fd = os.pipe()
    os.close(read_fd)
    command = (*REPRO, "--root", str(project), "run", "toy-claim")
    done = subprocess.run(command, stdout=write_fd, stderr=subprocess.PIPE, check=False)
    os.close(write_fd)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_worker_has_its_share_of_the_cores(project, cheap):
    """Threads are cores divided by jobs, at least one: more would run many times slower."""
    seen = []
    cheap(fails=lambda task, _: seen.append(task.threads))
    invoke(project, "run", "toy-claim", "--jobs", "1")
    invoke(project, "run", "toy-claim", "--replication", "1")
    assert set(seen[:6]) == {available_cores()}  # two arms tried, then two blocks of each
    assert set(seen[6:]) == {1}


def test_a_cluster_that_does_not_answer_is_an_environment_problem(project):
    """Nothing listens there: exit code 4, and the address in the message."""
    result = invoke(project, "run", "toy-claim", "--cluster", "tcp://127.0.0.1:9")
    assert result.exit_code == 4
    assert "no dask scheduler answers at tcp://127.0.0.1:9" in result.output


def measured_once(project):
    """Measure the toy claim in a repository, and commit the evidence."""
    git(project, "init", "--quiet", "--initial-branch=main")
    (project / ".gitignore").write_text("/build\n", encoding="utf-8")
    commit_all(project, "Predict")
    first = invoke(project, "run", "toy-claim")
    commit_all(project, "Measure")
    return first


def flat(found):
    """Return what was printed on one line."""
    return " ".join(found.output.split())


def test_a_run_says_what_another_test_costs_before_it_measures(project, cheap):
    """A change of code is named with its price and the way to keep the level; then it is paid for."""
    first = measured_once(project)
    assert "test of the claim" not in first.output
    script = project / "repro/experiments/coin.py"
    script.write_text(EXPERIMENT.replace("    heads =", "    _attempt = 1\n    heads ="), encoding="utf-8")
    commit_all(project, "Change")
    for command in (("plan",), ("run",)):
        told = flat(invoke(project, *command, "toy-claim"))
        assert (
            "toy-claim: this is the second test of the claim, judged at an error level of 0.025 instead of "
            "0.05; changed since the one before: the code of coin." in told
        )
        assert "`repro verify --same coin` instead" in told
    again = json.loads(invoke(project, "run", "toy-claim", "--seeds", "20", "--json").output)
    assert again["warnings"] == []


def test_a_run_says_that_changed_predictions_are_another_test(project, cheap):
    """Values that are there already were measured for the former ones."""
    measured_once(project)
    change(project, RECORD, "at_least: 0.1", "at_least: 0.2")
    commit_all(project, "Change")
    found = json.loads(invoke(project, "run", "toy-claim", "--seeds", "20", "--json").output)
    [warning] = found["warnings"]
    assert warning.endswith("changed since the one before: predictions or controls.")


def test_a_run_says_that_predictions_are_not_committed(project, cheap):
    """Its evidence would be refused; exploring needs no commit."""
    git(project, "init", "--quiet", "--initial-branch=main")
    (project / ".gitignore").write_text("/build\n", encoding="utf-8")
    commit_all(project, "Predict")
    change(project, RECORD, "at_least: 0.1", "at_least: 0.05")
    assert "Commit what you predict" not in flat(invoke(project, "run", "toy-claim", "--explore"))
    assert "Commit what you predict, and the script, before you measure" in flat(
        invoke(project, "run", "toy-claim")
    )


def test_a_renamed_experiment_does_not_lose_its_evidence_silently(project, cheap):
    """The run names the evidence that it leaves behind, and so does the check."""
    measured_once(project)
    (project / "repro/experiments/coin.py").rename(project / "repro/experiments/flips.py")
    change(project, RECORD, "experiment: coin", "experiment: flips")
    commit_all(project, "Rename")
    told = flat(invoke(project, "plan", "toy-claim"))
    assert "toy-claim has evidence of the experiment coin, of which there is no script." in told
    assert "error[evidence-experiment]" in invoke(project, "check").output


def test_a_run_that_measures_nothing_says_so(project, cheap):
    """The verdict is judged from evidence that was there, and the way to measure anew is told."""
    for words, number in (([], 1), (["--replication", "1"], 2)):
        invoke(project, "run", "toy-claim", *words)
        told = flat(invoke(project, "run", "toy-claim", *words))
        assert "nothing was measured: this is judged from evidence that is there already" in told
        assert f"repro run toy-claim --replication {number}" in told
