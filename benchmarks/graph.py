"""How long it takes to check, judge and weigh a base of a thousand claims, and of ten thousand.

The claims are as long as those of this project. Half of them have a protocol with three predictions and a
control, the others say what a test would take. Each has three relations. Ten claims share an experiment with
three arms, and five of them its evidence: two blocks per arm, each with a curve. Everything is read from
disk, in a fresh process whose start-up is not counted. At the end conflicts are looked for among 3,000 claims
in ten layers.

Run: python benchmarks/graph.py
"""

from __future__ import annotations

import cProfile
import json
import pstats
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from itertools import chain, pairwise
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from kb.evidence.ledger import Evidence, read_ledger, to_file
from kb.evidence.strays import fitted
from kb.judging.judgement import judge_base, undeclared_revisions
from kb.reading.load import load_base
from kb.reading.tree import Folder
from kb.reasoning.accounts import accounts
from kb.reasoning.conflicts import minimal_sets
from kb.reasoning.relations import ClaimRelations, Link
from kb.reasoning.standing import Known, standings
from kb.records.claims import Relation
from kb.records.relations import RelationType
from tests.conftest import CLAIM, EXPERIMENT, SOURCE
from tests.evidence_of import evidence_of

BUDGETS = {1_000: 1.2, 10_000: 10.0}
"""Seconds allowed, by number of claims."""
REPEATS = 7
CLAIMS_OF_AN_EXPERIMENT = 10
ARMS = {"fair": 0.5, "loaded": 0.8, "worn": 0.78}
BLOCKS = 2
HEAD, PROTOCOL = CLAIM.split("scope:")
PREDICTIONS = PROTOCOL[PROTOCOL.index("    - name:") : PROTOCOL.index("  controls:")]
FILLER = "It was seen on several coins, thrown by several people, on tables of wood and of stone. " * 3
SCRIPT = EXPERIMENT.replace('"loaded": "heads', '"worn": "a loaded coin, worn",\n    "loaded": "heads')


def write_base(root: Path, claims: int) -> None:
    """Write a number of claims, a tenth as many sources and experiments, and evidence into a folder."""
    dice = random.Random(claims)  # noqa: S311  # a benchmark needs the same base every time, not secrets
    for i in range(claims // CLAIMS_OF_AN_EXPERIMENT):
        _write(
            root / f"claims/sources/source-{i}.yaml",
            SOURCE.replace("not fair", f"not fair, part {i}").replace("/coins", f"/{i}"),
        )
        _write(root / f"repro/experiments/coin_{i}.py", SCRIPT.replace("a loaded coin", f"loaded coin {i}"))
    for i in range(claims):
        _write(root / f"claims/topic-{i % 12}/claim-{i}.yaml", _claim(i, dice))
    (root / "repro/lab").symlink_to(ROOT / "repro/lab")
    for script in load_base(Folder(root)).scripts.values():
        version = script.version()
        for at in range(BLOCKS * len(ARMS)):
            arm = [*ARMS][at % len(ARMS)]
            values = tuple(round(dice.gauss(ARMS[arm], 0.03), 4) for _ in range(5))
            curve = tuple(tuple(dice.random() for _ in range(50)) for _ in range(5))
            piece = evidence_of(script, version, arm, at // len(ARMS), values, curves={"score_curve": curve})
            _write_evidence(root, piece)


def _claim(i: int, dice: random.Random) -> str:
    """Return a record; its relations go to claims with lower numbers, so that none rests on itself."""
    group = i // CLAIMS_OF_AN_EXPERIMENT
    head = HEAD.replace("A loaded coin", f"In game {i} a loaded coin").replace(
        "A coin", f"In game {i}, a coin"
    )
    head = head.replace("toy-source", f"source-{group}").replace("visibly", f"visibly and {FILLER}")
    lines = [head, "relations:\n"] if i >= 3 else [head]
    kinds = dice.choices(
        ["supports", "depends_on", "contradicts", "refines", "explains"], [5, 3, 2, 1, 1], k=3
    )
    for kind, target in zip(kinds, dice.sample(range(i), 3) if i >= 3 else [], strict=False):
        lines.append(f"  - {{type: {kind}, claim: claim-{target}, because: the one bears on the other}}\n")
    if i % 2:
        return "".join([*lines, f"untested: A coin, a table and afternoon {i}; {FILLER}\n"])
    bound = dice.choice(["0.1", "0.2", "0.35"])
    more = "".join(
        PREDICTIONS.replace("loaded-beats-fair", f"also-{name}").replace("[loaded, fair]", f"[{name}, fair]")
        for name in ("worn", "loaded")
    )
    body = PROTOCOL.replace("  controls:", more + "  controls:").replace(
        "at_least: 0.1", f"at_least: {bound}"
    )
    body = body.replace("experiment: coin", f"experiment: coin_{group}")
    return "".join([*lines, "scope:", body.replace("toy-source", f"source-{group}")])


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _write_evidence(root: Path, piece: Evidence) -> None:
    name, content = to_file(piece)
    path = root / piece.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def work(root: Path) -> dict[str, float]:
    """Check, judge, give standings and accounts; return the wall seconds of each part."""
    marks = [time.perf_counter()]
    base = load_base(Folder(root))
    marks.append(time.perf_counter())
    ledger = fitted(base, read_ledger(Folder(root)))
    marks.append(time.perf_counter())
    judgements = judge_base(base, ledger)
    hidden = [*undeclared_revisions(base, judgements)]
    marks.append(time.perf_counter())
    found = standings(base, judgements)
    marks.append(time.perf_counter())
    listed = accounts(base, judgements, found)
    marks.append(time.perf_counter())
    wrong = [*base.problems, *ledger.problems, *hidden]
    if wrong or base.claims.keys() != found.keys() | listed.keys():
        raise SystemExit(f"the synthetic base is wrong: {wrong[:3]}")
    names = ("records and rules", "evidence", "verdicts", "standings", "accounts")
    return dict(zip(names, (b - a for a, b in pairwise(marks)), strict=True))


def print_profile(root: Path) -> None:
    """Print the functions that take the most time themselves."""
    profile = cProfile.Profile()
    profile.runcall(work, root)
    rows = pstats.Stats(profile).stats  # type: ignore[attr-defined]  # typeshed leaves the table out
    total = sum(row[2] for row in rows.values())
    for (file, _, name), row in sorted(rows.items(), key=lambda item: -item[1][2])[:3]:
        print(f"  {100 * row[2] / total:5.1f} %  {Path(file).name} {name}")


def measure(root: Path, claims: int, repeats: int) -> bool:
    """Print the medians for one base; return whether it keeps within the budget."""
    command = [sys.executable, __file__, "--work", str(root)]
    runs = []
    for _ in range(repeats):
        answer = subprocess.run(command, capture_output=True, check=True, text=True).stdout
        runs.append(json.loads(answer))
    parts = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    total = statistics.median(sum(run.values()) for run in runs)
    print(f"{claims:,} claims: median {total:.2f} s of {repeats}, budget {BUDGETS[claims]} s")
    print("  " + ", ".join(f"{name} {seconds:.2f} s" for name, seconds in parts.items()))
    print_profile(root)
    return total <= BUDGETS[claims]


def print_conflicts(claims: int, layers: int, dependencies: int) -> None:
    """Print how long conflicts take among claims in layers, each resting on many of the layer below."""
    dice, width = random.Random(claims), claims // layers  # noqa: S311  # the same base every time
    lower = [range(max(0, i // width - 1) * width, i // width * width) for i in range(claims)]
    rests = [dice.sample(below, min(dependencies, len(below))) for below in lower]
    ends = [dice.sample(range(claims), 2) for _ in range(100)]
    for count in (0, 3, 100):
        bases, against = defaultdict(list), defaultdict(list)
        for i, targets in enumerate(rests):
            bases[f"claim-{i}"] = [_link(i, "depends_on", j) for j in targets]
        for i, j in ends[:count]:
            against[f"claim-{j}"].append(_link(i, "contradicts", j))
        carries = defaultdict(list)
        for link in chain.from_iterable(list(bases.values())):
            carries[link.target].append(link)
        relations = ClaimRelations(tuple(bases), bases, carries, against, {})
        known = {name: Known("not run" if k % 3 else "reproduced") for k, name in enumerate(relations.claims)}
        start = time.perf_counter()
        found = minimal_sets(relations, known)
        seconds = time.perf_counter() - start
        print(f"{count} contradictions among {claims:,} claims: {len(found)} conflicts, {seconds:.2f} s")


def _link(start: int, kind: RelationType, end: int) -> Link:
    relation = Relation(type=kind, claim=f"claim-{end}", because="the one bears on the other")
    return Link(f"claim-{start}", relation)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        print(json.dumps(work(Path(sys.argv[2]))))
        sys.exit(0)
    kept = []
    for count in BUDGETS:
        with tempfile.TemporaryDirectory() as temporary:
            write_base(Path(temporary), count)
            kept.append(measure(Path(temporary), count, REPEATS if count < 10_000 else 3))
    print_conflicts(3_000, layers=10, dependencies=50)
    sys.exit(not all(kept))
