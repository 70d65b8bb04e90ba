"""How existing records take in a new one: a paragraph lists it, a claim is stated in it or tested by it.

Each function returns the new text of one file; nothing is written here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kb.reading.base import Base
from kb.text.yaml_guard import compose
from kb.writing.drafts import TEMPLATE
from kb.writing.edit import EditError, with_entry, with_item, with_value, without

TESTABILITY = ("untested", "not_testable")


class InsertionError(Exception):
    """A record cannot take in the new one; the message says which, and what to write by hand."""


def listing(base: Base, source_id: str, paragraph: int, claim_id: str) -> str:
    """Return a source's text with a claim listed under one of its paragraphs, counted from 1.

    Raises:
        InsertionError: There is no such paragraph, it lists its assertions one by one, or only people can
            change a text that is laid out so.
    """
    count = len(base.sources[source_id].paragraphs)
    if not 0 < paragraph <= count:
        raise InsertionError(f"{source_id} has paragraphs 1 to {count}; there is no paragraph {paragraph}.")
    text, keys = base.documents[source_id].text, ("paragraphs", paragraph - 1)
    entry = compose(text).value["paragraphs"][paragraph - 1]
    if "assertions" in entry:
        advice = f"list {claim_id} in {base.paths[source_id]} under the assertion that states it"
        raise InsertionError(
            f"paragraph {paragraph} of {source_id} lists its assertions one by one; {advice}."
        )
    item = {"anchor": entry["anchor"], "claims": [*entry.get("claims", ()), claim_id]}
    try:
        return with_value(text, keys, item)
    except EditError as error:
        advice = f"list {claim_id} under paragraph {paragraph} of {base.paths[source_id]} by hand"
        raise InsertionError(f"{error}; {advice}, then try again.") from error


def stated(base: Base, claim_id: str, appearance: Mapping[str, Any]) -> str:
    """Return a claim's text with one more source that states it.

    Raises:
        InsertionError: The text is laid out in a way that only people can change.
    """
    try:
        return with_item(base.documents[claim_id].text, ("stated_in",), appearance)
    except EditError as error:
        raise InsertionError(f"{error}; add the source to {base.paths[claim_id]} by hand.") from error


def tested(base: Base, claim_id: str, *, protocol: Mapping[str, Any], scope: str | None) -> str:
    """Return the text of a claim that was not tested, with a protocol in place of the reason why.

    Args:
        base: All records.
        claim_id: A claim with `untested` or `not_testable`.
        protocol: Its first protocol.
        scope: Its scope, if it had none.

    Raises:
        InsertionError: The text is laid out in a way that only people can change.
    """
    text = base.documents[claim_id].text
    reason = next(name for name in TESTABILITY if getattr(base.claims[claim_id], name) is not None)
    try:
        text = with_entry(text, ("protocol",), protocol, after=reason)
        if scope is not None:
            text = with_entry(text, ("scope",), scope, after=reason)
        return without(text, (reason,))
    except EditError as error:
        raise InsertionError(f"{error}; write the protocol into {base.paths[claim_id]} by hand.") from error


def written(base: Base, claim_id: str) -> str:
    """Return the text of a claim whose planned script now exists, though still as a template.

    Raises:
        InsertionError: The text is laid out in a way that only people can change.
    """
    protocol = base.claims[claim_id].protocol
    try:
        text = without(base.documents[claim_id].text, ("protocol", "planned"))
        if protocol is not None and protocol.deviations:
            return with_item(text, ("protocol", "deviations"), TEMPLATE)
        last = "controls" if protocol is not None and protocol.controls else "predictions"
        return with_entry(text, ("protocol", "deviations"), [TEMPLATE], after=last)
    except EditError as error:
        raise InsertionError(f"{error}; remove planned from {base.paths[claim_id]} by hand.") from error
