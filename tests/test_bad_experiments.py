"""What experiments can do wrong, each planted beside an honest one: told in a line, and nothing else is lost.

All are measured by one `repro run --all` with real workers. A script gets past `repro check` here as an
attacker's would: the interpreter's modules are found through torch.
"""

import os
import re
import subprocess
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from kb.evidence.ledger import read_ledger
from kb.reading.tree import Folder
from repro.cli import cli
from tests.conftest import CLAIM, EXPERIMENT, write_project
from tests.test_cli_run import REPRO, workers_on
from tests.test_worker import wait_until

FIRST, THIRD = 1, 3
"""Before anything is measured, and after two blocks of the run; the trial of the contract measures twice."""
BLOCKS = 3
ONE_ARM = re.sub(r"      contrast: .*\n", "      of: loaded\n", CLAIM.split("  controls:")[0])
MODULES = """
    modules = torch.sys.modules
    os, socket, signal = modules["os"], modules["socket"], modules["signal"]
    time, sys = modules["time"], modules["sys"]
    CALLS.append(arm)

    def say(fd):
        try:
            os.write(fd, b"9" * 65536)
        except OSError:
            pass

"""


class Bad(NamedTuple):
    """A planted experiment.

    Attributes:
        act: What `measure` does.
        told: What the line about it must say.
        at: In which measurement of its process.
        saved: How many of its blocks must be saved in the end; None where that depends on the tier.
    """

    act: str
    told: str
    at: int = FIRST
    saved: int | None = 0


def returns(value):
    """Return what gives a value instead of the right one."""
    return f"return {{'score': {value}, 'score_curve': torch.zeros(5, scale.flips)}}"


BAD = {
    "exits": Bad("os._exit(0)", "no result: the script ended with exit code 0 and without a result"),
    "exits_late": Bad("os._exit(3)", "block 2: no result: the script ended with exit code 3", THIRD, 2),
    "raises_system_exit": Bad("raise SystemExit(0)", "block 0: "),
    "crashes": Bad("modules['ctypes'].string_at(0)", "block 2: killed: ", THIRD, 3),
    "aborts": Bad("os.abort()", "block 2: killed: ", THIRD, 3),
    "ignores_sigterm": Bad(
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n        while True: time.sleep(9)",
        "block 2: timeout: the block took longer than 15 seconds",
        THIRD,
        3,
    ),
    "floods": Bad("while True: os.write(1, b'x' * 65536)", "output: the script printed more than"),
    "floods_binary": Bad(
        "while True: os.write(2, b'\\0\\xff\\x1b' * 9999)", "output: the script printed more"
    ),
    "endless_line": Bad(
        "while True: [say(fd) for fd in range(3, 20)]", "output: the script sent a line of more than"
    ),
    "steers_terminals": Bad(
        "os.write(2, b'\\x1b]0;owned\\x07')\n"
        "        raise ValueError('\\x1b[2J\\x1b]52;c;aGk=\\x07 \\udc80 \\u202e')",
        r"exception: ValueError: \x1b[2J\x1b]52;c;aGk=\x07",
    ),
    "takes_all_memory": Bad("torch.ones(2**34)", "out of memory"),
    "recurses": Bad("again = lambda: again()\n        again()", "exception: RecursionError"),
    "forks": Bad("[os.fork() for _ in range(50)]", "exception: PermissionError"),
    "opens_too_much": Bad("[os.dup(2) for _ in range(10**6)]", "exception: OSError: [Errno 24]"),
    "fills_the_disk": Bad("os.truncate(os.open('f', 66), 2**40)", "exception: OSError: [Errno 27]"),
    "uses_tcp": Bad("socket.create_connection(('127.0.0.1', 9))", "exception: PermissionError"),
    "uses_udp": Bad("socket.socket(type=socket.SOCK_DGRAM)", "exception: PermissionError"),
    "uses_dns": Bad("socket.getaddrinfo('example.org', 80)", "gaierror"),
    "uses_netlink": Bad("socket.socket(16, socket.SOCK_RAW)", "exception: PermissionError"),
    "uses_unix_sockets": Bad("socket.socket(socket.AF_UNIX)", "exception: PermissionError"),
    "reads_keys": Bad("modules['io'].open('{root}/key')", "exception: "),
    "reads_evidence": Bad("os.listdir('{root}/repro/evidence')", "exception: "),
    "writes_outside": Bad("modules['io'].open('{root}/repro/experiments/honest.py', 'a')", "exception: "),
    "signals_its_keeper": Bad("os.kill(os.getppid() or 1, 9)", "", saved=None),
    "stops_its_keeper": Bad("os.kill(os.getppid() or 1, signal.SIGSTOP)", "", saved=None),
    "starts_loaders": Bad("[*torch.utils.data.DataLoader(range(3), num_workers=1)]", "exception: "),
    "imports_what_is_not_there": Bad("from torch import nothing", "exception: ImportError"),
    "gives_truth_values": Bad(returns("torch.ones(5).bool()"), "contract: "),
    "gives_text": Bad(returns("['a'] * 5"), "contract: "),
    "gives_complex_numbers": Bad(returns("torch.ones(5) * 1j"), "contract: "),
    "gives_whole_numbers": Bad(returns("torch.ones(5).long()"), "contract: "),
    "gives_another_shape": Bad(returns("torch.ones(5, 1)"), "contract: "),
    "gives_too_many_seeds": Bad(returns("torch.ones(6)"), "contract: "),
    "gives_too_few_seeds": Bad(returns("torch.ones(4)"), "contract: "),
    "gives_one_seed_for_all": Bad("seeds = Seeds(seeds.values[:1] * 5)", "contract: ", 0),
    "ignores_seeds": Bad("seeds = Seeds((1, 2, 3, 4, 5))", "contract: ", 0),
    "gives_one_value": Bad("seeds = Seeds((1,) * 5)", "contract: ", 0),
    "reads_the_clock": Bad(
        "return {'score': torch.zeros(5) + time.time_ns() % 997, 'score_curve': torch.zeros(5, scale.flips)}",
        "contract: ",
        0,
    ),
    "counts_calls": Bad(
        "return {'score': torch.arange(5.0) + len(CALLS), 'score_curve': torch.zeros(5, scale.flips)}",
        "contract: ",
        0,
    ),
    "patches_torch": Bad(
        "torch.Tensor.mean = lambda self, *a, **k: torch.ones(5).double() * 7", "", FIRST, 3
    ),
}


def script(bad, root):
    """Return the text of an experiment that does something bad in one of its measurements, 0 for all."""
    when = f"len(CALLS) == {bad.at}" if bad.at else "True"
    act = f"{MODULES}    if {when}:\n        {bad.act.replace('{root}', str(root))}\n"
    text = EXPERIMENT.replace("HEADS = {", "CALLS = []\nHEADS = {")
    return text.replace('    """Flip one coin for each seed."""\n', f'    """Flip."""{act}')


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Return the project, and the run of all its claims."""
    root = write_project(tmp_path_factory.mktemp("bad") / "project")
    (root / "key").write_text("secret", encoding="utf-8")
    (root / "claims/toys/toy-claim.yaml").unlink()
    (root / "repro/experiments/coin.py").unlink()
    for name, bad in {**BAD, "honest": Bad("pass", "")}.items():
        claim = ONE_ARM.replace("experiment: coin", f"experiment: {name}")
        claim = claim.replace("A loaded", f"When {name}, a").replace("A coin", f"When {name}, a coin")
        (root / f"claims/toys/{name.replace('_', '-')}.yaml").write_text(claim, encoding="utf-8")
        (root / f"repro/experiments/{name}.py").write_text(script(bad, root), encoding="utf-8")
    words = ("run", "--all", "--seeds", str(5 * BLOCKS), "--jobs", "1", "--timeout", "15", "--untrusted")
    done = subprocess.run(
        (*REPRO, "--root", str(root), *words),
        env={**os.environ, "COLUMNS": "400", "SECRET_TOKEN": "hunter2"},
        capture_output=True,
        check=False,
        timeout=600,
    )
    if done.returncode == 4 and not os.environ.get("CI"):
        pytest.skip("this machine cannot confine them, so they are not run")
    return root, done


def lines_on(output, name):
    """Return the lines of a run that tell of a failure or a loss of one experiment."""
    return [line for line in output.splitlines() if re.match(rf"(failed|lost)  {name}, arm", line)]


def saved(root, name):
    """Return the blocks that an experiment has in the ledger."""
    return sorted(piece.block for piece in read_ledger(Folder(root)).evidence if piece.experiment == name)


def test_a_run_with_failures_exits_with_5(ran):
    """It ends by itself, in order, and says nothing of its own insides."""
    _, done = ran
    assert done.returncode == 5, done.stdout.decode()[-3000:] + done.stderr.decode()[-3000:]
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("name", BAD)
def test_what_an_experiment_does_wrong_is_told(ran, name):
    """Its line says experiment, arm, block, what kind of failure it was and why."""
    root, done = ran
    lines = lines_on(done.stdout.decode(), name)
    assert any(BAD[name].told in line for line in lines) or (not lines and not BAD[name].told), lines
    assert len(saved(root, name)) == BAD[name].saved or BAD[name].saved is None


def test_an_honest_experiment_of_the_same_run_loses_nothing(ran):
    """All its blocks are saved, whatever went on before and after them."""
    root, _ = ran
    assert saved(root, "honest") == [*range(BLOCKS)]
    assert read_ledger(Folder(root)).problems == ()


def test_nothing_that_an_experiment_says_steers_a_terminal(ran):
    """Neither an escape nor what hides characters gets out, from messages, tracebacks or what was printed."""
    _, done = ran
    text = done.stdout.decode() + done.stderr.decode()
    assert not re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", text)


def test_no_process_and_no_file_is_left(ran):
    """Neither a worker, nor what it started, nor anything beside evidence and what is remembered."""
    root, _ = ran
    assert wait_until(lambda: workers_on(root) == [])
    assert {path.name for path in root.iterdir()} == {"build", "claims", "key", "repro"}
    assert (root / "key").read_text(encoding="utf-8") == "secret"


BEFORE = {
    "missing": (None, "unknown-experiment"),
    "syntax": ("def measure(:\n", "bad-script"),
    "another library": (EXPERIMENT.replace("import torch\n", "import pandas\nimport torch\n"), "pandas"),
    "a clock": (EXPERIMENT.replace("import torch\n", "import time\nimport torch\n"), "script-import"),
    "not UTF-8": (b"\xff\xfe", "not-utf8"),
    "no arms": (EXPERIMENT.replace("ARMS =", "LEGS ="), "bad-script"),
}


@pytest.mark.parametrize("name", BEFORE)
def test_what_a_text_shows_is_refused_before_it_runs(project, name):
    """Exit code 2, the place and the kind of the problem; nothing is measured."""
    text, told = BEFORE[name]
    path = project / "repro/experiments/coin.py"
    path.unlink()
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    done = CliRunner().invoke(cli, ["--root", str(project), "run", "toy-claim"])
    assert (done.exit_code, told in done.output) == (2, True), done.output
    assert not (project / "repro/evidence").exists()


def test_a_gpu_that_is_not_there_is_missing_in_the_surroundings(project):
    """Exit code 4, what was found and what to do; the experiment is not at fault."""
    done = subprocess.run(
        (*REPRO, "--root", str(project), "run", "toy-claim", "--device", "cuda:7"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 4, done.stdout
    assert "--device cuda:7" in done.stdout
    assert not (project / "repro/evidence").exists()
