"""Evidence made by hand, for tests of what reads it."""

from kb.evidence.controls import ControlBlock, Controls, ShuffledBlock, Tried
from kb.evidence.file import as_file
from kb.evidence.ledger import Ledger
from kb.evidence.record import Attempt, Evidence, Machine
from kb.evidence.seeds import block_seeds

MACHINE = Machine(system="Linux", cpu="test", capability="none", blas="none", threads=1)


def evidence_of(script, version, arm, block, values, *, outcome="score", predictions=None, **changes):
    """Return one piece of evidence with the given five values of one outcome."""
    fields = {
        "schema_version": 2,
        "experiment": script.name,
        "version": version,
        "code": script.code,
        "scale": dict(script.scales["minimal"]),
        "scale_name": "minimal",
        "arm": arm,
        "block": block,
        "replication": 0,
        "seeds": block_seeds(version, block),
        "values": {outcome: values},
        "curves": {},
        "predictions": predictions or {},
        "attempts": (Attempt(status="measured", seconds=0.1),),
        "started": "2026-01-01T00:00:00Z",
        "seconds": 0.1,
        "peak_memory_bytes": 1,
        "python": "3.11.0",
        "torch": "2.13.0",
        "numpy": "2.4.0",
        "lock": "0" * 64,
        "machine": MACHINE,
        "sandbox": "S0",
        "engine": "local",
        "runner": "0",
        "commit": None,
        "dirty": None,
    }
    return Evidence(**{**fields, **changes})


def control_block(version, arm, block, values, *, number=1):
    """Return a block of one outcome on the seeds for exploring."""
    seeds = block_seeds(version, block, replication=number, stream="explore")
    fields = {"arm": arm, "block": block, "seeds": seeds, "values": {"score": values}, "seconds": 0.1}
    return ControlBlock(replication=number, **fields)


def shuffled_block(version, arm, block, values, *, data_sets=1):
    """Return a block of one outcome that was measured with shuffled labels."""
    right = control_block(version, arm, block, values)
    fields = right.model_dump(exclude={"replication", "values"})
    return ShuffledBlock(**fields, values=right.values, data_sets=data_sets)


def controls_of(script, version, **changes):
    """Return controls of an experiment in which every arm keeps the contract."""
    fields = {
        "schema_version": 2,
        "kind": "controls",
        "experiment": script.name,
        "version": version,
        "code": script.code,
        "scale": dict(script.scales["minimal"]),
        "scale_name": "minimal",
        "tried": tuple(Tried(arm=arm, breach="") for arm in script.arms),
        "imitated": (),
        "blocks": (),
        "started": "2026-01-01T00:00:00Z",
        "seconds": 0.1,
        "python": "3.11.0",
        "torch": "2.13.0",
        "numpy": "2.4.0",
        "lock": "0" * 64,
        "measuring": "0" * 64,
        "machine": MACHINE,
        "sandbox": "S0",
        "engine": "local",
        "runner": "0",
        "commit": "0" * 40,
        "dirty": False,
    }
    return Controls(**{**fields, **changes})


def ledger_with(pieces):
    """Return a ledger that holds some evidence, in their order."""
    return Ledger(tuple(as_file(piece)[0] for piece in pieces))
