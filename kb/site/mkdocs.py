"""The thin sink that hands our pages to MkDocs; the only module of the knowledge base that imports it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from jinja2 import Environment
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

from kb.evidence.ledger import Ledger, read_ledger
from kb.exports.claim_document import LOCAL
from kb.judging.judgement import Judgement, judge_base
from kb.reading.load import Base, load_base
from kb.reading.tree import Folder
from kb.reasoning.standing import standings
from kb.site import blocks, policy, search
from kb.site.render import files as downloads
from kb.site.render import records, redirects, render
from kb.text.problems import render_terminal
from kb.time.history import Event

WATCHED = ("claims", "repro/evidence", "repro/experiments", "repro/lab", "site/templates")
UNKNOWN = "1970-01-01"
"""When a page changed that does not say so; the site map leaves it out, and no day of building enters."""


class AssayPlugin(BasePlugin):  # type: ignore[no-untyped-call,type-arg]  # MkDocs leaves its base class untyped
    """Adds a page for every record, without writing into the folder of hand-written pages."""

    histories: ClassVar[Mapping[str, Sequence[Event]]] = {}
    """What became of each claim, set by whoever may ask git before a build."""
    base: Base
    ledger: Ledger
    judgements: dict[str, Judgement]
    found: list[dict[str, str]]
    lines: list[str]

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Read everything once, before MkDocs empties its output, and watch what it was read from.

        Raises:
            PluginError: A record, a script or a piece of evidence is wrong; a page would hide it.
        """
        root = Path(config.config_file_path).parent.resolve()
        config.watch.extend(str(root / folder) for folder in WATCHED if (root / folder).is_dir())
        base, ledger = load_base(Folder(root)), read_ledger(Folder(root))
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
        address = str(config.site_url or LOCAL)
        pages = list(render(*known, self.histories, repository=repository, address=address))
        self.found = list(search.entries(pages))
        made = {page.path: page.as_markdown() for page in pages} | redirects(self.base)
        made |= downloads(*known, self.histories, address=address)
        made[policy.FILE] = policy.headers([*(file.url for file in files), *(page.url for page in pages)])
        for path, text in made.items():
            files.append(_generated(config, path, content=text))
        for path, original in records(self.base).items():
            files.append(_generated(config, path, abs_src_path=str(original)))
        return files

    def on_env(self, env: Environment, /, *, config: MkDocsConfig, files: Files) -> Environment:
        """Let the theme's templates name the policy of every page, and its search know our pages."""
        del files
        env.globals["content_policy"] = policy.POLICY
        theme_search: Any = config.plugins["material/search"]
        theme_search.search_index.entries.extend(self.found)
        return env

    def on_page_markdown(self, markdown: str, /, *, page: Page, config: MkDocsConfig, files: Files) -> str:
        """Return a generated page without its lines of HTML, which need no Markdown engine."""
        del config, files
        page.update_date = page.meta.get("updated", UNKNOWN)
        if page.file.generated_by is None:
            return markdown
        page.meta["search"] = {"exclude": True}
        rest, self.lines = blocks.take_out(markdown)
        return rest

    def on_page_content(self, html: str, /, *, page: Page, config: MkDocsConfig, files: Files) -> str:
        """Return a generated page with its lines of HTML again."""
        del config, files
        return html if page.file.generated_by is None else blocks.put_back(html, self.lines)

    def on_post_build(self, *, config: MkDocsConfig) -> None:
        """Refuse a search index that is too large for a reader's first search."""
        index = Path(config.site_dir, "search", "search_index.json")
        if problem := search.too_large(index.read_bytes()):
            raise PluginError(problem)

    def on_post_page(self, output: str, /, *, page: Page, config: MkDocsConfig) -> str:
        """Return a page without the theme's indentation, a quarter of its bytes."""
        del page, config
        return blocks.without_indentation(output)


def _generated(config: MkDocsConfig, path: str, **content: str) -> File:
    """Return a file that is built but stands in no menu: a menu of a thousand claims helps nobody."""
    return File.generated(config, path, inclusion=InclusionLevel.NOT_IN_NAV, **content)
