"""Whether two built sites judge alike, digit by digit: every fact of every claim, whatever the words for it.

Run: python benchmarks/same_verdicts.py OLD_SITE NEW_SITE

The answers of the two APIs (`api/v1/` in each folder) are compared. Texts are left out, since they may have
been improved, and so are addresses and the names of test versions. It exits with 1 if anything else differs.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

CLAIM = ("state", "standing", "stale", "verdict.seeds", "verdict.alpha", "verdict.revision")
FINDING = (
    "arms",
    "range",
    "goal",
    "estimand",
    "estimate",
    "interval",
    "trail",
    "seeds",
    "decision",
    "detail",
    "seeds_needed",
    "nonfinite",
)
EVIDENCE = ("arm", "block", "started", "machine", "path")
LATER = frozenset(["goal", "trail"])
"""Facts that the first version of the API did not tell: compared where both sites do."""
RENAMED = {"detail": {"needs at least 5 seeds": "too few seeds"}}
"""Values that have a different name today, by fact: former name, then today's."""


class Fact(NamedTuple):
    """One fact of a site, and where it is."""

    place: str
    name: str
    value: object


def facts(site: Path) -> dict[tuple[str, str], object]:
    """Return everything that a site states and that must not differ, by place and name."""
    api = site / "api" / "v1"
    found = {}
    for path in sorted((api / "claims").glob("*.json")):
        claim = json.loads(path.read_text(encoding="utf-8"))
        if claim["id"] == path.stem and "state" in claim:  # not an old id, which answers as another
            found |= {(fact.place, fact.name): fact.value for fact in _of_claim(claim)}
    rows = json.loads((api / "claims.json").read_text(encoding="utf-8"))["claims"]
    for row in rows:
        for name in ("state", "standing", "seeds"):
            found[f"list of claims, {row['id']}", name] = row[name]
    graph = json.loads((api / "graph.json").read_text(encoding="utf-8"))
    for node in graph["nodes"]:
        if node["type"] == "claim":
            found[f"graph, {node['id']}", "state and standing"] = [node["state"], node["standing"]]
    return found


def _of_claim(claim: dict[str, Any]) -> Iterator[Fact]:
    place = claim["id"]
    for name in CLAIM:
        yield Fact(place, name, _value(claim, name))
    for finding in claim["findings"]:
        role = "control" if finding["control"] else "prediction"
        where = f"{place}, {role} {finding['prediction']} of {' minus '.join(finding['arms'])}"
        for name in FINDING:
            if name in finding or name not in LATER:
                value = finding[name]
                yield Fact(where, name, RENAMED.get(name, {}).get(value, value) if name in RENAMED else value)
    for piece in claim["evidence"]:
        for name in EVIDENCE:
            yield Fact(f"{place}, evidence {piece['sha256']}", name, piece[name])


def _value(document: dict[str, Any], name: str) -> object:
    """Return a field, or one inside a field, such as `verdict.seeds`; None if the outer one is null."""
    outer, _, inner = name.partition(".")
    value = document[outer]
    return value[inner] if inner and value is not None else value


def main(old_site: str, new_site: str) -> int:
    """Print how many facts were compared and which differ, and return the exit code."""
    old, new = facts(Path(old_site)), facts(Path(new_site))
    only_later = {key for key in new.keys() - old.keys() if key[1] in LATER}
    keys = sorted((old.keys() | new.keys()) - only_later)
    different = [key for key in keys if old.get(key, "nothing") != new.get(key, "nothing")]
    for place, name in different:
        before, after = old.get((place, name), "nothing"), new.get((place, name), "nothing")
        print(f"{place}: {name} was {before!r} and is {after!r}")
    for name, count in Counter(name for _, name in keys).most_common():
        print(f"{count:>6}  {name}")
    print(f"{len(keys)} facts compared, {len(different)} differ")
    return 1 if different or not keys else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
