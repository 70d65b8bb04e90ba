"""An impact as Markdown for a pull request, and as plain data."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath

from kb.reasoning.conflicts import Conflict
from kb.reasoning.cost import Run
from kb.records.relations import RELATIONS
from kb.time.impact import Files, Impact
from repro.cli.parts.reasoned import cost_data, cost_text

NONE = "none"
"""Shown in place of the state or standing of a claim that does not exist."""


def as_markdown(found: Impact, base: str) -> str:
    """Return an impact as a page whose sections say what a reviewer must look at, most serious first.

    Args:
        found: What changed.
        base: What the impact is compared with, in words.
    """
    parts = [f"## Impact against {_code(base)}", *_breach(found.evidence), *_counts(found)]
    difference = found.difference
    parts += _table(
        "Standings that change",
        ("claim", "before", "after", "because"),
        (
            (_code(s.claim_id), s.before or NONE, s.after or NONE, "; ".join(s.because))
            for s in difference.standings
        ),
    )
    parts += _table(
        "Verdicts that change",
        ("claim", "before", "after"),
        ((_code(v.claim_id), v.before or NONE, v.after or NONE) for v in difference.verdicts),
    )
    parts += _table(
        "Links to look at again",
        ("claim", "link", "changed", "do"),
        (
            (_code(s.claim_id), s.link, ", ".join(s.changed), _code(f"repro {s.remedy} {s.claim_id}"))
            for s in found.suspects
        ),
    )
    parts += _table(
        "New conflicts", ("claims", "kind", "because"), (_conflict(each) for each in found.conflicts)
    )
    parts += _table(
        "Tests that are superseded",
        ("claim", "becomes test", "error level", "changed"),
        ((_code(t.claim_id), f"{t.number}", f"{t.level:.3g}", "; ".join(t.changed)) for t in found.tests),
    )
    parts += _table("Runs that become due", ("run", "cost"), (_run(run) for run in found.runs))
    parts += _table("Claims", ("claim", "change", "what"), _claims(found))
    parts += _table(
        "Relations",
        ("relation", "change"),
        ((f"{_code(r.claim_id)} {r.type} {_code(r.target)}", r.done) for r in difference.relations),
    )
    return "\n\n".join(parts) + "\n"


def _breach(evidence: Files) -> Iterator[str]:
    paths = [
        *(f"- changed: {_code(p)}" for p in evidence.changed),
        *(f"- deleted: {_code(p)}" for p in evidence.removed),
    ]
    if paths:
        yield "**Evidence was changed or deleted. It may only be added: restore these files.**"
        yield "\n".join(paths)


def _counts(found: Impact) -> Iterator[str]:
    """Yield one line on the files, and one on the evidence."""
    records = ", ".join(f"{len(paths)} {done}" for done, paths in found.records._asdict().items() if paths)
    yield f"Records and scripts: {records or 'unchanged'}."
    added = Counter(PurePosixPath(path).parts[2] for path in found.evidence.added)
    pieces = ", ".join(f"{count} of {_code(name)}" for name, count in sorted(added.items()))
    yield f"Evidence added: {pieces or 'none'}."


def _claims(found: Impact) -> Iterator[tuple[str, ...]]:
    for claim_id, done, what in found.difference.claims:
        text = ", ".join(what)
        if done == "removed":
            text = f"now {text}" if text else "leave a tombstone, so that old links go on"
        yield _code(claim_id), done, text


def _conflict(conflict: Conflict) -> tuple[str, ...]:
    ends = ((link, _code(link.claim_id), _code(link.target)) for link in conflict.contradictions)
    reasons = (
        f"{start} {RELATIONS[link.relation.type].clause} {end}: {link.relation.because}"
        for link, start, end in ends
    )
    return ", ".join(map(_code, conflict.claims)), conflict.kind, "; ".join(reasons)


def _run(run: Run) -> tuple[str, ...]:
    command = (
        f"repro run {' '.join(run.claims)}{run.options}"
        if run.is_written
        else f"repro new experiment {run.experiment}"
    )
    return _code(command), cost_text(run.cost)


def _table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield a section, or nothing if there are no rows."""
    lines = [f"| {' | '.join(map(_cell, row))} |" for row in rows]
    if lines:
        yield f"### {title}"
        yield "\n".join([f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}", *lines])


def _code(text: str) -> str:
    """Return an id, a path or a command as code; none of them has a backtick."""
    return f"`{text.replace('`', '')}`"


def _cell(text: str) -> str:
    """Return text in which only code is marked up: it was written by the author of the pull request."""
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()))
    return "".join(part.replace("|", "\\|") if part.startswith("`") else _plain(part) for part in parts)


def _plain(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>()#!|~&@])", r"\\\1", text)


def as_data(found: Impact) -> dict[str, object]:
    """Return an impact as plain JSON data."""
    difference = found.difference
    return {
        "records": found.records._asdict(),
        "evidence": found.evidence._asdict(),
        **{
            name: [each._asdict() for each in getattr(difference, name)]
            for name in ("claims", "relations", "verdicts", "standings")
        },
        "tests": [test._asdict() for test in found.tests],
        "suspects": [link._asdict() for link in found.suspects],
        "conflicts": [{"claims": each.claims, "kind": each.kind} for each in found.conflicts],
        "runs": [
            {
                "experiment": run.experiment,
                "setting": run.setting,
                "claims": run.claims,
                "written": run.is_written,
                "cost": cost_data(run.cost),
            }
            for run in found.runs
        ],
    }
