"""A copy of the site that works when it is opened from disk, where no server turns a folder into its page.

Browsers refuse scripts that fetch files there, so what a script reads comes as a script beside it.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

PAGE = "index.html"
_LINK = re.compile(r'(?<= )(href|src)="([^"]*)"')
_DATA = re.compile(r'(?<= )data-graph="([^"]*)\.json"')
_REFRESH = re.compile(r'(?<=content="0; url=)[^"]*(?=")')


def finish(site: Path) -> None:
    """Let every page of a built site lead to files, and put what scripts fetch into scripts.

    Args:
        site: Folder of the built site.
    """
    for path in site.rglob("*.html"):
        path.write_text(page(path.read_text(encoding="utf-8")), encoding="utf-8")
    graph = site / "graph" / "claims.json"
    graph.with_suffix(".js").write_text(f"globalThis.graphOfClaims = {graph.read_text(encoding='utf-8')}")
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    for entry in index["docs"]:
        entry["location"] = to_file(entry["location"])
    text = json.dumps(index, ensure_ascii=False, separators=(",", ":"))
    (site / "search" / "search_index.js").write_text(f"globalThis.__index = {text}", encoding="utf-8")


def page(html: str) -> str:
    """Return a page whose links lead to files, and that loads as a script what its own script fetches."""
    linked = _LINK.sub(lambda found: f'{found[1]}="{to_file(found[2])}"', html)
    linked = _REFRESH.sub(lambda found: to_file(found[0]), linked)
    data = "".join(f'<script src="{found[1]}.js"></script>\n' for found in _DATA.finditer(linked))
    return linked.replace("</head>", f"{data}</head>", 1)


def to_file(link: str) -> str:
    """Return a link that names the file of the page that it leads to; links elsewhere stay as they are.

    >>> to_file("../claims/?group=stand#split"), to_file("."), to_file("#here"), to_file("https://e.org/")
    ('../claims/index.html?group=stand#split', './index.html', '#here', 'https://e.org/')
    """
    parts = urlsplit(link)
    last = parts.path.rpartition("/")[2]
    if parts.scheme or parts.netloc or not parts.path or last not in ("", ".", ".."):
        return link
    folder = f"{parts.path}/" if last else parts.path
    return parts._replace(path=f"{folder}{PAGE}").geturl()
