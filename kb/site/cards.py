"""Pictures that posts elsewhere show of a page: one a state of claims, one for debates, one for all else.

The claim's own title stands beside the picture in every post, from `og:title`; the letters of the picture
come with Pillow, so a build needs no fonts, and they are those of English only.
"""

from __future__ import annotations

import io
import textwrap

from PIL import Image, ImageDraw, ImageFont

from kb.judging.judgement import State
from kb.words.states import STATES

WIDTH, HEIGHT = 1200, 630
"""Size in pixels, as Open Graph asks for large pictures."""
FOLDER = "cards"
GENERAL = f"{FOLDER}/assay.png"
DEBATE = f"{FOLDER}/debate.png"
_PAPER, _INK = (250, 250, 248), (29, 35, 48)
_BAND = "#1d2330"
_MARGIN, _LETTERS = 96, 40
_BAND_WIDTH = 32


def card_of(state: State) -> str:
    """Return the path of the picture for claims in a state."""
    return f"{FOLDER}/{STATES[state].slug}.png"


def cards() -> dict[str, bytes]:
    """Return every picture as PNG by its path on the site; the same bytes every time."""
    drawn = {card_of(state): _card(shown.word, shown.means, shown.ink) for state, shown in STATES.items()}
    drawn[DEBATE] = _card("A debate", "What each side says, and what small tests say of it.", _BAND)
    drawn[GENERAL] = _card(
        "Is deep learning alchemy?", "The claims of the debate, put to the test in small networks.", _BAND
    )
    return drawn


def _card(heading: str, sentence: str, band: str) -> bytes:
    """Return a picture with a heading, a sentence and a band; 255 is the band's colour, less is ink."""
    image = Image.new("L", (WIDTH, HEIGHT), 0)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, _BAND_WIDTH, HEIGHT), fill=255)
    draw.text((_MARGIN, 84), "Assay", fill=254, font=ImageFont.load_default(44))
    draw.text((_MARGIN, 200), heading, fill=254, font=ImageFont.load_default(84))
    lines = textwrap.wrap(sentence, _LETTERS)
    draw.multiline_text(
        (_MARGIN, 340), "\n".join(lines), fill=254, font=ImageFont.load_default(48), spacing=20
    )
    image.putpalette([*_ramp(), *(int(band[k : k + 2], 16) for k in (1, 3, 5))])
    written = io.BytesIO()
    image.save(written, "PNG", compress_level=9)
    return written.getvalue()


def _ramp() -> list[int]:
    """Return the colours from paper to ink, for indices 0 to 254."""
    shares = [index / 254 for index in range(255)]
    return [
        round(paper + share * (ink - paper))
        for share in shares
        for paper, ink in zip(_PAPER, _INK, strict=True)
    ]
