"""What one `repro new` is about to write: free ids, texts that fit in, and the steps that follow."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click

from kb.reading.experiment import script_path
from kb.reading.files import KINDS
from kb.reading.load import Base, load_base
from kb.reading.tree import Folder
from kb.records.fields import IDENTIFIER, NAME
from kb.text.problems import render_terminal
from kb.writing import drafts, insertions, lookalikes
from kb.writing.additions import AdditionError, add
from kb.writing.insertions import InsertionError
from kb.writing.text import record_text
from repro.cli.parts import new_words as ask
from repro.cli.parts.errors import UsageProblem
from repro.provenance import latest_day

MAX_ID = 64


@dataclass
class Addition:
    """Files that are written together or not at all.

    Attributes:
        root: The project's folder.
        base: The project as it is.
        is_sure: May the new record look like an existing one?
        texts: The new text of each file, by its path relative to the project's root.
        steps: What to do next, each a sentence.
    """

    root: Path
    base: Base
    is_sure: bool
    texts: dict[str, str] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)

    @classmethod
    def to(cls, root: Path, *, is_sure: bool) -> Addition:
        """Return an addition to a project that is still empty."""
        return cls(root, load_base(Folder(root), today=latest_day()), is_sure)

    def refuse_id(self, record_id: str) -> None:
        """Raise UsageProblem if an id is not well formed, or if some record has it."""
        _refuse_form(record_id, IDENTIFIER, "lower-case letters a-z, digits and single hyphens between them")
        taken = lookalikes.taken_by(self.base, record_id)
        if taken:
            raise UsageProblem(f"the id {record_id!r} is taken by {taken}; choose another.")

    def refuse_name(self, name: str) -> None:
        """Raise UsageProblem if a new experiment cannot have a name."""
        _refuse_form(name, NAME, "lower-case letters a-z, digits and underscores, a letter first")
        if (self.root / script_path(name)).exists():
            raise UsageProblem(f"the experiment {name!r} already exists: {script_path(name)}.")
        self.refuse_like("experiment", lookalikes.like_experiment(self.base, name))

    def refuse_like(self, what: str, other: str | None) -> None:
        """Raise UsageProblem if something new looks like something old, unless the user is sure."""
        if other and not self.is_sure:
            path = self.base.paths.get(other, script_path(other))
            raise UsageProblem(
                f"this looks like the {what} {other} ({path}). If it is that one, add to its file what it "
                "lacks; if not, type the same with --anyway."
            )

    def claim(self, claim_id: str, given: ask.Given, testability: drafts.Data) -> None:
        """Add a claim, with its source if that has no record, or else with the paragraph that lists it.

        Args:
            claim_id: Its id.
            given: Answers about the claim, where it is stated, and its source.
            testability: The fields that say how it is tested, or why not.

        Raises:
            UsageProblem: An id or the topic is not allowed.
            InsertionError: The source's paragraph cannot list it.
        """
        self.refuse_id(claim_id)
        _refuse_form(given["topic"], IDENTIFIER, "lower-case letters a-z, digits and single hyphens")
        if given["topic"] in KINDS:
            raise UsageProblem(f"claims/{given['topic']}/ holds no claims; name a topic.")
        self.refuse_like("claim", lookalikes.like_claim(self.base, claim_id, given["title"]))
        record = {
            "title": given["title"],
            "kind": given["kind"],
            "statement": given["statement"],
            "stated_in": [ask.appearance(given)],
            **testability,
        }
        if given["topic"] not in self.base.topics.values():
            self.steps.append("repro export schema shows your editor the schema of the new topic's records.")
        self.texts[f"claims/{given['topic']}/{claim_id}.yaml"] = record_text(record)
        self._source(claim_id, given)

    def _source(self, claim_id: str, given: ask.Given) -> None:
        known = self.base.sources.get(given["source"])
        if known is None:
            self.source(given["source"], ask.source(given, "source_"))
        elif known.paragraphs:
            source_id, number = given["source"], given["paragraph"]
            self.texts[self.base.paths[source_id]] = insertions.listing(
                self.base, source_id, number, claim_id
            )

    def source(self, source_id: str, record: drafts.Data) -> None:
        """Add a source."""
        self.refuse_id(source_id)
        people = [person.get("family") or person["literal"] for person in record["author"]]
        self.refuse_like("source", lookalikes.like_source(self.base, record["title"], people))
        self.texts[f"claims/sources/{source_id}.yaml"] = record_text(record)

    def write(self, *, as_json: bool) -> None:
        """Write all files, and print which they are and what to do next.

        Raises:
            AdditionError: They would cause a problem; nothing was written.
        """
        new = [path for path in self.texts if not (self.root / path).exists()]
        changed = [path for path in self.texts if path not in new]
        add(self.root, self.base, self.texts, today=latest_day())
        if as_json:
            done = {"wrote": new, "changed": changed, "next": self.steps}
            click.echo(json.dumps({"schema": "assay/new/1", **done}))
            return
        for path in (*new, *changed):
            click.echo(f"{'wrote' if path in new else 'changed':<8}{path}")
        for number, step in enumerate(self.steps, start=1):
            click.echo(f"{number}. {step}")


@contextmanager
def refusing() -> Iterator[None]:
    """Turn errors of adding to the existing records into a UsageProblem."""
    try:
        yield
    except InsertionError as error:
        raise UsageProblem(str(error)) from error
    except UnicodeEncodeError as error:
        before = error.object[: error.start].split()[-1:]
        where = f"after {before[0]!r} stands" if before else "there is"
        raise UsageProblem(f"{where} what is not UTF-8; type it again in a terminal with UTF-8.") from error
    except AdditionError as error:
        raise UsageProblem(f"nothing was written, because:\n{render_terminal(error.problems)}") from error


def _refuse_form(text: str, pattern: str, allowed: str) -> None:
    if re.fullmatch(pattern, text) is None or len(text) > MAX_ID:
        raise UsageProblem(f"{text!r} cannot name a file here; write {allowed}; at most {MAX_ID} characters.")
