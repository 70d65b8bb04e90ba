"""Planning and running: what is due and why, rounds until decided, everything saved as it comes."""

import contextlib
import dataclasses
from pathlib import Path

import numpy as np
import pytest

from kb.evidence.ledger import Machine, read_ledger
from kb.judging.judgement import judge_claim
from kb.reading.load import load_base
from kb.reading.tree import Folder
from repro import ledger as store
from repro import overheads
from repro.engines import Failed, Finished, Measured, Started
from repro.engines.parts.interrupts import Interrupts
from repro.plan import Options, asked_base, plan
from repro.provenance import Versions
from repro.run import Judged, Planned, run
from repro.worker.messages import Measurement
from tests.conftest import CLAIM, EXPERIMENT
from tests.measured import RECORD, change

SECOND_CLAIM = CLAIM.replace("title: A loaded coin", "title: Again a loaded coin")
MACHINE = Machine(system="", cpu="", capability="", blas="", threads=1)


def coin(shift, spread=0.05):
    """Return a measure that gives `loaded` so much more than `fair`, with noise of its own for each block.

    Other seeds differ at least a little, as those of another version or replication do.
    """

    def values(task, block):
        rng = np.random.default_rng([block, len(task.arm)])
        other_seeds = 1e-6 * (int(task.origin[:4], 16) + task.replication)
        return 0.5 + shift * (task.arm == "loaded") + spread * rng.standard_normal(5) + other_seeds

    return values


@dataclasses.dataclass(frozen=True)
class FakeEngine:
    """An engine of one function."""

    run: object
    name: str = "local"


def fake_engine(values, *, fails=lambda _task, _block: None, log=None):
    """Return an engine that computes blocks on the spot; `fails` may give the kind of a failure."""

    def work(queue, *, jobs, interrupts):
        while queue:
            task = queue.popleft()
            if log is not None:
                log.append((task.arm, task.blocks))
            yield Started(task)
            for block in task.blocks:
                if kind := fails(task, block):
                    yield Failed(task, block, kind, "why")
                    break
                yield Measured(task, measurement(block, values(task, block)))
            yield Finished(task, "")

    return FakeEngine(work)


def measurement(block, numbers):
    """Return what a worker would say of a block of the coin."""
    return Measurement(
        block=block,
        started="2026-01-31T00:00:00Z",
        seconds=0.25,
        values={"score": tuple(numbers.tolist())},
        curves={"score_curve": ((0.5,),) * 5},
        peak_memory_bytes=1,
        versions=Versions("3", "2", "2"),
        machine=MACHINE,
        sandbox="S1",
    )


def due(root, *claims, **options):
    """Return what is due in a project."""
    chosen = Options(**options)
    base = asked_base(load_base(Folder(root)), chosen)
    return plan(base, read_ledger(Folder(root)), claims or ("toy-claim",), chosen)


def measure(root, values, *claims, observer=lambda _: None, fails=lambda _task, _block: None, **options):
    """Run claims on a fake engine; return the result and the tasks in order."""
    chosen, log = Options(**options), []
    base, ledger = asked_base(load_base(Folder(root)), chosen), read_ledger(Folder(root))
    first = plan(base, ledger, claims or ("toy-claim",), chosen)
    engine = fake_engine(values, fails=fails, log=log)
    result = run(base, ledger, first, chosen, observer, root=root, interrupts=Interrupts(), engine=engine)
    return result, log


def blocks_of(due_plan):
    """Return the blocks and the reason of each arm."""
    return {step.arm.name: (step.blocks, step.reason) for step in due_plan.steps}


def test_two_blocks_of_every_arm_come_first(project):
    """Without evidence ten seeds of each arm are due, at unknown cost."""
    found = due(project)
    assert blocks_of(found) == {"loaded": ((0, 1), "missing"), "fair": ((0, 1), "missing")}
    assert overheads.wall_seconds(found, jobs=2, taken=overheads.NONE) is None


def test_a_run_remembers_what_its_tasks_took_besides_measuring(project):
    """On a cluster it does not, for other machines' starts say nothing about this one's."""
    measure(project, coin(0.5), cluster="tcp://127.0.0.1:1")
    assert overheads.remembered(project) is None
    measure(project, coin(0.5), replication=1)
    assert overheads.remembered(project) is not None


def test_a_clear_effect_needs_two_blocks(project):
    """What ten seeds decide gets no more, and nothing is due afterwards."""
    result, log = measure(project, coin(0.5))
    assert log == [("loaded", (0, 1)), ("fair", (0, 1))]
    assert len(result.measured) == 4
    assert due(project).steps == ()


def test_an_open_effect_gets_half_as_many_blocks_again_until_forty_seeds(project):
    """At the margin no seed decides: both arms go from two blocks to three, four, six and eight."""
    result, log = measure(project, coin(0.1))
    strides = [(2,), (3,), (4, 5), (6, 7)]
    assert log[2:] == [(arm, blocks) for blocks in strides for arm in ("loaded", "fair")]
    assert len(result.measured) == 16
    assert due(project).steps == ()


def test_a_round_stops_when_decided(project):
    """An effect of one standard deviation beyond the margin ends early."""
    result, _ = measure(project, coin(0.2, spread=0.12))
    judgement = judge_claim(load_base(Folder(project)), result.ledger, "toy-claim")
    assert judgement.state == "reproduced"
    assert 10 < judgement.verdict.seeds < 40


def test_an_undecided_claim_says_so_in_the_plan(project):
    """The reason names the seeds so far; the cost comes from past blocks."""
    measure(project, coin(0.1), seeds=10)
    found = due(project)
    assert blocks_of(found)["fair"] == ((2,), "undecided after 10 seeds")
    assert [step.expected_seconds for step in found.steps] == [0.25, 0.25]


@pytest.mark.parametrize(("most", "wanted"), [(45, (8,)), (60, (8, 9, 10, 11)), (400, (8, 9, 10, 11))])
def test_an_open_claim_that_asks_for_more_than_forty_seeds_gets_them(project, most, wanted):
    """Half as many blocks again as there are, but no more seeds than its protocol says."""
    measure(project, coin(0.1), seeds=40)
    assert due(project).steps == ()
    change(project, RECORD, "  controls:", f"  most_seeds: {most}\n  controls:")
    assert blocks_of(due(project))["fair"] == (wanted, "undecided after 40 seeds")


def test_a_number_of_seeds_is_measured_whatever_is_decided(project):
    """`--seeds 12` means three blocks of every arm, no fewer and no more."""
    _, log = measure(project, coin(0.5), seeds=12)
    assert log == [("loaded", (0, 1, 2)), ("fair", (0, 1, 2))]
    assert blocks_of(due(project, seeds=40))["fair"][1] == "asked for 40 seeds, has 15"


def test_claims_on_one_experiment_share_their_blocks(project):
    """A second claim on the same arms costs nothing, and evidence carries both claims' predictions."""
    (project / "claims/toys/other-claim.yaml").write_text(SECOND_CLAIM)
    result, log = measure(project, coin(0.5), "toy-claim", "other-claim")
    assert len(log) == 2
    assert set(result.measured[0].predictions) == {"toy-claim", "other-claim"}
    assert due(project, "other-claim").steps == ()


def test_a_changed_script_makes_evidence_stale(project):
    """The plan names the script with both hashes; the seeds are others, so all is due again."""
    result, _ = measure(project, coin(0.5))
    script = project / "repro/experiments/coin.py"
    script.write_text(EXPERIMENT.replace('"loaded": 0.8', '"loaded": 0.9'))
    blocks, reason = blocks_of(due(project))["fair"]
    before, today = result.measured[0].code["coin"], load_base(Folder(project)).scripts["coin"].code["coin"]
    assert blocks == (0, 1)
    assert reason == f"stale, changed: coin {before[:8]} -> {today[:8]}"


def test_a_changed_scale_is_named(project):
    """When a field of the scale changed, the plan says which, from what to what."""
    measure(project, coin(0.5))
    script = project / "repro/experiments/coin.py"
    script.write_text(EXPERIMENT.replace("flips: int = 100", "flips: int = 200"))
    assert blocks_of(due(project))["fair"][1].startswith("stale, changed: flips 100 -> 200, coin ")


def test_a_docstring_makes_nothing_stale(project):
    """Prose does not enter the test version."""
    measure(project, coin(0.5))
    script = project / "repro/experiments/coin.py"
    script.write_text(EXPERIMENT.replace("Flip both coins", "Throw both coins"))
    assert due(project).steps == ()


def test_a_missing_block_is_filled(project):
    """A block that is lost is due again, and only that."""
    result, _ = measure(project, coin(0.5))
    gone = next(p for p in result.measured if (p.arm, p.block) == ("fair", 0))
    (project / result.ledger.file_of(gone).path).unlink()
    assert blocks_of(due(project)) == {"fair": ((0,), "incomplete, has 5 seeds")}


def test_a_replication_is_other_evidence(project):
    """It is due in full, and does not touch what was there."""
    measure(project, coin(0.5))
    assert len(due(project, replication=1).steps) == 2
    result, _ = measure(project, coin(0.5), replication=1)
    assert {piece.replication for piece in result.measured} == {1}
    assert due(project, replication=1).steps == ()


def test_exploring_records_nothing_and_draws_other_seeds(project):
    """Overrides change the test version; no file is written; the values are judged all the same."""
    counted, _ = measure(project, coin(0.5))
    files = sorted(project.rglob("*.json"))
    result, log = measure(project, coin(0.5), is_exploring=True, overrides=(("flips", 7),))
    assert sorted(project.rglob("*.json")) == files
    assert len(log) == 2
    assert result.measured[0].scale == {"flips": 7}
    assert not {*result.measured[0].seeds} & {*counted.measured[0].seeds}


def test_blocks_are_spread_over_idle_workers(project):
    """With more workers than arms each arm's blocks are shared out, in order."""
    _, log = measure(project, coin(0.5), jobs=4)
    assert log == [("loaded", (0,)), ("loaded", (1,)), ("fair", (0,)), ("fair", (1,))]


def test_a_failed_arm_gets_no_more_work(project):
    """Its failure is reported once; the other arm's blocks are saved; the run ends."""
    result, log = measure(
        project, coin(0.5), fails=lambda task, _: "exception" if task.arm == "fair" else None
    )
    assert [(f.task.arm, f.block, f.kind) for f in result.failures] == [("fair", 0, "exception")]
    assert {piece.arm for piece in result.measured} == {"loaded"}
    assert len(log) == 2


def test_a_missing_environment_ends_the_run(project):
    """Where one worker finds no GPU none will: the others are not started."""
    result, log = measure(project, coin(0.5), device="cuda", fails=lambda _task, _block: "environment")
    assert len(log) == 1
    assert [f.kind for f in result.failures] == ["environment"]


def test_a_full_disk_ends_the_run_and_says_so(project, monkeypatch):
    """If a block cannot be saved, nothing more is measured in vain, and the reason is kept."""

    def full(_root, _evidence):
        raise store.LedgerError(Path("x"), "no space", "free some")

    monkeypatch.setattr(store, "append", full)
    result, log = measure(project, coin(0.5))
    assert len(log) == 1
    assert "coin, arm loaded, block 0" in result.unsaved[0]
    assert "no space; free some" in result.unsaved[0]


def test_what_is_no_evidence_is_refused(project):
    """Numbers that the evidence's model refuses count as a failed block."""
    result, _ = measure(project, lambda _task, _block: np.zeros(5), observer=lambda _: None)
    assert result.failures == ()
    broken = fake_engine(lambda _task, _block: np.zeros(5))

    def work(queue, **options):
        for event in broken.run(queue, **options):
            if isinstance(event, Measured):
                bad = event.measurement.model_copy(update={"peak_memory_bytes": -1})
                yield event._replace(measurement=bad)
            else:
                yield event

    base, chosen = load_base(Folder(project)), Options(replication=5)
    first = plan(base, read_ledger(Folder(project)), ("toy-claim",), chosen)
    engine, ledger = FakeEngine(work), read_ledger(Folder(project))
    found = run(
        base, ledger, first, chosen, lambda _: None, root=project, interrupts=Interrupts(), engine=engine
    )
    assert {f.kind for f in found.failures} == {"contract"}


def test_two_runners_at_once_do_no_harm(project):
    """Both measure the same blocks; each block counts once, and nothing is a problem."""
    base, ledger, chosen = load_base(Folder(project)), read_ledger(Folder(project)), Options()
    first = plan(base, ledger, ("toy-claim",), chosen)
    for _ in range(2):
        engine = fake_engine(coin(0.5))
        run(base, ledger, first, chosen, lambda _: None, root=project, interrupts=Interrupts(), engine=engine)
    found = read_ledger(Folder(project))
    assert found.problems == ()
    assert judge_claim(base, found, "toy-claim").verdict.seeds == 10
    assert due(project).steps == ()


def test_an_interrupted_run_is_simply_run_again(project):
    """What was measured before an end in the middle is kept; the next run does the rest."""

    class EndError(Exception):
        """Stands for the end of the process."""

    def end_after_three(event, seen=[]):  # noqa: B006  # counts over calls
        seen.append(isinstance(event, Measured))
        if sum(seen) == 3:
            raise EndError

    with contextlib.suppress(EndError):
        measure(project, coin(0.5), observer=end_after_three)
    assert len(read_ledger(Folder(project)).evidence) == 3
    assert blocks_of(due(project)) == {"fair": ((1,), "incomplete, has 5 seeds")}
    _, log = measure(project, coin(0.5))
    assert log == [("fair", (1,))]


def test_an_observer_hears_plan_and_verdict(project):
    """Each round is announced before it starts, each verdict when its round is over."""
    events = []
    measure(project, coin(0.1), observer=events.append, seeds=5)
    assert isinstance(events[0], Planned)
    (judged,) = [event for event in events if isinstance(event, Judged)]
    assert judged.judgement.state == "inconclusive"


def test_options_do_not_change_the_base_they_are_given(project):
    """Other fields of the scale are asked of a copy."""
    base = load_base(Folder(project))
    asked = asked_base(base, Options(overrides=(("flips", 3),)))
    assert base.scripts["coin"].scales["large"] == {"flips": 10000}
    assert asked.scripts["coin"].scales["large"] == {"flips": 3}
    assert dataclasses.replace(asked, claims=base.claims, scripts=base.scripts) == base
