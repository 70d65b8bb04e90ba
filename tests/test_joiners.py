"""Characters without a shape are allowed where letters or emoji need them, and nowhere else."""

import pytest

from kb.reading.load import load_base
from kb.reading.tree import Folder
from kb.text.guarded_text import flaw_in


@pytest.mark.parametrize(
    "text",
    [
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian: a prefix that does not join
        "\u062e\u0627\u0646\u0647\u200c\u0647\u0627",
        "\u0647\u200d.\u0642.",  # an abbreviation whose letter keeps its joining form
        "\u0dc1\u0dca\u200d\u0dbb\u0dd3 \u0dbd\u0d82\u0d9a\u0dcf\u0dc0",  # Sinhala
        "\u0d9a\u200d\u0dca",
        "\u09b0\u200d\u09cd\u09af\u09be\u09ae",  # Bengali
        "\u0915\u094d\u200d\u0937",  # Hindi: half a letter
        "\u0d15\u0d4d\u200c\u0d37",  # Malayalam
        "\u1828\u180e\u1820",  # Mongolian
        "\u1820\u180b",
        "\u845b\U000e0100\u57ce",  # a Japanese name with the form of its family
        "a \u2229\ufe00 b",
        "\u260e\ufe0e and \u2764\ufe0f",
        "1\ufe0f\u20e3",
        "\U0001f469\u200d\U0001f469\u200d\U0001f467",  # a family
        "\U0001f469\U0001f3fd\u200d\U0001f680",  # an astronaut with a skin tone
        "\U0001f3f3\ufe0f\u200d\U0001f308",  # a flag
        "\U0001f642\u200d\u2194\ufe0f",
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # England
    ],
)
def test_scripts_and_emoji_keep_what_they_need(text, project):
    """Without it, the title is misspelt."""
    assert flaw_in(text) is None
    path = project / "claims/sources/toy-source.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("On coins", f"On coins {text}"), encoding="utf-8"
    )
    base = load_base(Folder(project))
    assert base.problems == ()
    assert text in base.sources["toy-source"].title


@pytest.mark.parametrize(
    "text",
    [
        *(
            "a\u200db",
            "a\u200cb",
            "\u200d",
            "ab\u200c",
            "1\u200d2",
            "\u200c\u0645\u06cc",
            "\u0627\u200c\u0628",
        ),
        *("a\ufe0fb", "\ufe0f", "a\ufe00", "x\U000e0100", "\u0915\ufe0f", "a\u180e", "\u1820\u180eb"),
        *("\U0001f600\u200dx", "a\u200d\U0001f600", "\U0001f600\u200d"),
        *("\U000e0041", "\U0001f3f4\U000e0067\U000e0062\U000e007f", "\U0001f3f4\U000e0041\U000e007f"),
        *("\u2800", "\u2800\u2800", "\ue000", "\U000f0000", "\U0010fffd", "\u3164", "\u200b"),
    ],
)
def test_what_nobody_needs_is_refused(text):
    """A second spelling of the same word, blanks that pass for letters, characters of one font."""
    fault = flaw_in(f"{text}")
    assert fault is not None
    assert fault.code == "forbidden-character"
