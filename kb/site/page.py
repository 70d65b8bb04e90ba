"""One page, and what all pages share: records, results derived from them, and the templates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from kb.exports.published import Site
from kb.site.names import named, with_titles
from kb.site.repository import edit_link, report_link
from kb.site.templates import environment, escaped, plain, relative


class Page(NamedTuple):
    """One page of the site.

    Attributes:
        path: Its path in the tree of sources, such as `claims/x.md`.
        content: Markdown whose HTML blocks are on one line each.
        meta: Title, description and what else the theme requires, already escaped.
        title: The title as plain text, as the search shows it.
        words: What the search reads besides the title, as plain text; None if it leaves the page out.
        aliases: Other words under which people look for it.
    """

    path: str
    content: str
    meta: Mapping[str, Any]
    title: str = ""
    words: str | None = None
    aliases: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """Return the page's address relative to the site's root."""
        return url_of(self.path)

    def as_markdown(self) -> str:
        """Return the page with its metadata in front, as every Markdown engine reads it."""
        lines = "".join(f"{key}: {_yaml(value)}\n" for key, value in self.meta.items())
        return f"---\n{lines}---\n\n{self.content}\n"


def _yaml(value: Any) -> str:
    """Return JSON that is also YAML, without escapes: YAML reads a surrogate pair as two characters."""
    return json.dumps(value, ensure_ascii=False)


def url_of(path: str) -> str:
    """Return the address of a page from its path: `a/b.md` is at `a/b/`, `a/index.md` at `a/`."""
    stem = path.removesuffix(".md")
    return stem.removesuffix("index") if stem == "index" or stem.endswith("/index") else f"{stem}/"


def page_of(
    path: str,
    content: str,
    title: str,
    description: str,
    *,
    hide: tuple[str, ...] = ("navigation",),
    in_search: bool = True,
    words: str = "",
    head: Mapping[str, str] | None = None,
) -> Page:
    """Return a page with its metadata.

    Args:
        path: Its path, ending in `.md`.
        content: Markdown whose HTML blocks are on one line each.
        title: The title as plain text.
        description: The description as plain text.
        hide: Parts of the theme's frame to leave out.
        in_search: May the search find it?
        words: What the search reads besides the title; by default the description.
        head: What programs read in its head, and its own script, by the names in `site/overrides/main.html`.
    """
    meta: dict[str, Any] = {"title": escaped(title), "description": escaped(description), "hide": [*hide]}
    if not in_search:
        meta["search"] = {"exclude": True}
    read = (words or plain(description)) if in_search else None
    return Page(path, content, {**meta, **(head or {})}, plain(title), read)


def page_from(
    site: Site,
    path: str,
    template: str,
    title: str,
    description: str,
    *,
    hide: tuple[str, ...] = ("navigation",),
    in_search: bool = True,
    words: str = "",
    head: Mapping[str, str] | None = None,
    **shown: Any,
) -> Page:
    """Return a page made from a template of that name.

    Args:
        site: What all pages share.
        path: Its path, ending in `.md`.
        template: Name without endings.
        title: The title as plain text.
        description: The description as plain text.
        hide: Parts of the theme's frame to leave out.
        in_search: May the search find it?
        words: What the search reads besides the title; by default the description.
        head: What programs read in its head, and its own script, by the names in
            `site/overrides/main.html`.
        **shown: Further values for the template.
    """
    content = part(site, template, path, title=title, **shown)
    return page_of(path, content, title, description, hide=hide, in_search=in_search, words=words, head=head)


def part(site: Site, template: str, path: str, **shown: Any) -> str:
    """Return the Markdown that a template makes for the page at a path.

    Args:
        site: What all pages share.
        template: Name without endings.
        path: The page's path, from which links are relative.
        **shown: Values for the template besides records, judgements and standings.
    """
    url = url_of(path)
    made = environment(site.root).get_template(f"{template}.md.jinja")
    content = made.render(
        base=site.base,
        judgements=site.judgements,
        standings=site.standings,
        told=site.told,
        link=lambda target: relative(target, url),
        edit_link=lambda path: edit_link(site.repository, path),
        report_link=lambda about: report_link(site.repository, about),
        **shown,
    )
    return with_titles(content.strip(), named(site.base), lambda target: relative(target, url))
