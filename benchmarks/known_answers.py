"""Small claims of known truth, half of them false, measured and judged by `repro run` as any other.

Run: python benchmarks/known_answers.py [--keep | --kept] [--folder PATH]

Each case is a script that draws numbers with a known effect and noise, and a claim about them; the last cases
are scripts spoilt on purpose. A claim that stays open is neither right nor wrong. `--keep` puts the table
into known_answers.json and on the page of the method.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from workloads.tables import aligned, put

from kb.project import read
from kb.reading.tree import Folder

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "benchmarks" / "known_answers.json"
PAGE = ROOT / "site" / "docs" / "method.md"
HEAD = ["case", "effect", "noise", "claimed", "truth", "verdict", "seeds", "came out"]
ONE = "at_least: 1.0"
REFUSED = "refused"
SOME_REFUSED = 5
"""The exit code of a run of which some blocks have no values."""
NOISE = {
    "normal": "standard_normal()",
    "uniform": "uniform(-1.73, 1.73)",
    "t with 3 degrees": "standard_t(3)",
    "exponential": "exponential(1) - 0.693147",
    "lognormal": "lognormal(0, 1) - 1.0",
    "lognormal, mean 0": "lognormal(0, 1) - 1.648721",
    "bimodal 80/20": "choice([-0.25, 1.0], p=[0.8, 0.2]) + 0.05 * rng.standard_normal()",
}
"""How a generator `rng` draws each noise; those with a tail have median 0, or mean 0 where it says so."""


class Case(NamedTuple):
    """A claim of known truth.

    Attributes:
        effect: What the arm `treated` has more than `plain`; in decades for a ratio.
        bound: Lines of the prediction that state it.
        spoilt: How the script is spoilt, if it is.
    """

    name: str
    effect: float
    noise: str
    bound: str
    is_true: bool
    spoilt: str = ""


MEDIAN, WINS = "estimand: median", "estimand: win_rate"
CASES = (
    Case("twice the bound", 2, "normal", ONE, True),
    Case("four times the bound", 4, "normal", ONE, True),
    Case("half above the bound", 1.5, "normal", ONE, True),
    Case("uniform", 2, "uniform", ONE, True),
    Case("heavy tails, mean", 3, "t with 3 degrees", ONE, True),
    Case("heavy tails, median", 2, "t with 3 degrees", f"{ONE}\n      {MEDIAN}", True),
    Case("skewed, median", 2, "exponential", f"{ONE}\n      {MEDIAN}", True),
    Case("very skewed, median", 2, "lognormal", f"{ONE}\n      {MEDIAN}", True),
    Case("bimodal, win rate", 2, "bimodal 80/20", f"{ONE}\n      {WINS}", True),
    Case("equal within a tolerance", 0, "normal", "equals: 0.0\n      within: 1.5", True),
    Case("ratio of twelve", 1.08, "normal", "at_least: 4.0\n      units: ratio", True),
    Case("at most, far below", -2, "normal", "at_most: -1.0", True),
    Case("no effect", 0, "normal", ONE, False),
    Case("opposite effect", -1, "normal", ONE, False),
    Case("half the bound", 0.5, "normal", ONE, False),
    Case("no effect, uniform", 0, "uniform", ONE, False),
    Case("no effect, heavy tails", 0, "t with 3 degrees", ONE, False),
    Case("no effect, skewed, median", 0, "exponential", f"{ONE}\n      {MEDIAN}", False),
    Case("no effect, very skewed, mean", 0, "lognormal, mean 0", ONE, False),
    Case("no effect, bimodal, win rate", 0, "bimodal 80/20", f"{ONE}\n      {WINS}", False),
    Case("far from equal", 2, "normal", "equals: 0.0\n      within: 1.0", False),
    Case("ratio of one", 0, "normal", "at_least: 4.0\n      units: ratio", False),
    Case("arms exchanged", 2, "normal", ONE, False, "arms exchanged"),
    Case("one value for all", 2, "normal", ONE, False, "constant"),
    Case("seeds ignored", 0, "normal", ONE, False, "seeds ignored"),
    Case("seeds ignored, by luck", 0, "normal", ONE, False, "seeds ignored by chance"),
    Case("labels shuffled", 0, "normal", "at_least: 0.1", False, "labels shuffled"),
    Case("one data set a block", 0, "normal", ONE, False, "data of the block"),
)

SOURCE = """\
title: Claims of known truth
type: article
author:
  - {family: Doe, given: Jane}
issued: "2026-11-30"
URL: https://example.org/known
verified: text
"""
CLAIM = """\
title: {title}
kind: empirical
statement: >-
  In case {number} the arm treated differs from the arm plain as its prediction says.
stated_in:
  - source: known
    by: Jane Doe
    stance: asserts
    locator: {{section: "Case {number}", anchor: ["{title}", "case {number}"]}}
scope: numbers drawn with a known effect
protocol:
  experiment: case_{number}
  predictions:
    - name: differs
      says: Treated differs from plain as said.
      outcome: score
      contrast: [treated, plain]
      {bound}
      because: the truth is known
{controls}"""
CONTROL = """\
  controls:
    - {prediction: differs, contrast: [untreated, plain], because: without treatment there is no effect}
"""
SCRIPT = '''\
"""Does case {number} come out as it was made?

Hypothesis: the truth is known. Method: draw numbers. Arms: treated, untreated, plain. Outcomes: score.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from repro.lab.outcomes import Outcome
from repro.lab.seeds import Seeds

ARMS = {{
    "plain": "what all arms share",
    "treated": "the same with noise and effect",
    "untreated": "the same with other noise and no effect",
}}
OUTCOMES = {{"score": Outcome("score", unit="{unit}", better="neither", resolution=0.001)}}
EFFECTS = {{"plain": 0.0, "treated": {effect}, "untreated": 0.0}}


@dataclass(frozen=True)
class Scale:
    """Size of the case."""

    points: int = 20


MINIMAL = Scale()
LARGE = Scale(points=40)


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    """Draw one number for each seed."""
{body}
'''
PLAIN_BODY = """\
    base = [rng.standard_normal() for rng in seeds.generators("base")]
    noise = [rng.{noise} for rng in seeds.generators(arm)]
    is_noisy = float(arm != "plain")
    values = np.array(base) + is_noisy * np.array(noise) + EFFECTS[arm]
    return {{"score": torch.from_numpy({value})}}"""
SEEDLESS_BODY = """\
    rng = np.random.Generator(np.random.Philox(key=len(arm)))
    return {{"score": torch.full((len(seeds.values),), float(rng.{noise}) + EFFECTS[arm])}}"""
BODIES = {
    "": PLAIN_BODY,
    "arms exchanged": PLAIN_BODY.replace("EFFECTS[arm]", '(EFFECTS["treated"] if arm == "plain" else 0.0)'),
    "constant": '    return {{"score": torch.full((len(seeds.values),), 3.0)}}',
    "seeds ignored": SEEDLESS_BODY,
    "seeds ignored by chance": SEEDLESS_BODY.replace("len(arm)", "len(arm) + 1"),
    "labels shuffled": """\
    accuracies = []
    for rng in seeds.generators(arm):
        labels = rng.integers(0, 2, scale.points)
        guesses = labels if arm == "plain" else rng.permutation(labels)
        accuracies.append(float((guesses == rng.permutation(labels)).mean()))
    return {{"score": torch.tensor(accuracies)}}""",
    "data of the block": """\
    shared = seeds.generators("data of " + arm)[0]
    data = float(shared.{noise})
    own = [0.01 * rng.standard_normal() for rng in seeds.generators(arm)]
    return {{"score": torch.tensor(own) + data}}""",
}
"""How each kind of script measures; the first is as it should be."""


def write_project(root: Path, cases: Sequence[Case]) -> None:
    """Write a project with a script and a claim for each case."""
    (root / "claims" / "sources").mkdir(parents=True)
    (root / "claims" / "known").mkdir()
    (root / "repro" / "experiments").mkdir(parents=True)
    (root / "claims" / "sources" / "known.yaml").write_text(SOURCE, encoding="utf-8")
    for number, case in enumerate(cases):
        is_ratio, is_equal = "ratio" in case.bound, "equals" in case.bound
        claim = CLAIM.format(
            title=case.name.capitalize(),
            number=number,
            bound=case.bound,
            controls="" if is_equal or case.spoilt else CONTROL,
        )
        body = BODIES[case.spoilt].format(
            noise=NOISE[case.noise], value="10.0 ** (0.2 * values)" if is_ratio else "values"
        )
        effect = 5 * case.effect if is_ratio else case.effect
        unit = "units" if is_ratio else "points"
        script = SCRIPT.format(number=number, effect=effect, body=body, unit=unit)
        (root / "claims" / "known" / f"case-{number}.yaml").write_text(claim, encoding="utf-8")
        (root / "repro" / "experiments" / f"case_{number}.py").write_text(script, encoding="utf-8")


def run(root: Path, cases: Sequence[Case] = CASES) -> list[list[str]]:
    """Write, measure and judge the cases in a folder, and return the rows of the table.

    A script that breaks the contract of experiments is refused before anything of it is recorded.

    Raises:
        subprocess.CalledProcessError: The run failed for another reason.
    """
    write_project(root, cases)
    command = [
        str(Path(sys.executable).with_name("repro")),
        "--root",
        str(root),
        "run",
        "--all",
        "--exit-zero",
    ]
    done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
    if done.returncode not in (0, SOME_REFUSED):
        done.check_returncode()
    judgements = read(Folder(root)).judgements
    rows = []
    for number, case in enumerate(cases):
        judgement = judgements[f"case-{number}"]
        verdict = judgement.verdict
        state, seeds = (judgement.state, verdict.seeds) if verdict else (REFUSED, 0)
        wanted = "reproduced" if case.is_true else "contradicted"
        came = {wanted: "right", "inconclusive": "open", REFUSED: REFUSED}.get(state, "WRONG")
        claimed = " ".join(case.bound.split())
        truth = "true" if case.is_true else "false"
        rows.append([case.name, f"{case.effect:g}", case.noise, claimed, truth, state, str(seeds), came])
    return rows


def kept(path: Path = KEPT) -> list[list[str]]:
    """Return the table that was kept."""
    rows: list[list[str]] = json.loads(path.read_text(encoding="utf-8"))
    return rows


def page_block(rows: list[list[str]]) -> str:
    """Return how many are right, and the table, as Markdown."""
    ends = ("right", "open", REFUSED, "WRONG")
    right, left, refused, wrong = (sum(row[-1] == came for row in rows) for came in ends)
    table = [HEAD, ["---"] * len(HEAD), *rows]
    came = f"{right} came out right, {left} stayed open, {wrong} came out wrong"
    lines = [
        f"Of {len(rows)} claims {came}, and {refused} were refused because their scripts break the contract.",
        "",
        *(f"| {' | '.join(r)} |" for r in table),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", action="store_true", help="keep the table and write it on the page")
    parser.add_argument("--kept", action="store_true", help="measure nothing; show what was kept")
    parser.add_argument("--folder", type=Path, help="an empty folder to leave the project in")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        found = kept() if options.kept else run(options.folder or Path(temporary))
    if options.keep:
        KEPT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        text = put(PAGE.read_text(encoding="utf-8"), "known-answers", page_block(found))
        PAGE.write_text(text, encoding="utf-8")
    print("\n".join(aligned(HEAD, found)))
    print(page_block(found).splitlines()[0])
