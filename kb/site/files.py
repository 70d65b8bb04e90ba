"""Every download and every file for programs in one place, for the modules that write them."""

from __future__ import annotations

from kb.exports.formats import formats
from kb.exports.published import Site
from kb.site import discovery


def files(site: Site) -> dict[str, str]:
    """Return the text of every download and of every file for programs, by its path on the site."""
    made = dict(discovery.files(site))
    for each in formats().values():
        if not each.is_kept:
            made |= each.files(site)
    return made
