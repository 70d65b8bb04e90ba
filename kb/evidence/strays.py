"""Evidence compared with the scripts that should have measured it: strays are named and do not count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from kb.evidence.file import Filed
from kb.evidence.ledger import Ledger
from kb.evidence.record import EVIDENCE_FOLDER
from kb.reading.base import Base
from kb.reading.experiment import Script
from kb.text.problems import Place, Problem, in_order
from kb.text.spelling import nearest

CODES = {
    "evidence-experiment": "There is evidence of an experiment, but no script of that name.",
    "evidence-arm": "Evidence of today's test version belongs to an arm that the script does not have.",
    "evidence-scale": "Evidence of today's test version names a scale whose fields differ from its own.",
    "evidence-gap": "A block of today's test is missing before a later one.",
}


def fitted(base: Base, ledger: Ledger) -> Ledger:
    """Return a ledger without the pieces that today's scripts cannot have measured, with all problems.

    Arms and gaps of versions that are no longer measured are left alone: scripts lose arms, and such a gap
    can no longer be filled. Neither changes a verdict.

    Args:
        base: The records and scripts of today; experiments whose script exists but is wrong are passed over.
        ledger: All evidence, or that of some of their experiments.
    """
    problems: list[Problem] = []
    refused: set[str] = set()
    for experiment in sorted({piece.experiment for piece in ledger.evidence}):
        script = base.scripts.get(experiment)
        if script is None:
            problems += [] if experiment in base.unread else [_orphaned(base, ledger, experiment)]
            continue
        origins = {ledger.origin(script.version_at(setting)) for setting in base.settings(experiment)}
        pieces = [
            each for each in ledger.filed(experiment) if ledger.origin(each.evidence.version) in origins
        ]
        found = [problem for each in pieces for problem in _unfitting(each, script)]
        refused.update(problem.place.path for problem in found)
        problems += [*found, *_gaps([each for each in pieces if each.path not in refused], ledger)]
    if not problems:
        return ledger
    kept = tuple(each for each in ledger.pieces if each.path not in refused)
    return replace(ledger, pieces=kept, problems=in_order([*ledger.problems, *problems]))


def _orphaned(base: Base, ledger: Ledger, experiment: str) -> Problem:
    number = len(ledger.filed(experiment))
    pieces = "1 piece" if number == 1 else f"{number} pieces"
    return Problem(
        "evidence-experiment",
        Place(f"{EVIDENCE_FOLDER}/{experiment}", 1, 1),
        f"{pieces} of evidence of {experiment}, but no script of that name",
        "evidence of experiments that have a script",
        "give the script its name again: a renamed experiment leaves its evidence behind, which is never"
        " removed",
        nearest(experiment, base.scripts),
    )


def _unfitting(filed: Filed, script: Script) -> Iterator[Problem]:
    """Yield what keeps a piece of today's test from being what its script measures."""
    piece, advice = filed.evidence, "find out who made the file; it does not count"
    place = Place(filed.path, 1, 1)
    if piece.arm not in script.arms:
        allowed, guess = ", ".join(script.arms), nearest(piece.arm, script.arms)
        yield Problem("evidence-arm", place, f"arm {piece.arm}", allowed, advice, guess)
    outcomes = {name for name, outcome in script.outcomes.items() if not outcome.is_curve}
    if piece.values.keys() != outcomes:
        found, allowed = ", ".join(sorted(piece.values)), ", ".join(sorted(outcomes))
        yield Problem("evidence-outcomes", place, found, allowed, advice)
    if script.scales.get(piece.scale_name, piece.scale) != piece.scale:
        found, allowed = f"scale {piece.scale_name}", "the name of the setting whose fields it ran with"
        yield Problem("evidence-scale", place, found, allowed, advice)


def _gaps(pieces: Iterable[Filed], ledger: Ledger) -> Iterator[Problem]:
    """Yield a problem for the first block after each gap; that block and all later ones do not count."""
    arms: dict[tuple[str, int, str], dict[int, Filed]] = defaultdict(dict)
    for filed in pieces:
        piece = filed.evidence
        arm = (ledger.origin(piece.version), piece.replication, piece.arm)
        arms[arm].setdefault(piece.block, filed)
    for (_, _, name), blocks in arms.items():
        missing = next(number for number in range(len(blocks) + 1) if number not in blocks)
        behind = [number for number in sorted(blocks) if number > missing]
        if behind:
            yield Problem(
                "evidence-gap",
                Place(blocks[behind[0]].path, 1, 1),
                f"block {behind[0]} of arm {name}, without block {missing}",
                "blocks without a gap; those after it do not count",
                "run the experiment again, which measures what is missing, or restore the deleted file",
            )
