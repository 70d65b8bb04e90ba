"""Settings that let an editor check each record against its schema as it is typed.

Every folder is listed, because editors disagree about what a pattern may leave out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from kb.reading.files import DEBATES, KINDS, SOURCES

PATH = ".vscode/settings.json"
_HEAD = "// Generated from the folders of claims/ by `repro export schema`; do not edit.\n"


def settings_text(folders: Iterable[str]) -> str:
    """Return the settings for Visual Studio Code, whose YAML extension reads them.

    Args:
        folders: Names of the folders in `claims/`; those of sources and debates may be missing.
    """
    topics = sorted(set(folders) - set(KINDS))
    bound = {
        "./kb/schemas/claim.json": [f"claims/{topic}/*.yaml" for topic in topics],
        "./kb/schemas/source.json": [f"claims/{SOURCES}/*.yaml"],
        "./kb/schemas/debate.json": [f"claims/{DEBATES}/*.yaml"],
    }
    return _HEAD + json.dumps({"yaml.schemas": bound}, indent=2) + "\n"
