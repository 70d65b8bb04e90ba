"""A bar whose parts are counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from markupsafe import Markup

from kb.site.figures.svg import element, figure, short

WIDTH, HEIGHT, GAP = 420, 18, 2


class Share(NamedTuple):
    """A part of the bar.

    Attributes:
        word: What its parts have in common.
        kind: The state whose colour it has.
        size: How many.
    """

    word: str
    kind: str
    size: int


def shares_figure(shares: Sequence[Share], whole: str, *, figure_id: str) -> Markup:
    """Return a bar as one line of SVG; its parts stand in the order of the shares.

    Args:
        shares: At least one that is not empty.
        whole: What they are shares of.
        figure_id: Prefix of the ids inside the figure.
    """
    said = ", ".join(f"{share.size} {share.word}" for share in shares)
    return figure(
        "shares-figure", WIDTH, HEIGHT, *_parts(shares), figure_id=figure_id, title=f"{whole}: {said}"
    )


def _parts(shares: Sequence[Share]) -> Iterator[Markup]:
    total, left = sum(share.size for share in shares), 0.0
    for share in shares:
        width = WIDTH * share.size / total
        if share.size:
            wide = short(max(width - GAP, 1), 1)
            yield element(
                "rect", class_=f"share badge--{share.kind}", x=left, y=0, width=float(wide), height=HEIGHT
            )
        left += width
