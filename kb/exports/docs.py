"""Generated blocks inside hand-written Markdown: a real verdict in the README, the fields in the field guide.

A block lies between `<!-- generated: verdict some-claim -->` (or `fields`, or whatever else the caller fills)
and `<!-- end -->`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from kb.exports.fields import field_table
from kb.exports.formats import Format
from kb.exports.published import Site
from kb.judging.judgement import Judgement
from kb.project import Project
from kb.reading.base import Base
from kb.words.bounds import bound_text
from kb.words.findings import finding_decision, state_sentence
from kb.words.measured import measured

PAGES = ("README.md", "claims/README.md", "site/docs/lab.md")
"""The pages that hold generated blocks, relative to the project's root."""
_BLOCK = re.compile(r"(<!-- generated: (\w+) ?([\w-]*) -->\n).*?(<!-- end -->)", re.DOTALL)


def docs_format(others: Mapping[str, str]) -> Format:
    """Return the format whose files are the pages with generated blocks, filled again.

    Args:
        others: Blocks that do not come from records, by their kind.
    """

    def files(site: Site) -> dict[str, str]:
        texts = {name: (site.root / name).read_text(encoding="utf-8") for name in PAGES}
        return {name: filled(text, site.project, others) for name, text in texts.items()}

    return Format(
        "docs",
        "Fill the generated blocks of README.md, claims/README.md and the page of the lab.",
        files,
        is_kept=True,
    )


def filled(text: str, project: Project, others: Mapping[str, str]) -> str:
    """Return a page with its generated blocks filled again; the rest stays as it is.

    Args:
        text: The page.
        project: The project whose claims are shown.
        others: Blocks that do not come from records, by their kind.

    Raises:
        KeyError: A block names a claim that does not exist, or a kind that cannot be generated.
    """

    def block(found: re.Match[str]) -> str:
        start, kind, claim_id, end = found.groups()
        made = {
            "verdict": lambda: _verdict(project.base, project.judgements[claim_id]),
            "fields": field_table,
        }
        text = others[kind] if kind in others else made[kind]()
        return f"{start}{text.strip()}\n{end}"

    return _BLOCK.sub(block, text)


def _verdict(base: Base, judgement: Judgement) -> str:
    """Return a claim's title, its verdict sentence and a row for each prediction, as Markdown."""
    claim = base.claims[judgement.claim_id]
    if judgement.verdict is None:
        return f"**{claim.title}.**\n{state_sentence(claim, judgement)}"
    rows = [
        " | ".join(
            [
                f"| {finding.prediction.says}",
                bound_text(finding.prediction, finding.outcome),
                measured(finding).text,
                f"{finding.seeds}",
                f"{finding_decision(finding)} |",
            ]
        )
        for finding in judgement.verdict.findings
    ]
    head = ["| predicted | bound | measured | seeds | decision |", "|---|---|---|--:|---|"]
    sentence = state_sentence(claim, judgement)
    return "\n".join([f"**{claim.title}.**", sentence, "", *head, *rows])
