"""One page, and what all pages share: records, what was made of them, and the templates."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from jinja2 import Environment

from kb.evidence.ledger import Ledger
from kb.exports.claim_document import LOCAL, absolute
from kb.judging.judgement import Judgement, State
from kb.judging.stats import e_bh
from kb.reading.load import Base
from kb.reasoning.standing import Standing
from kb.site.repository import edit_link, report_link
from kb.site.templates import escaped, plain, relative
from kb.words.findings import StateSentence, state_pieces
from kb.words.states import GROUPS, STATES, Group


class Page(NamedTuple):
    """One page of the site.

    Attributes:
        path: Where it stands in the tree of sources, such as `claims/x.md`.
        content: Markdown whose HTML blocks stand on one line each.
        meta: Title, description and what else the theme asks for, already escaped.
        title: As plain text.
        words: What the search reads besides the title, as plain text; nothing where it leaves the page out.
    """

    path: str
    content: str
    meta: Mapping[str, Any]
    title: str = ""
    words: str | None = None

    @property
    def url(self) -> str:
        """Return the page's address relative to the site's root."""
        return url_of(self.path)

    def as_markdown(self) -> str:
        """Return the page with its metadata in front, as every Markdown engine reads it."""
        lines = "".join(f"{key}: {_yaml(value)}\n" for key, value in self.meta.items())
        return f"---\n{lines}---\n\n{self.content}\n"


def _yaml(value: Any) -> str:
    """Return JSON that is YAML too; escaped, a character of two halves would come back as two."""
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
        path: Where it stands, ending in `.md`.
        content: Markdown whose HTML blocks stand on one line each.
        title: As plain text.
        description: As plain text.
        hide: Parts of the frame that it does without.
        in_search: May the search find it?
        words: What the search reads besides the title; the description where nothing is given.
        head: What programs read in its head, and its own script, by the names in `site/overrides/main.html`.
    """
    meta: dict[str, Any] = {"title": escaped(title), "description": escaped(description), "hide": [*hide]}
    if not in_search:
        meta["search"] = {"exclude": True}
    read = (words or plain(description)) if in_search else None
    return Page(path, content, {**meta, **(head or {})}, plain(title), read)


@dataclass(frozen=True)
class Site:
    """What all pages share.

    Attributes:
        histories: For each claim what changed over time, where somebody knows it.
        repository: Address of the repository on the web; empty where it is not known.
        told: For each claim its state in one sentence, in pieces.
        address: Where the site is published, for what must name whole addresses; it ends in a slash.
    """

    base: Base
    judgements: Mapping[str, Judgement]
    standings: Mapping[str, Standing]
    ledger: Ledger
    templates: Environment
    histories: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    repository: str = ""
    told: dict[str, StateSentence] = field(default_factory=dict)
    address: str = LOCAL

    def __post_init__(self) -> None:
        for claim_id, judgement in self.judgements.items():
            self.told[claim_id] = state_pieces(self.base.claims[claim_id], judgement)

    def absolute(self, target: str) -> str:
        """Return the whole address of something that is named relative to the site's root."""
        return absolute(self.address, target)

    @cached_property
    def by_state(self) -> dict[State, list[str]]:
        """Return the ids of all claims by state, empty states left out, in the order of lists."""
        grouped = {state: [i for i, j in self.judgements.items() if j.state == state] for state in STATES}
        return {state: claim_ids for state, claim_ids in grouped.items() if claim_ids}

    @cached_property
    def by_group(self) -> list[tuple[Group, list[str], str]]:
        """Return for what stands, falls, splits, waits or cannot be tested its claims and its first row."""
        found = []
        for group in GROUPS:
            states = [state for state in group.states if state in self.by_state]
            claims = [claim_id for state in states for claim_id in self.by_state[state]]
            found.append((group, claims, STATES[states[0]].slug if states else "table"))
        return found

    @cached_property
    def decided(self) -> tuple[str, ...]:
        """Return the ids of the claims whose predictions are all decided, by a test that is valid."""
        return tuple(i for i, judgement in self.judgements.items() if STATES[judgement.state].rating)

    @cached_property
    def surviving(self) -> frozenset[str]:
        """Return those whose verdict also stands among all verdicts together, by e-BH at 5 %."""
        verdicts = {i: judgement.verdict for i, judgement in self.judgements.items() if judgement.verdict}
        kept = e_bh([verdict.log_e for verdict in verdicts.values()]) if verdicts else ()
        return frozenset(i for i, is_kept in zip(verdicts, kept, strict=True) if is_kept) & {*self.decided}

    def page(
        self,
        path: str,
        template: str,
        title: str,
        description: str,
        *,
        hide: tuple[str, ...] = ("navigation",),
        in_search: bool = True,
        head: Mapping[str, str] | None = None,
        **shown: Any,
    ) -> Page:
        """Return a page made from a template of that name.

        Args:
            path: Where it stands, ending in `.md`.
            template: Name without endings.
            title: As plain text.
            description: As plain text.
            hide: Parts of the frame that it does without.
            in_search: May the search find it?
            head: What programs read in its head, and its own script, by the names in
                `site/overrides/main.html`.
            **shown: What the template is given besides.
        """
        content = self.part(template, path, title=title, **shown)
        return page_of(path, content, title, description, hide=hide, in_search=in_search, head=head)

    def part(self, template: str, path: str, **shown: Any) -> str:
        """Return the Markdown that a template makes for the page at a path.

        Args:
            template: Name without endings.
            path: Where the page stands; links lead from there.
            **shown: What the template is given besides records, judgements and standings.
        """
        url = url_of(path)
        made = self.templates.get_template(f"{template}.md.jinja").render(
            base=self.base,
            judgements=self.judgements,
            standings=self.standings,
            told=self.told,
            link=lambda target: relative(target, url),
            edit_link=lambda path: edit_link(self.repository, path),
            report_link=lambda about: report_link(self.repository, about),
            **shown,
        )
        return made.strip()
