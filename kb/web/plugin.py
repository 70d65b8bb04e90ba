"""The thin sink that hands our pages to MkDocs; the only module of the knowledge base that imports it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

from kb.evidence import Ledger, read_ledger
from kb.history import Event
from kb.judgement import Judgement, judge_base
from kb.load import Base, load_base
from kb.problems import render_terminal
from kb.standing import standings
from kb.web.render import files as downloads
from kb.web.render import records, redirects, render

WATCHED = ("claims", "repro/evidence", "repro/experiments", "repro/lab", "site/templates")


class AssayPlugin(BasePlugin):  # type: ignore[no-untyped-call,type-arg]  # MkDocs leaves its base class untyped
    """Adds a page for every record, without writing into the folder of hand-written pages."""

    histories: ClassVar[Mapping[str, Sequence[Event]]] = {}
    """What became of each claim, set by whoever may ask git before a build."""
    base: Base
    ledger: Ledger
    judgements: dict[str, Judgement]

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Read everything once, before MkDocs empties its output, and watch what it was read from.

        Raises:
            PluginError: A record, a script or a piece of evidence is wrong; a page would hide it.
        """
        root = Path(config.config_file_path).parent.resolve()
        config.watch.extend(str(root / folder) for folder in WATCHED if (root / folder).is_dir())
        base, ledger = load_base(root), read_ledger(root)
        if problems := (*base.problems, *ledger.problems):
            raise PluginError(
                f"{render_terminal(problems)}\nThe site is not built while records have problems."
            )
        self.base, self.ledger, self.judgements = base, ledger, judge_base(base, ledger)
        return config

    def on_files(self, files: Files, /, *, config: MkDocsConfig) -> Files:
        """Add the generated pages and the records' own files."""
        known = (self.base, self.judgements, standings(self.base, self.judgements), self.ledger)
        repository = str(config.extra.get("repository") or "")
        for page in render(*known, self.histories, repository=repository):
            files.append(_generated(config, page.path, content=page.as_markdown()))
        for path, text in downloads(*known).items():
            files.append(_generated(config, path, content=text))
        for path, html in redirects(self.base).items():
            files.append(_generated(config, path, content=html))
        for path, original in records(self.base).items():
            files.append(_generated(config, path, abs_src_path=str(original)))
        return files

    def on_post_page(self, output: str, /, *, page: Page, config: MkDocsConfig) -> str:
        """Return a page without the theme's indentation, a quarter of its bytes; what is `pre` stays."""
        del page, config
        parts = re.split(r"(<pre\b.*?</pre>)", output, flags=re.DOTALL)
        return "".join(
            part if index % 2 else re.sub(r"\s*\n\s*", "\n", part) for index, part in enumerate(parts)
        )


def _generated(config: MkDocsConfig, path: str, **content: str) -> File:
    """Return a file that is built but stands in no menu: a menu of a thousand claims helps nobody."""
    return File.generated(config, path, inclusion=InclusionLevel.NOT_IN_NAV, **content)
