"""What this is, how it was made and checked, where questions are answered, and what is known to be wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from kb.exports.published import Site
from kb.judging.certainty import NEAR, nearest
from kb.site.page import Page, page_from
from kb.words.sources import CHECKED


def pages(site: Site) -> Iterator[Page]:
    """Yield the page."""
    description = (
        "What Assay is, how its texts and tests were made and checked, and what is known to be wrong."
    )
    yield page_from(
        site, "about.md", "about", "About", description, hide=("navigation", "toc"), **_counted(site)
    )


def _counted(site: Site) -> dict[str, Any]:
    base, judgements = site.base, site.judgements
    read = Counter(source.verified for source in base.sources.values())
    verdicts = {i: each.verdict for i, each in judgements.items() if each.verdict and each.verdict.seeds}
    near = {i: nearest(verdict.findings) for i, verdict in verdicts.items()}
    certain = Counter(each.level for each in site.project.certainties.values())
    machines = {piece.machine.fingerprint for piece in site.ledger.evidence}
    return {
        "repository": site.repository,
        "judged": len(verdicts),
        "read": [(CHECKED[depth], read[depth]) for depth in CHECKED if read[depth]],
        "close": [i for i, found in near.items() if found is not None and found.widths < NEAR],
        "unsure": [i for i in site.decided if i not in site.surviving],
        "decided": len(site.decided),
        "certain": [(level, certain[level]) for level in ("high", "moderate", "low", "very low")],
        "machines": len(machines),
        "earlier": [i for i in verdicts if judgements[i].tests],
        "suspect": [each for each in site.answers.values() if each.is_suspect],
    }
