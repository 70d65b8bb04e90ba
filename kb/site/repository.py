"""Links into the repository from which a site is built, if its address is known.

The address comes from the environment (`ASSAY_REPOSITORY`, read by mkdocs.yml), since a clone cannot know
where it is published. Without it the pages link to the guide for contributors.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote, urlencode, urlsplit


class Forge(NamedTuple):
    """The addresses that a kind of host uses, and its parameter for the title of a new issue."""

    edit: str
    issue: str
    title: str


FORGES = {
    "gitlab": Forge("/-/edit/", "/-/issues/new", "issue[title]"),
    "gitea": Forge("/_edit/", "/issues/new", "title"),
    "codeberg": Forge("/_edit/", "/issues/new", "title"),
}
"""Kinds of host, by a part of the host's name."""
USUAL = Forge("/edit/", "/issues/new", "title")
BRANCH = "main"


def edit_link(repository: str, path: str) -> str | None:
    """Return where a file can be changed, or None if the repository's address is not known."""
    forge = _forge(repository)
    return f"{repository.rstrip('/')}{forge.edit}{BRANCH}/{quote(path)}" if forge else None


def report_link(repository: str, title: str) -> str | None:
    """Return where a mistake can be reported under a title, or None if no address is known."""
    forge = _forge(repository)
    return f"{repository.rstrip('/')}{forge.issue}?{urlencode({forge.title: title})}" if forge else None


def _forge(repository: str) -> Forge | None:
    """Return the kind of host; None if the address is not that of a page."""
    parts = urlsplit(repository)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        return None
    return next((forge for name, forge in FORGES.items() if name in parts.hostname), USUAL)
