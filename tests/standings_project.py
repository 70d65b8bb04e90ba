"""Expected standings as records: each file of `tests/standings/` as a project on disk, with evidence.

A file holds claims by id, each with the fields that matter to its standing: `relations` as in a record,
`evidence` for what is to come out of its protocol, or why there is none, and `expects`, which no record has.
All other fields are the tiny project's.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kb.text.yaml_guard import compose
from tests.conftest import write_project
from tests.states_project import CLAIMS, SCRIPT, write_evidence

FOLDER = Path(__file__).parent / "standings"
TEXTS = {name.removeprefix("toy-"): text.partition("relations:")[0] for name, text in CLAIMS.items()}
"""A record for each state that evidence may leave a claim in."""
TEXTS["reproduced"] = TEXTS["claim"]

Expected = dict[str, dict[str, Any]]


def write_standings_project(name: str, root: Path) -> Expected:
    """Write the claims of one file into a folder and return what is expected of each."""
    write_project(root)
    (root / "claims/toys/toy-claim.yaml").unlink()
    for experiment in ("coin", "dice", "cards"):
        script = root / f"repro/experiments/{experiment}.py"
        script.write_text(SCRIPT.replace("coin", experiment), encoding="utf-8")
    records = compose((FOLDER / f"{name}.yaml").read_text(encoding="utf-8")).value
    for claim_id, fields in records.items():
        text = TEXTS[fields["evidence"]].replace("A loaded coin", f"In the test {claim_id}, a loaded coin", 1)
        text = text.replace("A coin that is loaded", f"In the test {claim_id}, a coin that is loaded")
        relations = json.dumps(fields.get("relations", []))
        path = root / f"claims/toys/{claim_id}.yaml"
        path.write_text(f"{text}relations: {relations}\n", encoding="utf-8")
    write_evidence(root)
    return {claim_id: fields["expects"] for claim_id, fields in records.items()}
