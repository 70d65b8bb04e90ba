"""Pieces of evidence compared with each other: copies, missing outcomes, other units, replays that differ.

A piece that cannot be what the runner measured is told apart from the pieces it was compared with, and never
counts. Of two that contradict each other, the one that came first in the history stays.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from statistics import median
from typing import NamedTuple

from kb.evidence.file import Filed
from kb.evidence.order import Order, OrderError, precedence, unordered
from kb.evidence.prediction import is_predicted
from kb.text.problems import Place, Problem

CODES = {
    "evidence-outcomes": "The outcomes of a block differ from those of the other blocks of its test version.",
    "evidence-copy": "A block has the same values as another block, although their seeds differ.",
    "evidence-units": "The values of a block are a hundred times those of another block of the arm.",
    "evidence-conflict": "Two pieces for one block have values that cannot both be right.",
}
CHANCE = 1e-4
"""Equal blocks count as copies when fewer equal pairs than this are expected by chance."""
NEAR_PERCENT = (50, 200)
"""Ratios of medians that shares in one block and percentages in another may show."""


class Compared(NamedTuple):
    """The result of comparing all pieces of evidence.

    Attributes:
        fitting: The pieces that may count.
        problems: One for each piece that may not, and for each that contradicts an earlier one.
        ranks: The order in the history of the pieces that contend.
    """

    fitting: list[Filed]
    problems: list[Problem]
    ranks: Mapping[str, int]


Origin = Callable[[str], str]
_Block = tuple[str, str, int, str, int]


def compared(found: Sequence[Filed], origin: Origin, order: Order | None) -> Compared:
    """Compare all pieces with each other.

    Args:
        found: Every piece that is valid on its own.
        origin: Gives for a version the one at the end of its links.
        order: Tells which file came first in the history; without it the stated start decides.
    """
    odd = [group for group in _by(found, _version).values() if len({*map(_names, group)}) > 1]
    equal = [group for group in _by(found, _values).values() if _is_copied(group)]
    repeated = [group for group in _by(found, lambda each: _block(each, origin)).values() if len(group) > 1]
    contending = {each.path for groups in (odd, equal, repeated) for group in groups for each in group}
    ranks: Mapping[str, int] = {}
    problems: list[Problem] = []
    if order is not None and contending:
        try:
            ranks = order(contending)
        except OrderError as error:
            problems += [unordered((each.path for each in group), error) for group in repeated]

    def first(filed: Filed) -> tuple[float, str, int]:
        return *earlier(filed)[:2], filed.evidence.block

    def earlier(filed: Filed) -> tuple[float, str, str]:
        return precedence(filed, ranks)

    refused = {problem.place.path: problem for group in odd for problem in _odd(sorted(group, key=first))}
    for group in equal:
        rest = [each for each in sorted(group, key=first) if each.path not in refused]
        refused.update((problem.place.path, problem) for problem in _copies(rest, found))
    fitting = [each for each in found if each.path not in refused]
    problems += refused.values()
    for group in repeated:
        rest = [each for each in sorted(group, key=earlier) if each.path not in refused]
        problems += _conflicts(rest, fitting)
    problems += _other_units(fitting, earlier)
    return Compared(fitting, problems, ranks)


def _by(found: Iterable[Filed], key: Callable[[Filed], object]) -> dict[object, list[Filed]]:
    groups: dict[object, list[Filed]] = defaultdict(list)
    for each in found:
        groups[key(each)].append(each)
    return groups


def _version(filed: Filed) -> tuple[str, str]:
    return filed.evidence.experiment, filed.evidence.version


def _names(filed: Filed) -> tuple[str, ...]:
    return tuple(filed.evidence.values)


def _block(filed: Filed, origin: Origin) -> _Block:
    piece = filed.evidence
    return piece.experiment, origin(piece.version), piece.replication, piece.arm, piece.block


def _arm(filed: Filed) -> tuple[str, str, str, int]:
    piece = filed.evidence
    return piece.experiment, piece.origin, piece.arm, piece.replication


def _values(filed: Filed) -> tuple[str, str]:
    return filed.evidence.experiment, repr(filed.evidence.values)  # NaN differs from itself


def _odd(group: Sequence[Filed]) -> Iterator[Problem]:
    """Yield a problem for each piece of a version whose outcomes differ from those of most pieces."""
    counts = Counter(map(_names, group))
    usual = max(counts, key=counts.__getitem__)  # of two equally frequent ones, the one that came first
    expected = ", ".join(usual)
    for each in group:
        if _names(each) != usual:
            names = ", ".join(_names(each))
            advice = "run the experiment again: the block is measured anew, and this piece does not count"
            yield _problem("evidence-outcomes", each, names, f"{expected}, as in the other blocks", advice)


def _is_copied(group: Sequence[Filed]) -> bool:
    """Do pieces with equal values differ in their seeds? Arms that do the same share their seeds."""
    return len(group) > 1 and len({each.evidence.seeds for each in group}) > 1


def _copies(group: Sequence[Filed], found: Sequence[Filed]) -> Iterator[Problem]:
    """Yield a problem for each piece that has the values of an earlier one, unless chance explains it."""
    for number, each in enumerate(group):
        earlier = [other for other in group[:number] if other.evidence.seeds != each.evidence.seeds]
        if earlier and _expected(each, earlier[0], found) < CHANCE:
            yield _problem(
                "evidence-copy",
                each,
                f"the values of {earlier[0].path}, from other seeds",
                "values that were measured",
                "find out who made the file, or whether the script uses its seeds; the piece does not count",
            )


def _expected(copy: Filed, model: Filed, found: Iterable[Filed]) -> float:
    """Return how many pairs of blocks of two arms would be equal by chance.

    The chance that two seeds are equal in all outcomes is estimated from all other blocks of the arms, plus
    one added pair of equal seeds; five pairs of seeds must be equal at once.
    """
    arms = {_arm(copy), _arm(model)}
    others = [each.evidence for each in found if _arm(each) in arms and each is not copy]
    rows = Counter(repr(row) for piece in others for row in zip(*piece.values.values(), strict=True))
    pairs, equal = math.comb(rows.total(), 2), sum(math.comb(number, 2) for number in rows.values())
    return math.comb(len(others) + 1, 2) * ((equal + 1) / (pairs + 1)) ** len(copy.evidence.seeds)


def _conflicts(group: Sequence[Filed], fitting: Iterable[Filed]) -> Iterator[Problem]:
    """Yield a problem for each piece whose values differ from those of an earlier piece of the same block.

    The same machine must give the same bits for a version; another must give what the arm's seeds predict.
    """
    if not group:
        return
    first: dict[tuple[str, ...], Filed] = {}
    for each in group:
        same = first.setdefault((each.evidence.version, *each.evidence.surroundings), each)
        if _values(same) != _values(each):
            found = f"other values than in {same.path}, from the same block, machine and versions"
            yield _conflict(each, found, "the same bits whenever one machine measures a block again")
        elif same is each and each is not group[0] and (name := _unpredicted(each, group, fitting)):
            found = f"{name} lies far from that in {group[0].path}, from the same block"
            yield _conflict(each, found, "values inside the 99.9 % prediction interval of the arm")


def _unpredicted(replay: Filed, group: Sequence[Filed], fitting: Iterable[Filed]) -> str | None:
    """Return an outcome of a replay that does not fit the arm's counting blocks; None where all fit."""
    replays = {each.path for each in group[1:]}
    arm = [each.evidence for each in fitting if _arm(each) == _arm(replay) and each.path not in replays]
    for name, values in replay.evidence.values.items():
        known = [value for piece in arm for value in piece.values.get(name, ())]
        if not is_predicted(known, values):
            return name
    return None


def _conflict(filed: Filed, found: str, allowed: str) -> Problem:
    advice = (
        "find what the result depends on besides its seeds, such as the clock or the order of a set;"
        " the piece that came first in the history counts"
    )
    return _problem("evidence-conflict", filed, found, allowed, advice)


def _other_units(
    fitting: Iterable[Filed], earlier: Callable[[Filed], tuple[float, str, str]]
) -> Iterator[Problem]:
    """Yield a problem for the later of two blocks of an arm, if one seems to be in shares, one in percent."""
    for blocks in _by(fitting, _arm).values():
        for name in blocks[0].evidence.values if len(blocks) > 1 else ():
            known = [each for each in blocks if _is_of_one_sign(each.evidence.values[name])]
            if len(known) < 2:
                continue
            small, *_, large = sorted(known, key=lambda each: _median(each, name))
            if _is_scaled(small.evidence.values[name], large.evidence.values[name]):
                first, later = sorted((small, large), key=earlier)
                found = f"{name} is about a hundred times, or a hundredth of, that in {first.path}"
                advice = "find out whether one of the two is in percent; evidence is never edited"
                yield _problem("evidence-units", later, found, "one unit for all blocks of an arm", advice)


def _is_of_one_sign(values: Sequence[float]) -> bool:
    return (min(values) > 0 or max(values) < 0) and all(map(math.isfinite, values))


def _median(filed: Filed, name: str) -> float:
    return abs(median(filed.evidence.values[name]))


def _is_scaled(small: Sequence[float], large: Sequence[float]) -> bool:
    """Are all values of one block above all of the other, and their medians about a hundredfold?"""
    least, most = NEAR_PERCENT
    is_apart = max(map(abs, small)) < min(map(abs, large))
    return is_apart and least <= abs(median(large) / median(small)) <= most


def _problem(code: str, filed: Filed, found: str, allowed: str, advice: str) -> Problem:
    return Problem(code, Place(filed.path, 1, 1), found, allowed, advice)
