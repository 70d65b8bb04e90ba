"""What a project's `mkdocs.yml` says about where it is published, read in one way for builds and exports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from kb.exports.claim_document import LOCAL


class SettingError(ValueError):
    """A setting that no site can be published with."""


class Settings(NamedTuple):
    """Where a site is published.

    Attributes:
        address: Where its start page is, ending in a slash; the address at home if none is set.
        repository: Address of the repository on the web; empty if none is set.
    """

    address: str
    repository: str


def settings(configuration: Mapping[str, Any]) -> Settings:
    """Return the settings of a configuration, as MkDocs or a YAML reader gives it.

    Raises:
        SettingError: The site's address is none that a browser could open.
    """
    address = str(configuration.get("site_url") or "").strip() or LOCAL
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise SettingError(f"site_url (ASSAY_SITE_URL) is {address!r}: {error}.") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise SettingError(
            f"site_url (ASSAY_SITE_URL) is {address!r}; give the address of the start page, "
            "such as https://example.org/assay/."
        )
    repository = (configuration.get("extra") or {}).get("repository")
    return Settings(f"{address.rstrip('/')}/", str(repository or "").strip())
