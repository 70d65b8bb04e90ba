"""A review, or the digest of an answer, goes into a record as lines of its own; every other line stays."""

import pytest

from kb.reading.load import record_in
from kb.records.claims import Claim, Review, Seen
from kb.writing.edit import EditError
from kb.writing.review import with_digest, with_review
from tests.conftest import CLAIM

SEEN = (
    Seen(record="toy-claim", statement="12345678", scope="1e345678"),
    Seen(record="a", identity="abcdef01"),
)
REVIEW = Review(date="2026-01-31", note='Read "both": ends # again', seen=SEEN)
BLOCK = """\
reviewed:
  date: 2026-01-31
  note: "Read \\"both\\": ends # again"
  seen:
    - {record: toy-claim, statement: "12345678", scope: "1e345678"}
    - {record: a, identity: abcdef01}
"""


def read(text):
    """Return the record in a text."""
    record = record_in(text.encode(), "toys")
    assert isinstance(record, Claim)
    return record


@pytest.mark.parametrize("text", [CLAIM, CLAIM.rstrip("\n")])
def test_a_first_review_comes_after_the_last_field(text):
    """What stood there stays, with or without a last line end; what is read back is the review."""
    written = with_review(text, REVIEW)
    assert written == CLAIM + BLOCK
    assert read(written) == read(CLAIM).model_copy(update={"reviewed": REVIEW})


@pytest.mark.parametrize("after", ["", "\n# On sources\nreported: []\n", "pitfalls: |\n  reviewed: no\n"])
def test_a_later_review_takes_the_place_of_the_former(after):
    """Comments before the next key belong to that key, and stay."""
    head = CLAIM[: CLAIM.index("reported:")]
    former = BLOCK.replace("2026-01-31", "2025-01-31") + "    - {record: older}\n"
    assert with_review(head + former + after, REVIEW) == head + BLOCK + after


def test_digests_that_read_as_numbers_stay_texts():
    """They are written in quotes."""
    seen = read(with_review(CLAIM, REVIEW)).reviewed.seen
    assert [seen[0].statement, seen[0].scope] == ["12345678", "1e345678"]


def test_a_long_note_is_folded_and_read_back_as_one_line():
    """A terminal shows it whole."""
    review = REVIEW.model_copy(update={"note": "word " * 59 + "word"})
    text = with_review(CLAIM, review)
    assert read(text).reviewed == review
    assert max(len(line) for line in text.split("\n")) <= 120


def test_a_record_in_braces_is_refused():
    """Nothing could be added without touching what stands there."""
    with pytest.raises(EditError, match="inside braces"):
        with_review("{title: T}\n", REVIEW)


ANSWERED = CLAIM + "answer:\n  # read in May\n  says: The loaded coin showed 30 points more heads.\n"


def test_a_first_digest_comes_after_what_the_answer_says():
    """Every other line stays, and a digest that reads as a number stays a text."""
    written = with_digest(ANSWERED, "12345678")
    assert written == f'{ANSWERED}  of: "12345678"\n'
    assert read(written).answer.of == "12345678"


def test_a_later_digest_takes_the_place_of_the_former():
    """The answer keeps its words."""
    once = with_digest(ANSWERED, "abcdef01")
    assert with_digest(once, "abcdef02") == once.replace("abcdef01", "abcdef02")


@pytest.mark.parametrize("text", [CLAIM, CLAIM + "answer: {says: It showed more heads.}\n"])
def test_an_answer_that_has_no_lines_of_its_own_is_refused(text):
    """There is nothing to put a digest beside."""
    with pytest.raises(EditError):
        with_digest(text, "abcdef01")
