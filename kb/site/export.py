"""The whole site as a plain tree of Markdown and data files, which any site generator can build.

The tree is `docs/` and a `mkdocs.yml` without our theme and plugin. Each page is the index of a folder of its
own. A link therefore means the same relative to the file and relative to the page's address, and it survives
generators that rewrite links in HTML as well as those that leave them alone.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator

from kb.exports import llms
from kb.exports.published import Site
from kb.reading.tree import Entry, is_passed_over
from kb.site.render import files, render, url_of
from kb.site.templates import relative

_LINK = re.compile(r"\]\(([^()\s:#]+\.md)(#[^()\s]*)?\)")
CONFIGURATION = """\
site_name: Assay
docs_dir: docs
site_dir: site
use_directory_urls: true
markdown_extensions:
  - attr_list
  - toc:
      permalink: true
  - pymdownx.highlight
  - pymdownx.superfences
extra_css:
  - assets/assay.css
extra_javascript:
  - {path: assets/claims.js, defer: true}
  - {path: assets/explore.js, defer: true}
"""


def tree(site: Site) -> Iterator[tuple[str, bytes]]:
    """Yield the path and the bytes of every file of the tree."""
    yield "mkdocs.yml", f"{CONFIGURATION}site_url: {json.dumps(site.address)}\n".encode()
    written = site.root / "site" / "docs"
    for path in sorted(written.rglob("*")):
        if path.is_file() and not is_passed_over(Entry(path.name, is_folder=False)):
            name, content = path.relative_to(written).as_posix(), path.read_bytes()
            is_page = name.endswith(".md")
            yield (
                f"docs/{_as_index(name)}",
                with_addresses(name, content.decode()).encode() if is_page else content,
            )
    for page in render(site):
        yield f"docs/{_as_index(page.path)}", page.as_markdown().encode()
    for target, text in files(site).items():
        # Other generators make no twins of pages, so the list of twins leads to the pages themselves.
        shown = text.replace(f"/{llms.TWIN})", "/)") if target == llms.FILE else text
        yield f"docs/{target}", shown.encode()


def with_addresses(path: str, text: str) -> str:
    """Return a hand-written page whose links to other pages' files lead to their addresses."""
    folder = posixpath.dirname(path)

    def address(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, found[1]))
        return f"]({relative(url_of(target), url_of(path))}{found[2] or ''})"

    return _LINK.sub(address, text)


def _as_index(path: str) -> str:
    """Return the path of a page as the index of its folder; other files stay where they are."""
    return f"{url_of(path)}index.md" if path.endswith(".md") else path
