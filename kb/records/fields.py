"""The parts of records: kinds of text with their patterns, and models that name their flaws.

A model reports in `flaws` what no pattern can express, each flaw with a code, a place and advice.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Annotated, NamedTuple, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from kb.records import identifiers
from kb.records.dates import DATE, LAST_YEAR, moments
from kb.text.problems import Keys
from kb.text.scripts import script_of, strange_letter

CODES = {
    "impossible-date": "A date that no calendar has, a range that runs backwards, or a year far ahead.",
    "impossible-identifier": "An identifier has the form of its standard, and cannot be one.",
    "mixed-scripts": "A letter of a name belongs to another script than the letters around it.",
    "listed-twice": "A list names the same thing twice.",
}

IDENTIFIER = r"^[a-z0-9]+(?:-[a-z0-9]+)*$"
NAME = r"^[a-z][a-z0-9_]*$"
LINE = r"^\S[^\n]*\S\n?$|^\S$"
TEXT = r"\S"
DAY = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
DIGEST = r"^[0-9a-f]{8}$"


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
        "write digits, year first; 1911/1913 is a range, 2017-21 a spring, 1450~ about 1450, -0043 44 BCE",
    ),
    DAY: Form("bad-format", "a day in quotes, such as 2017-12-05", "write it in digits, year first"),
    DIGEST: Form("bad-format", "eight hexadecimal digits in quotes", "let `repro review` write it"),
    identifiers.URL: Form(
        "unsafe-url",
        "http://, https:// or ftp://, a host without user name and password, no spaces",
        "give the address at which any reader can open it",
    ),
    identifiers.DOI: Form("bad-format", "a DOI such as 10.1038/nature14539", "leave out https://doi.org/"),
    identifiers.ARXIV: Form(
        "bad-format",
        "an arXiv number such as 1706.03762 or cs/0309048",
        "leave out the version and arXiv:",
    ),
    identifiers.ISBN: Form("bad-format", "an ISBN of 10 or 13 digits", "leave out the word ISBN"),
    identifiers.ISSN: Form(
        "bad-format", "an ISSN such as 0028-0836", "write four digits, a hyphen and four more"
    ),
}
"""For each pattern of this file the form that it requires."""


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


def _refused(flaw: Flaw) -> PydanticCustomError:
    return _refused_for((flaw,))


def _refused_for(flaws: tuple[Flaw, ...]) -> PydanticCustomError:
    text = "; ".join(f"{flaw.code}: {flaw.found} ({flaw.advice})" for flaw in flaws)
    return PydanticCustomError("flaws", "{text}", {"text": text, "flaws": flaws})


def _possible(fault_of: Callable[[str], str | None], code: str, advice: str) -> AfterValidator:
    """Return a check that refuses what has the right form and still cannot be."""

    def check(value: str) -> str:
        fault = fault_of(value)
        if fault:
            raise _refused(Flaw(code, f"{fault}: {value}", "one that exists", advice))
        return value

    return AfterValidator(check)


def _known_to_calendars(date: str) -> str:
    try:
        moments(date)
    except ValueError:
        found, allowed = f"the date {date}", f"days of the calendar up to {LAST_YEAR}, the earlier one first"
        advice = "look the date up again; leave out month or day where they are unknown"
        raise _refused(Flaw("impossible-date", found, allowed, advice)) from None
    return date


def _in_one_script(name: str) -> str:
    flaw = mixed_scripts(name, name)
    if flaw:
        raise _refused(flaw)
    return name


def mixed_scripts(name: str, letters: str) -> Flaw | None:
    """Return what is wrong with a name whose letters look like those of one script and are of two, or None.

    Args:
        name: As people write it.
        letters: The part or the parts of it that must agree.
    """
    letter = strange_letter(letters)
    if letter is None:
        return None
    script = str(script_of(letter)).capitalize()
    return Flaw(
        "mixed-scripts",
        f"the {script} letter {letter} (U+{ord(letter):04X}) in the name {name}",
        "words of a name each in one script",
        "retype the letter; it looks like one of the letters around it",
    )


def listed_twice(name: str, items: Sequence[Hashable], *rest: str) -> Iterator[Flaw]:
    """Yield a flaw for each item of a list that stands in it already.

    Args:
        name: The field that holds the list.
        items: What must differ.
        rest: The keys from an item to what must differ.
    """
    if len(set(items)) == len(items):
        return
    for i, item in enumerate(items):
        if item in items[:i]:
            yield Flaw(
                "listed-twice",
                f"{item}, which is listed already",
                "each once",
                "remove one of the two",
                (name, i, *rest),
            )


Identifier = Annotated[str, StringConstraints(pattern=IDENTIFIER, max_length=64)]
Name = Annotated[str, StringConstraints(pattern=NAME, max_length=64)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=LINE, strip_whitespace=True)]
WorkTitle = Annotated[
    str, StringConstraints(min_length=1, max_length=1000, pattern=LINE, strip_whitespace=True)
]
"""The title of a work of others, which may be as long as those of the 18th century."""
PersonName = Annotated[Line, AfterValidator(_in_one_script)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4000, pattern=TEXT)]
Date = Annotated[str, StringConstraints(pattern=DATE), AfterValidator(_known_to_calendars)]
Day = Annotated[str, StringConstraints(pattern=DAY), AfterValidator(_known_to_calendars)]
Digest = Annotated[str, StringConstraints(pattern=DIGEST)]
_LOOK_UP = "look it up again"
_IDENTIFIER = "impossible-identifier"
Doi = Annotated[
    str,
    StringConstraints(pattern=identifiers.DOI),
    _possible(identifiers.doi_fault, _IDENTIFIER, _LOOK_UP),
]
ArxivNumber = Annotated[
    str,
    StringConstraints(pattern=identifiers.ARXIV),
    _possible(identifiers.arxiv_fault, _IDENTIFIER, _LOOK_UP),
]
Isbn = Annotated[
    str,
    StringConstraints(pattern=identifiers.ISBN),
    _possible(identifiers.isbn_fault, _IDENTIFIER, _LOOK_UP),
]
Issn = Annotated[
    str,
    StringConstraints(pattern=identifiers.ISSN),
    _possible(identifiers.issn_fault, _IDENTIFIER, _LOOK_UP),
]
Url = Annotated[
    str,
    StringConstraints(pattern=identifiers.URL, max_length=identifiers.LONGEST_URL),
    _possible(identifiers.url_fault, "unsafe-url", "give the address at which any reader can open it"),
]


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
            raise _refused_for(flaws)
        return self
