"""Tables for a terminal and for a page, and the marked blocks of pages that hold them."""

from __future__ import annotations

import re


def aligned(head: list[str], cells: list[list[str]]) -> list[str]:
    """Return a table for a terminal; its first two columns are words."""
    widths = [max(len(row[k]) for row in [head, *cells]) for k in range(len(head))]
    return [
        f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}"
        + "".join(f"  {cell:>{width}}" for cell, width in zip(row[2:], widths[2:], strict=True))
        for row in [head, *cells]
    ]


def html(head: list[str], cells: list[list[str]], label: str) -> str:
    """Return a table on one line, which a keyboard can scroll where the page is narrow."""
    names = "".join(f'<th scope="col">{name}</th>' for name in head)
    rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in cells)
    table = f"<thead><tr>{names}</tr></thead><tbody>{rows}</tbody>"
    table = f'<table class="assay-table raw-table">{table}</table>'
    return f'<div class="scroll" role="region" aria-label="{label}" tabindex="0">{table}</div>'


def put(text: str, name: str, block: str) -> str:
    """Return a page whose block of this name, between its two marks, holds this."""
    pattern = rf"(<!-- measured: {name} -->\n).*?(<!-- end -->)"
    return re.sub(pattern, lambda found: f"{found[1]}{block}\n{found[2]}", text, flags=re.DOTALL)
