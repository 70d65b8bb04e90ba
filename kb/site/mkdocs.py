"""The thin plugin that hands our pages to MkDocs; the only module of the knowledge base that imports it."""

from __future__ import annotations

import logging
import os
import pkgutil
from pathlib import Path
from typing import Any

from jinja2 import Environment
from mkdocs.config.config_options import Type
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.livereload import LiveReloadServer
from mkdocs.plugins import BasePlugin
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

from kb.exports.published import Site
from kb.project import read
from kb.reading.tree import Entry, Folder, is_passed_over
from kb.site import blocks, cards, offline, policy, search, sheets, twins
from kb.site.export import with_addresses
from kb.site.render import files as generated
from kb.site.render import render
from kb.site.serving import guarded
from kb.site.settings import SettingError, settings
from kb.site.written import linked
from kb.text.problems import render_terminal
from kb.time.history import Told

WATCHED = ("claims", "repro/evidence", "repro/experiments", "repro/lab", "site/templates")
_LOG = logging.getLogger("mkdocs.plugins.assay")
UNKNOWN = "1970-01-01"
"""Date of a page that gives none; the site map leaves it out, so the day of the build never enters."""


class AssayPlugin(BasePlugin):  # type: ignore[no-untyped-call,type-arg]  # MkDocs leaves its base class untyped
    """Adds a page for every record, without writing into the folder of hand-written pages."""

    config_scheme = (("histories", Type(str, default="")), ("order", Type(str, default="")))
    """Functions of a project's folder, as `module:name`: one gives the history of each claim, the other the
    order in which evidence came."""
    site: Site
    missing_history: str
    """Why the site has no histories; empty if it has them."""
    found: list[search.Entry]
    lines: list[str]
    twins: dict[str, str]
    """The Markdown twin of each page, by its path."""

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Read everything once, before MkDocs empties its output, and watch the files that were read.

        Raises:
            PluginError: A record, a script or a piece of evidence is wrong; a page would hide it.
        """
        root = Path(config.config_file_path).parent.resolve()
        config.watch.extend(str(root / folder) for folder in WATCHED if (root / folder).is_dir())
        ordered = self.config["order"]
        project = read(Folder(root), order=pkgutil.resolve_name(ordered)(root) if ordered else None)
        docs = Path(config.docs_dir)
        if problems := (project.problems or project.contradictions or tuple(linked(root, docs))):
            raise PluginError(
                f"{render_terminal(problems)}\nThe site is not built while records have problems."
            )
        try:
            where = settings(config)
        except SettingError as error:
            raise PluginError(str(error)) from error
        config.site_url = where.address
        asked = self.config["histories"]
        told: Told = pkgutil.resolve_name(asked)(root) if asked else Told({})
        self.missing_history = told.missing
        if told.missing:
            _LOG.info("%s", without_history(told.missing))
        self.site = Site(
            project,
            root,
            address=where.address,
            repository=where.repository,
            histories=told.events,
            knows_history=not told.missing,
        )
        return config

    def on_files(self, files: Files, /, *, config: MkDocsConfig) -> Files:
        """Add the generated pages and all files that come from records; leave out what editors left.

        Raises:
            PluginError: A hand-written file has a name that no address can hold.
        """
        for file in [*files]:
            if "\ufffd" in os.fsencode(file.src_uri).decode(errors="replace"):
                raise PluginError(f"site/docs/{file.src_uri!a}: a name that is not UTF-8; rename the file.")
            if is_passed_over(Entry(Path(file.src_uri).name, is_folder=False)):
                files.remove(file)
        self.twins = {}
        pages = list(render(self.site))
        self.found = list(search.entries(pages))
        made = {page.path: page.as_markdown() for page in pages} | generated(self.site)
        made[policy.FILE] = policy.headers([*(file.url for file in files), *(page.url for page in pages)])
        for path, content in (made | cards.cards()).items():
            files.append(_file(config, path, content))
        return files

    def on_env(self, env: Environment, /, *, config: MkDocsConfig, files: Files) -> Environment:
        """Give the theme's templates the policy of every page, and its search our pages."""
        del files
        env.globals["content_policy"] = policy.POLICY
        env.globals["style_sheet"] = sheets.TOGETHER
        env.globals["card"] = cards.GENERAL
        theme_search: Any = config.plugins["material/search"]
        theme_search.search_index.entries.extend(self.found)
        return env

    def on_page_markdown(self, markdown: str, /, *, page: Page, config: MkDocsConfig, files: Files) -> str:
        """Return a generated page without its lines of HTML, which need no Markdown engine; keep its twin."""
        del config, files
        text = with_addresses(page.file.src_uri, markdown)
        self.twins[f"{page.file.dest_uri}.md"] = twins.twin(text)
        page.update_date = page.meta.get("updated", UNKNOWN)
        if page.file.generated_by is None:
            return markdown
        page.meta["search"] = {"exclude": True}
        rest, self.lines = blocks.take_out(markdown)
        return rest

    def on_page_content(self, html: str, /, *, page: Page, config: MkDocsConfig, files: Files) -> str:
        """Return a generated page with its lines of HTML again, or a hand-written one whose tables scroll."""
        del config, files
        return blocks.scrolling(html) if page.file.generated_by is None else blocks.put_back(html, self.lines)

    def on_post_build(self, *, config: MkDocsConfig) -> None:
        """Join the style sheets, write twins, and refuse an index that is too large for a first search."""
        sheets.join(Path(config.site_dir))
        for path, text in self.twins.items():
            Path(config.site_dir, path).write_text(text, encoding="utf-8", newline="\n")
        index = Path(config.site_dir, "search", "search_index.json")
        if problem := search.too_large(index.read_bytes()):
            raise PluginError(problem)
        if config.extra.get("offline"):
            offline.finish(Path(config.site_dir))

    def on_serve(self, server: LiveReloadServer, /, **_: Any) -> LiveReloadServer:
        """Let the server refuse what is not meant for this machine, or can be no file."""
        server.set_app(guarded(server.serve_request))
        return server

    def on_post_template(self, output_content: str, /, *, template_name: str, config: MkDocsConfig) -> str:
        """Return the page for missing addresses with a link past its menu, too."""
        del template_name, config
        return blocks.with_skip(output_content)

    def on_post_page(self, output: str, /, *, page: Page, config: MkDocsConfig) -> str:
        """Return a page without the theme's indentation, and with a link past its menu to its heading."""
        del page, config
        return blocks.with_skip(blocks.without_indentation(output))


def without_history(reason: str) -> str:
    """Return a sentence for whoever builds a site that can tell nothing of what changed."""
    return f"Pages and feeds do not tell what changed and when, as the history cannot be read: {reason}."


def _file(config: MkDocsConfig, path: str, content: str | bytes) -> File:
    """Return a file that is built but not in a menu, because a menu of a thousand claims helps no reader."""
    return File.generated(config, path, content=content, inclusion=InclusionLevel.NOT_IN_NAV)
