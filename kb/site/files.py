"""Every download and every file for programs in one place, for the sinks that write them."""

from __future__ import annotations

from kb.exports import api, badges, citation, explorer, feeds, raw_values
from kb.site import discovery
from kb.site.page import Site

ROOMS = (api, badges, citation, discovery, explorer, feeds, raw_values)
"""Each gives the files of its kind."""


def files(site: Site) -> dict[str, str]:
    """Return the text of every download and of every file for programs, by its path on the site."""
    return {path: text for room in ROOMS for path, text in room.files(site).items()}
