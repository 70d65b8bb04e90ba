"""How answers look: with the verdicts that they speak of, and as warnings where they are suspect."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from kb.exports.annotations import Note
from kb.project import Project
from kb.reading.base import Base
from kb.reasoning.answers import Spoken
from kb.text.problems import WIDTH, Place
from kb.words.findings import state_sentence
from repro.cli.parts.terminal import columns

CODE = "suspect-answer"
Placed = tuple[Place, Spoken]


def placed(base: Base, answers: Iterable[Spoken]) -> list[Placed]:
    """Return answers with where they stand, in order of place."""
    found = ((each.place or base.place(each.record_id, "answer"), each) for each in answers)
    return sorted(found, key=lambda pair: pair[0])


def lines(project: Project, spoken: Spoken) -> Iterator[str]:
    """Yield an answer line by line, and the verdict of each claim that it speaks of."""
    yield from _wrapped(f"{named(spoken).capitalize()}: ", spoken.says, indent=2)
    for claim_id in spoken.claims:
        said = state_sentence(project.base.claims[claim_id], project.judgements[claim_id])
        yield from _wrapped(f"  {claim_id}: ", said, indent=4)


def paragraphs(answers: Iterable[Placed]) -> Iterator[str]:
    """Yield a paragraph for each suspect answer: where it stands, why, and what to do."""
    for place, spoken in answers:
        found = _wrapped(f"{place}: warning[{CODE}]: ", f"the {named(spoken)}", indent=4)
        found += _wrapped("    why: ", spoken.suspicion, indent=9)
        found += _wrapped("    do: ", _advice(spoken), indent=8)
        yield "\n".join(found) + "\n"


def notes(answers: Iterable[Placed]) -> Iterator[Note]:
    """Yield a warning for each suspect answer, for machines that show it at its line."""
    for place, spoken in answers:
        text = f"the {named(spoken)}\nwhy: {spoken.suspicion}\ndo: {_advice(spoken)}"
        yield Note(place, "warning", CODE, text)


def as_data(answers: Iterable[Placed]) -> list[dict[str, object]]:
    """Return answers as plain JSON data, with path, line and column flat as for problems."""
    return [
        {
            **place._asdict(),
            "id": spoken.record_id,
            "says": spoken.says,
            "of": spoken.of or None,
            "now": spoken.now or None,
            "suspect": spoken.is_suspect,
            "claims": list(spoken.claims),
        }
        for place, spoken in answers
    ]


def named(spoken: Spoken) -> str:
    """Return what an answer is called: that of a record, or a sentence of an overview."""
    if spoken.place is None:
        return f"answer of {spoken.record_id}"
    return f"sentence of {spoken.record_id} in line {spoken.place.line}"


def _advice(spoken: Spoken) -> str:
    if not spoken.now:
        return "run the claims that it speaks of, or remove it"
    return f"read it beside the verdicts, change it, then repro review {spoken.record_id} --answers"


def _wrapped(head: str, text: str, *, indent: int) -> list[str]:
    """Return a text after its head, which is never broken: editors look for `path:line:column: warning`."""
    return textwrap.wrap(
        text,
        columns(WIDTH),
        initial_indent=head,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
