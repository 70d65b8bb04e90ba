"""Records, judgements and standings as pages; pure, and without any site generator.

Sinks put the pages somewhere: `kb.web.plugin` hands them to MkDocs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment

from kb.coverage import coverage
from kb.judgement import Judgement, State
from kb.load import Base
from kb.standing import Standing
from kb.web import claim_page
from kb.web.experiment_page import experiment_page
from kb.web.states import STATES
from kb.web.templates import authors, environment, escaped, relative

WORKED_EXAMPLE = "gd-stalls-two-layer-linear"
TITLES = {
    "claims/index.md": ("Claims", "Every claim with the state that the evidence gives it."),
    "sources/index.md": ("Sources", "Every source with how much of it was checked."),
    "debates/index.md": ("Debates", "Every question on which sources take sides."),
    "coverage.md": ("Coverage", "Which paragraph of which essay makes which claims."),
    "experiments/index.md": ("Experiments", "Every script with its question and its claims."),
}


class Page(NamedTuple):
    """One page of the site.

    Attributes:
        path: Where it stands in the tree of sources, such as `claims/x.md`.
        content: Markdown whose HTML blocks stand on one line each.
        meta: Title, description and what else the theme asks for, already escaped.
    """

    path: str
    content: str
    meta: Mapping[str, Any]

    @property
    def url(self) -> str:
        """Return the page's address relative to the site's root."""
        return url_of(self.path)

    def as_markdown(self) -> str:
        """Return the page with its metadata in front, as every Markdown engine reads it."""
        lines = "".join(f"{key}: {json.dumps(value)}\n" for key, value in self.meta.items())
        return f"---\n{lines}---\n\n{self.content}\n"


def url_of(path: str) -> str:
    """Return the address of a page from its path: `a/b.md` is at `a/b/`, `a/index.md` at `a/`."""
    stem = path.removesuffix(".md")
    return stem.removesuffix("index") if stem == "index" or stem.endswith("/index") else f"{stem}/"


def render(
    base: Base, judgements: Mapping[str, Judgement], standings: Mapping[str, Standing]
) -> Iterator[Page]:
    """Yield every page that comes from records."""
    site = _Site(base, judgements, standings, environment(base.root))
    yield from site.overview_pages()
    for claim_id in base.claims:
        yield site.claim(claim_id)
    for source_id in base.sources:
        yield site.source(source_id)
    for debate_id in base.debates:
        yield site.debate(debate_id)
    for name in base.scripts:
        yield site.experiment(name)


def redirects(base: Base) -> dict[str, str]:
    """Return for the old address of each moved or split claim the HTML that leads on from there."""
    template = environment(base.root).get_template("moved.html.jinja")
    return {
        f"claims/{old_id}/index.html": template.render(
            old_id=old_id, successors=[(i, base.claims[i].title) for i in base.successors(old_id)]
        )
        for old_id in base.tombstones
    }


def records(base: Base) -> dict[str, Path]:
    """Return for each published record its path on the site and the file that is copied there."""
    claims = {f"claims/{claim_id}.yaml": base.paths[claim_id] for claim_id in base.claims}
    sources = {f"sources/{source_id}.yaml": base.paths[source_id] for source_id in base.sources}
    debates = {f"debates/{debate_id}.yaml": base.paths[debate_id] for debate_id in base.debates}
    return {target: base.root / path for target, path in {**claims, **sources, **debates}.items()}


@dataclass(frozen=True)
class _Site:
    """What all pages share: the records, what was made of them, and the templates."""

    base: Base
    judgements: Mapping[str, Judgement]
    standings: Mapping[str, Standing]
    templates: Environment
    sentences: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for claim_id, judgement in self.judgements.items():
            self.sentences[claim_id] = claim_page.summary(self.base, judgement)

    def overview_pages(self) -> Iterator[Page]:
        shown: dict[str, Any] = {"by_state": self._by_state(), "covered": coverage(self.base)}
        example = self.judgements.get(WORKED_EXAMPLE)
        figure = claim_page.figure(self.base, example, "seeds-example", predictions=1) if example else None
        title = "Assay"
        description = "What the claims of the deep-learning alchemy debate are worth when they are measured."
        hide = ["navigation", "toc"]
        yield self._page(
            "index.md", "start", title, description, hide, example=example, figure=figure, **shown
        )
        for path, (title, description) in TITLES.items():
            template = path.removesuffix(".md").removesuffix("/index")
            yield self._page(path, template, title, description, hide, **shown)

    def claim(self, claim_id: str) -> Page:
        claim = self.base.claims[claim_id]
        shown = claim_page.context(self.base, self.judgements[claim_id])
        shown["standing"] = self.standings[claim_id]
        return self._page(f"claims/{claim_id}.md", "claim", claim.title, self.sentences[claim_id], **shown)

    def source(self, source_id: str) -> Page:
        source = self.base.sources[source_id]
        written_by = authors(source)
        said = [
            (claim_id, appearance)
            for claim_id, claim in self.base.claims.items()
            for appearance in claim.stated_in
            if appearance.source == source_id
        ]
        shown: dict[str, Any] = {
            "source_id": source_id,
            "source": source,
            "authors": written_by,
            "said": said,
            "slips": [
                (slip, claim_page.place_in(slip.locator), claim_page.passage(source, slip.locator.anchor))
                for slip in source.slips
            ],
        }
        return self._page(
            f"sources/{source_id}.md", "source", source.title, f"{source.title}, {written_by}", **shown
        )

    def debate(self, debate_id: str) -> Page:
        debate = self.base.debates[debate_id]
        return self._page(
            f"debates/{debate_id}.md",
            "debate",
            debate.title,
            debate.question,
            debate_id=debate_id,
            debate=debate,
            standings=self.standings,
        )

    def experiment(self, name: str) -> Page:
        script = self.base.scripts[name]
        return self._page(
            f"experiments/{name}.md",
            "experiment",
            name,
            script.question,
            **experiment_page(self.base, self.judgements, script),
        )

    def _by_state(self) -> dict[State, list[str]]:
        """Return the ids of all claims by state, empty states left out, in the order of lists."""
        grouped = {state: [i for i, j in self.judgements.items() if j.state == state] for state in STATES}
        return {state: claim_ids for state, claim_ids in grouped.items() if claim_ids}

    def _page(
        self,
        path: str,
        template: str,
        title: str,
        description: str,
        hide: list[str] | None = None,
        **shown: Any,
    ) -> Page:
        url = url_of(path)
        content = self.templates.get_template(f"{template}.md.jinja").render(
            base=self.base,
            judgements=self.judgements,
            sentences=self.sentences,
            link=lambda target: relative(target, url),
            passage=claim_page.passage,
            title=title,
            **shown,
        )
        meta = {"title": escaped(title), "description": escaped(description), "hide": hide or ["navigation"]}
        return Page(path, content.strip(), meta)
