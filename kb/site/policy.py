"""What a browser may load and run on our pages: the content-security policy and the headers beside it.

The policy comes first in the head of every page, for hosts that do not send our headers, and again in the
file `_headers` that many static hosts read. The hashes are pinned here and never computed from pages: a
script that a record might smuggle into a page matches none of them.
"""

from __future__ import annotations

from collections.abc import Iterable

SCRIPTS = {
    "base": "sha256-3ifxSpfgx4qlJrwrDqsbUXHM1X+2FORTHkb82KwoA9k=",
    "palette": "sha256-f0YQ4ojsmozz753ob+nsCsp0s0pBTcqFQzCFY93DVxw=",
}
"""Hash of each inline script by its file in `site/overrides/partials/javascripts/`."""

POLICY = "; ".join(
    (
        "default-src 'none'",
        f"script-src 'self' {' '.join(repr(digest) for digest in SCRIPTS.values())}",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
    )
)
"""The policy in the head of every page."""

FILE = "_headers"
"""The file in which hosts look for the headers."""

FRAMED = "embed"
"""The folder of pages that other sites may show in a frame."""

EVERYWHERE = f"""\
/*
  Content-Security-Policy: {POLICY}
  X-Content-Type-Options: nosniff
  Referrer-Policy: strict-origin-when-cross-origin
  Permissions-Policy: camera=(), geolocation=(), microphone=(), payment=(), usb=()
"""


def headers(urls: Iterable[str]) -> str:
    """Return the text of `_headers` for a site with these addresses, which are relative to its root.

    A second policy forbids frames folder by folder, since hosts join the headers of all matching rules and
    no later rule could allow what `/*` forbids.
    """
    folders = {f"/{first}/*" for first, slash, _ in (url.partition("/") for url in urls) if slash}
    closed = sorted({"/", "/index.html", *folders} - {f"/{FRAMED}/*"})
    forbidden = "\n  Content-Security-Policy: frame-ancestors 'none'\n"
    return EVERYWHERE + "".join(f"{folder}{forbidden}" for folder in closed)
