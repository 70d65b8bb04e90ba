"""The parts of records: kinds of text with their patterns, and models that name their flaws.

A model reports in `flaws` what no pattern can express, each flaw with a code, a place and advice.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from kb.text.problems import Keys

IDENTIFIER = r"^[a-z0-9]+(?:-[a-z0-9]+)*$"
NAME = r"^[a-z][a-z0-9_]*$"
LINE = r"^\S[^\n]*\S\n?$|^\S$"
TEXT = r"\S"
DATE = r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$"
DAY = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
DIGEST = r"^[0-9a-f]{8}$"
URL = r"^https?://[^\s/?#@\\]+([/?#][^\s\\]*)?$"
DOI = r"^10\.[0-9]{4,9}/\S+$"
ARXIV = r"^[0-9]{4}\.[0-9]{4,5}$"


class Form(NamedTuple):
    """What a pattern requires.

    Attributes:
        code: The code of the problem when a text does not match.
        allowed: The pattern in words.
        advice: What to do.
    """

    code: str
    allowed: str
    advice: str


FORMS = {
    IDENTIFIER: Form(
        "bad-format", "lower-case letters a-z, digits and single hyphens", "write the id as its file is named"
    ),
    NAME: Form(
        "bad-format",
        "lower-case letters a-z, digits and underscores",
        "write the name as the experiment's script does",
    ),
    LINE: Form(
        "bad-format",
        "one line of text without spaces around it",
        "join the lines, or delete the outer spaces",
    ),
    TEXT: Form("bad-format", "text", "write at least one word, or remove the key"),
    DATE: Form(
        "bad-format",
        "a year, a month or a day in quotes: 2017, 2017-12 or 2017-12-05",
        "write it in digits, year first",
    ),
    DAY: Form("bad-format", "a day in quotes, such as 2017-12-05", "write it in digits, year first"),
    DIGEST: Form("bad-format", "eight hexadecimal digits in quotes", "let `repro review` write it"),
    URL: Form(
        "unsafe-url",
        "http:// or https://, a host without user name and password, no spaces",
        "give the address at which any reader can open it",
    ),
    DOI: Form("bad-format", "a DOI such as 10.1038/nature14539", "leave out https://doi.org/"),
    ARXIV: Form("bad-format", "an arXiv number such as 1706.03762", "leave out the version and arXiv:"),
}
"""For each pattern of this file the form that it requires."""

Identifier = Annotated[str, StringConstraints(pattern=IDENTIFIER, max_length=64)]
Name = Annotated[str, StringConstraints(pattern=NAME, max_length=64)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=LINE)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4000, pattern=TEXT)]
Date = Annotated[str, StringConstraints(pattern=DATE)]
Day = Annotated[str, StringConstraints(pattern=DAY)]
Digest = Annotated[str, StringConstraints(pattern=DIGEST)]
Doi = Annotated[str, StringConstraints(pattern=DOI)]
ArxivNumber = Annotated[str, StringConstraints(pattern=ARXIV)]
Url = Annotated[str, StringConstraints(pattern=URL, max_length=500)]


class Flaw(NamedTuple):
    """Something wrong in a record whose fields are each valid by themselves.

    Attributes:
        code: The name of the rule.
        found: What was found there.
        allowed: What is allowed there.
        advice: What to do.
        at: The keys from the model to the value it is about.
        nearest: The known spelling nearest to what was found.
    """

    code: str
    found: str
    allowed: str
    advice: str
    at: Keys = ()
    nearest: str | None = None


def one_of(*names: str) -> JsonDict:
    """Return the part of a JSON Schema that requires exactly one of some fields."""
    return {"oneOf": [{"required": [name]} for name in names]}


class Record(BaseModel):
    """Anything people write: immutable, no unknown keys, no coercion."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        validate_default=True,
        defer_build=True,  # most are parts of others, and never validated alone
    )

    def flaws(self) -> Iterator[Flaw]:
        """Return what is wrong in the combination of fields that are each valid by themselves."""
        return iter(())

    @model_validator(mode="after")
    def _refuse_flaws(self) -> Self:
        flaws = tuple(self.flaws())
        if flaws:
            text = "; ".join(f"{flaw.code}: {flaw.found} ({flaw.advice})" for flaw in flaws)
            raise PydanticCustomError("flaws", "{text}", {"text": text, "flaws": flaws})
        return self
