"""The thin sink that hands our pages to MkDocs; the only module of the knowledge base that imports it."""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin
from mkdocs.structure.files import File, Files, InclusionLevel

from kb.evidence import read_ledger
from kb.judgement import judge_base
from kb.load import load_base
from kb.problems import render_terminal
from kb.standing import standings
from kb.web.render import records, render

WATCHED = ("claims", "repro/evidence", "repro/experiments", "repro/lab", "site/templates")


class AssayPlugin(BasePlugin):  # type: ignore[no-untyped-call,type-arg]  # MkDocs leaves its base class untyped
    """Adds a page for every record, without writing into the folder of hand-written pages."""

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Let `serve` rebuild when a record, a script, evidence or a template changes."""
        root = _root(config)
        config.watch.extend(str(root / folder) for folder in WATCHED if (root / folder).is_dir())
        return config

    def on_files(self, files: Files, /, *, config: MkDocsConfig) -> Files:
        """Read everything once and add the generated pages and the records' own files.

        Raises:
            PluginError: A record, a script or a piece of evidence is wrong; a page would hide it.
        """
        root = _root(config)
        base, ledger = load_base(root), read_ledger(root)
        if problems := (*base.problems, *ledger.problems):
            raise PluginError(
                f"{render_terminal(problems)}\nThe site is not built while records have problems."
            )
        judgements = judge_base(base, ledger)
        for page in render(base, judgements, standings(base, judgements)):
            files.append(_generated(config, page.path, content=page.as_markdown()))
        for path, original in records(base).items():
            files.append(_generated(config, path, abs_src_path=str(original)))
        return files


def _root(config: MkDocsConfig) -> Path:
    return Path(config.config_file_path).parent.resolve()


def _generated(config: MkDocsConfig, path: str, **content: str) -> File:
    """Return a file that is built but stands in no menu: a menu of a thousand claims helps nobody."""
    return File.generated(config, path, inclusion=InclusionLevel.NOT_IN_NAV, **content)
