"""What can be mended in records and scripts without knowing what their authors meant.

Each repair is one function from the base to new texts. They are applied until none has anything left to do,
so that mending twice changes no more than mending once. Evidence is never read nor written here.
"""

from __future__ import annotations

import ast
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from kb.reading.base import Base
from kb.reading.experiment import SCRIPTS
from kb.reading.files import record_files
from kb.reading.load import load_base
from kb.reading.mentions import mentions
from kb.reading.texts import read_content
from kb.reading.tree import Folder, TreeError
from kb.records.protocol import TEMPLATE
from kb.text.guarded_text import GuardError
from kb.text.yaml_guard import compose
from kb.writing.additions import AdditionError, add
from kb.writing.edit import EditError, is_same, without
from kb.writing.insertions import InsertionError, listing

MARK = b"\xef\xbb\xbf"


class Repair(NamedTuple):
    """A new text of a file, and what was mended in it as a clause, such as `removed a byte order mark`."""

    path: str
    text: str
    what: str


@dataclass
class Mended:
    """What was mended.

    Attributes:
        done: Path and clause of each repair, in the order in which they were made.
        refused: Path and clause of each repair that would have caused another problem, and was not made.
    """

    done: list[tuple[str, str]] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


Mender = Callable[[Base], Iterator[Repair]]


def mend(root: Path, *, today: str, is_wanted: Callable[[str], bool] = lambda _: True) -> Mended:
    """Mend records and scripts of a project, file by file.

    Args:
        root: The project's folder.
        today: The date, for the rules that need one.
        is_wanted: Whether a path may be changed.
    """
    mended = Mended()
    for path, text, what in _plain_texts(root):
        if is_wanted(path):
            (root / path).write_text(text, encoding="utf-8", newline="\n")
            mended.done.append((path, what))
    base = load_base(Folder(root), today=today)
    while (repair := _next(base, mended, is_wanted)) is not None:
        try:
            base = add(root, base, {repair.path: repair.text}, today=today)
            mended.done.append((repair.path, repair.what))
        except AdditionError:
            mended.refused.append((repair.path, repair.what))
    return mended


def _next(base: Base, mended: Mended, is_wanted: Callable[[str], bool]) -> Repair | None:
    """Return the first repair that is left to be made."""
    found = (repair for mender in MENDERS for repair in mender(base))
    return next(
        (
            repair
            for repair in found
            if is_wanted(repair.path)
            and (repair.path, repair.what) not in mended.refused
            and repair.text != _text(base, repair.path)
        ),
        None,
    )


def _text(base: Base, path: str) -> str:
    return next((each.text for each in base.documents.values() if each.path == path), "")


def _plain_texts(root: Path) -> Iterator[Repair]:
    """Yield each file that differs from its plain form, which says the same."""
    tree = Folder(root)
    for path in [*(file.path for file in record_files(tree)[0]), *_scripts(tree)]:
        try:
            content = read_content(tree, path)
            before = content.removeprefix(MARK).decode("utf-8")
        except (GuardError, UnicodeDecodeError):
            continue  # a link, too large, or nobody knows which characters were meant
        plain = _plain(before)
        if plain.encode() != content and _says_the_same(path, before, plain):
            yield Repair(path, plain, _plain_words(content, before, plain))


def _scripts(tree: Folder) -> list[str]:
    try:
        names = [entry.name for entry in tree.list(SCRIPTS)]
    except TreeError:
        return []
    return [f"{SCRIPTS}/{name}" for name in names if name.endswith(".py")]


def _plain(text: str) -> str:
    """Return a text in Unicode's form C, without spaces at ends of lines, with one line feed at its end."""
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n")
    return "\n".join(line.rstrip(" \t") for line in text.split("\n")).rstrip("\n") + "\n"


def _plain_words(content: bytes, before: str, plain: str) -> str:
    words = ["removed a byte order mark"] if content.startswith(MARK) else []
    if not unicodedata.is_normalized("NFC", before):
        words.append("wrote composed characters")
    if unicodedata.normalize("NFC", before) != plain:
        words.append("put line ends and spaces in order")
    return " and ".join(words)


def _says_the_same(path: str, before: str, after: str) -> bool:
    """Does a text mean to a program what another does, apart from how characters are composed?"""
    before = unicodedata.normalize("NFC", before).replace("\r\n", "\n")
    try:
        if path.endswith(".py"):
            return ast.dump(ast.parse(before)) == ast.dump(ast.parse(after))
        return is_same(compose(before).value, compose(after).value)
    except (GuardError, SyntaxError, ValueError, RecursionError):
        return False


def _moved_ids(base: Base) -> Iterator[Repair]:
    """Yield each record that names a claim by an old id, with the one that it has today."""
    for record_id, keys, old in mentions(base):
        today = base.successors(old) if old in base.tombstones else ()
        if len(today) != 1:
            continue
        document, place = base.documents[record_id], base.place(record_id, *keys)
        line, start = document.line(place.line), place.column - 1
        for quote in ("", '"', "'"):
            if line[start:].startswith(f"{quote}{old}{quote}"):
                new = f"{line[:start]}{today[0]}{line[start + len(old) + 2 * len(quote) :]}"
                lines = [*document.lines[: place.line - 1], new, *document.lines[place.line :]]
                yield Repair(document.path, "\n".join(lines), f"wrote {today[0]} for {old}, which has moved")
                break


def _left_over(base: Base) -> Iterator[Repair]:
    """Yield each protocol that still plans its script, or calls it a template, although it is written."""
    for claim_id, protocol, script in base.protocols():
        text, path = base.documents[claim_id].text, base.paths[claim_id]
        if protocol.planned is not None:
            yield from _without(path, text, ("protocol", "planned"), f"removed the plan for {script.path}")
        for i, deviation in enumerate(protocol.deviations):
            if deviation.what == TEMPLATE and not script.is_template:
                keys = ("protocol", "deviations", i)
                is_only = len(protocol.deviations) == 1
                what = f"removed the deviation that calls {script.path} a template"
                yield from _without(path, text, keys[:2] if is_only else keys, what)


def _without(path: str, text: str, keys: tuple[str | int, ...], what: str) -> Iterator[Repair]:
    try:
        yield Repair(path, without(text, keys), what)
    except EditError:  # left to people
        return


def _unlisted(base: Base) -> Iterator[Repair]:
    """Yield each source of which no paragraph lists a claim that says in which paragraph it is stated."""
    listed: Mapping[str, set[str]] = {
        source_id: {claim_id for part in source.paragraphs for claim_id in part.stated}
        for source_id, source in base.sources.items()
    }
    for claim_id, claim in base.claims.items():
        for each in claim.stated_in:
            number = each.locator.paragraph
            if number is None or claim_id in listed.get(each.source, {claim_id}):
                continue
            if base.sources[each.source].paragraphs:
                try:
                    text = listing(base, each.source, number, claim_id)
                except InsertionError:  # left to people
                    continue
                what = f"listed {claim_id} under paragraph {number}"
                yield Repair(base.paths[each.source], text, what)


MENDERS: tuple[Mender, ...] = (_moved_ids, _left_over, _unlisted)
