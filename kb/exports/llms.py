"""`llms.txt`: what the site holds, for language models, in the form that llmstxt.org proposes.

Its links lead to the Markdown twins of the pages, which hold no HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from kb.exports.formats import Format
from kb.exports.published import Site
from kb.words.states import STATES

FILE = "llms.txt"
TWIN = "index.html.md"
"""The name of a page's Markdown twin, in the folder of the page."""
ABOUT = (
    "Essays and papers of the debate on whether deep learning is alchemy are split into claims. "
    "A claim that can be tested says beforehand what would count; a short PyTorch experiment measures; "
    "a pure function judges. A verdict holds for the small networks it was measured on, which each page "
    "names, and rates predictions in a test, not people."
)
PAGES = {
    "answer/": ("The whole answer", "what the tests say about the debate, sentence by sentence"),
    "surprises/": ("Surprises", "what came out otherwise than people say"),
    "method/": ("How we test", "how claims are tested and judged, with formulas"),
    "about/": ("About", "how texts and tests were made and checked, and what is known to be wrong"),
    "data/": ("Data", "every download, with its licence"),
}
OPTIONAL = {
    "sources/": ("Sources", "the essays and papers, each with its claims"),
    "people/": ("People", "who said what, and how the predictions taken from it came out"),
    "experiments/": ("Experiments", "the scripts that measure"),
    "open/": ("First tasks", "questions that nobody has answered yet"),
    "contribute/": ("Take part", "how to add a claim, a test or a replication"),
}


def files(site: Site) -> dict[str, str]:
    """Return the one file, by its path."""
    debates = [
        _line(site, f"debates/{i}/", debate.title, debate.question) for i, debate in site.base.debates.items()
    ]
    programs = (
        f"- [The JSON API]({site.absolute('api/v1/index.json')}): every claim with its verdict and findings"
    )
    parts = [
        "# Assay",
        "> Is deep learning alchemy? What can be tested of both sides' claims, tested in small networks.",
        ABOUT,
        "## Start here\n\n" + "\n".join([*_lines(site, PAGES), programs]),
        "## Debates\n\n" + "\n".join(debates),
        *_claims(site),
        "## Optional\n\n" + "\n".join(_lines(site, OPTIONAL)),
    ]
    return {FILE: "\n\n".join(parts) + "\n"}


def _lines(site: Site, pages: dict[str, tuple[str, str]]) -> Iterator[str]:
    return (_line(site, target, title, notes) for target, (title, notes) in pages.items())


def _line(site: Site, target: str, title: str, notes: str) -> str:
    name = re.sub(r"([\\\[\]])", r"\\\1", " ".join(title.split()))
    return f"- [{name}]({site.absolute(target)}{TWIN}): {' '.join(notes.split())}"


def _claims(site: Site) -> Iterator[str]:
    """Yield a section for the claims of each state, with the answer where a person wrote one."""
    for state, claim_ids in site.by_state.items():
        lines: Iterable[str] = (
            _line(site, f"claims/{i}/", site.base.claims[i].title, _notes(site, i)) for i in claim_ids
        )
        yield f"## Claims: {STATES[state].word.lower()}\n\n" + "\n".join(lines)


def _notes(site: Site, claim_id: str) -> str:
    """Return what came out: the answer, or the state in words where it speaks of an earlier verdict."""
    answer = site.answers.get(claim_id)
    return answer.says if answer and not answer.is_suspect else site.told[claim_id].text


FORMAT = Format("llms", "Write llms.txt, which tells language models where what is.", files)
