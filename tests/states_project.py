"""A project on disk with one claim in each state, and all that its site is built from."""

from __future__ import annotations

import random
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kb.evidence.ledger import to_file
from kb.project import read
from kb.reading.base import Base
from kb.reading.load import load_base
from kb.reading.tree import Folder
from kb.reading.version import version_of
from kb.reasoning.answers import spoken_answers, spoken_statements
from kb.writing.review import with_digest, with_marked_digest
from tests.conftest import CLAIM, EXPERIMENT, SOURCE, write_project
from tests.evidence_of import evidence_of

ROOT = Path(__file__).parents[1]
OTHER_CODE = {"dice": "e" * 64}
CENTRES = {"fair": 0.5, "loaded": 0.8, "worn": 0.78}

SECOND_PREDICTION = """\
    - name: half-beats-fair
      says: The loaded coin shows at least half as many heads again.
      outcome: score
      contrast: [loaded, fair]
      at_least: 0.5
      because: half is what a rumour claimed
"""
CONTROLS = CLAIM[CLAIM.index("  controls:") : CLAIM.index("  deviations:")]
WORN_CONTROL = """\
  controls:
    - {prediction: loaded-beats-fair, contrast: [worn, fair], because: the fair coin must not win}
"""
SETTINGS = """\
  settings:
    - {name: minimal}
    - {name: long, scale: {flips: 300}, because: a load may wear off}
    - {name: large, scale: large, needs: cuda, because: so many flips need a GPU}
"""
PROTOCOL = CLAIM[CLAIM.index("protocol:") :]
LEANS = """\
relations:
  - {type: depends_on, claim: toy-contradicted, because: a coin ought not to do what it does not}
  - {type: depends_on, claim: toy-to-be-written, because: somebody has to look at more coins}
"""
CLAIMS = {
    "toy-claim": CLAIM.replace(
        "kind: empirical", "kind: empirical\npitfalls: A coin may *also* land on its edge."
    )
    + "relations:\n  - {type: depends_on, claim: toy-contradicted, because: it speaks of the same coin}\n"
    + "answer:\n  says: The loaded coin showed 30 points more heads than the fair one.\n",
    "toy-contradicted": CLAIM.replace("at_least: 0.1", "at_least: 0.5"),
    "toy-split": CLAIM.replace("  controls:", SECOND_PREDICTION + "  controls:")
    + "answer:\n  says: The loaded coin showed more heads, but not half as many again.\n",
    "toy-varies": CLAIM.replace("  predictions:\n", f"{SETTINGS}  predictions:\n"),
    "toy-inconclusive": CLAIM.replace("at_least: 0.1", "at_least: 0.3"),
    "toy-invalid": CLAIM.replace(CONTROLS, WORN_CONTROL),
    "toy-stale": CLAIM.replace("experiment: coin", "experiment: dice"),
    "toy-not-run": CLAIM.replace("experiment: coin", "experiment: cards")
    + "relations:\n  - {type: depends_on, claim: toy-contradicted, because: it is dealt the same way}\n",
    "toy-to-be-written": CLAIM.replace(
        "experiment: coin", "experiment: dominoes\n  planned: Arms *fair* and loaded."
    ),
    "toy-untested": CLAIM.replace(PROTOCOL, "untested: A coin, a table and an *afternoon*.\n"),
    "toy-not-testable": CLAIM.replace(PROTOCOL, "not_testable: It says what a coin ought to do.\n") + LEANS,
}
SOURCE_READ_WHOLE = """\
slips:
  - what: The source says that *all* coins are loaded.
    instead: Only some are.
    locator: {section: Results, anchor: [all coins, loaded]}
paragraphs:
  - {anchor: [a loaded coin, more often], claims: [IDS]}
  - {anchor: [we thank, the coins], none: an acknowledgement}
"""
DEBATE = """\
title: Does a load show?
question: Is a loaded coin told from a fair one in an *evening*?
sides:
  - {name: It shows, claims: [toy-claim, toy-split]}
  - {name: It does not, claims: [toy-contradicted]}
discriminating:
  what: Flip both coins a hundred times.
  claims: [toy-claim]
readings:
  - if: heads differ by a tenth
    then: the load shows
    when:
      - {claim: toy-claim, prediction: loaded-beats-fair, is: reproduced}
  - if: heads do not differ by a tenth
    then: the load does not show in an *evening*
    when:
      - {claim: toy-claim, prediction: loaded-beats-fair, is: contradicted}
  - {if: the coin lands on its edge, then: nobody wins}
answer:
  says: In our test the load shows.
"""
OVERVIEWS = {
    "answer": "# A load\n\nIt was asked.\nIt does. {toy-claim}\n\n## How far\n\nNot by half. {toy-split}\n",
    "start": "# A load\n\nIt does. {toy-claim}\n\n## Coins\n\nA load shows. {toy-claim, toy-split}\n",
    "surprises": "# What came out otherwise\n\n## Half is not reached\n\nIt was not. {toy-split}\n",
}
"""Texts about the toy claims; their sentences are confirmed, other than that of the section `How far`."""
OTHER_RECORDS = {
    "debates/toy-debate": DEBATE,
    "toys/toy-moved": "moved_to: toy-claim\n",
    "toys/toy-parted": "split_into: [toy-claim, toy-split]\n",
}
SCRIPT = EXPERIMENT.replace(
    '"loaded": "heads', '"worn": "a loaded coin after years of use",\n    "loaded": "heads'
)
SHARED = ("mkdocs.yml", "site")


def write_states_project(root: Path) -> Path:
    """Write the project with its evidence, templates and configuration into a folder and return it."""
    write_project(root)
    for claim_id, text in CLAIMS.items():
        titled = text.replace("A loaded coin", f"In the test {claim_id}, a loaded coin", 1)
        titled = titled.replace("A coin that is loaded", f"In the test {claim_id}, a coin that is loaded")
        (root / f"claims/toys/{claim_id}.yaml").write_text(titled, encoding="utf-8")
    for name, text in OTHER_RECORDS.items():
        (root / "claims" / name).parent.mkdir(exist_ok=True)
        (root / f"claims/{name}.yaml").write_text(text, encoding="utf-8")
    source = SOURCE + SOURCE_READ_WHOLE.replace("IDS", ", ".join(CLAIMS))
    (root / "claims/sources/toy-source.yaml").write_text(source, encoding="utf-8")
    (root / "claims/overviews").mkdir()
    for name, text in OVERVIEWS.items():
        (root / f"claims/overviews/{name}.md").write_text(text, encoding="utf-8")
    for name in ("coin", "dice", "cards"):
        (root / f"repro/experiments/{name}.py").write_text(SCRIPT.replace("coin", name), encoding="utf-8")
    for name in SHARED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        copy(ROOT / name, root / name)
    write_evidence(root)
    confirm_answers(root, "toy-claim", "toy-debate")
    confirm_sentences(root)
    return root


def confirm_answers(root: Path, *record_ids: str) -> None:
    """Write into some records what their answers speak of; those of the others stay suspect."""
    project = read(Folder(root))
    answers = spoken_answers(project.base, project.judgements)
    for record_id in record_ids:
        path = root / project.base.paths[record_id]
        path.write_text(
            with_digest(path.read_text(encoding="utf-8"), answers[record_id].now), encoding="utf-8"
        )


def confirm_sentences(root: Path) -> None:
    """Write into the overviews what their sentences speak of; one stays suspect."""
    project = read(Folder(root))
    for found in spoken_statements(project.base, project.judgements).values():
        for each in found:
            if each.place and each.says != "Not by half.":
                path = root / each.place.path
                text = path.read_text(encoding="utf-8")
                path.write_text(with_marked_digest(text, each.place.line, each.now), encoding="utf-8")


def write_evidence(root: Path) -> None:
    """Write two blocks of every arm: current ones of the coin, and stale ones of the dice.

    The coin has others at a second setting, where the load has worn off.
    """
    base = load_base(Folder(root))
    _write(root, base, "coin", base.scripts["coin"].version(), CENTRES)
    other = version_of(OTHER_CODE, base.scripts["dice"].scales["minimal"])
    _write(root, base, "dice", other, CENTRES, code=OTHER_CODE)
    if "toy-varies" in base.claims and (protocol := base.claims["toy-varies"].protocol):
        script, (_, longer, _) = base.scripts["coin"], protocol.settings
        scale = {"scale": script.scale_of(longer), "scale_name": longer.name}
        even = dict.fromkeys(CENTRES, 0.5)
        _write(root, base, "coin", script.version_at(longer), even, only="toy-varies", **scale)


def _write(
    root: Path,
    base: Base,
    name: str,
    version: str,
    centres: Mapping[str, float],
    *,
    only: str = "",
    **changes: Any,
) -> None:
    digests = {
        claim_id: claim.protocol.digest
        for claim_id, claim in base.claims.items()
        if claim.protocol and claim.protocol.experiment == name and only in ("", claim_id)
    }
    folder = root / "repro" / "evidence" / name / version[:12]
    folder.mkdir(parents=True)
    for block in range(2):
        for arm, centre in centres.items():
            noise = random.Random(f"{arm}{block}")
            values = tuple(round(noise.gauss(centre, 0.03), 2) for _ in range(5))
            words = {"predictions": digests, **changes}
            file_name, content = to_file(
                evidence_of(base.scripts[name], version, arm, block, values, **words)
            )
            (folder / file_name).write_bytes(content)
