"""The sections of a claim's page, in the order of its argument.

A section is one function and one template part. The function returns the values for the part, or None if the
page has no such section. The part is `site/templates/claim/<name of the function>.md.jinja`; besides what the
function returns it sees the claim's id, record, protocol, judgement and verdict, and what every template of
the site sees.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kb.site.appearances import appearances
from kb.site.figures.findings import verdict_figure
from kb.site.figures.headline import headline
from kb.site.figures.timeline import timeline
from kb.site.page import part
from kb.site.pages.claim.neighbours import debates_of, relations, weighed
from kb.site.pages.claim.predictions import columns
from kb.site.pages.claim.provenance import (
    earlier_tests,
    machines,
    measured_arms,
    replications,
    revisions,
)
from kb.site.pages.claim.sensitivity import sensitivity
from kb.site.pages.claim.subject import Subject
from kb.words.bounds import EXPLORED
from kb.words.certainty import certainty_sentence
from kb.words.earlier_tests import level_text
from kb.words.marks import LEANS
from kb.words.replays import replays_sentence
from kb.words.settings import at_settings, capitalised, setting_text
from kb.words.summaries import in_plain_words

Shown = Mapping[str, Any]
Section = Callable[[Subject], Shown | None]


def head(subject: Subject) -> Shown:
    """Show title, answer, state and verdict, how sure it is, and the claim's standing in the graph."""
    return {
        "marks": subject.site.marks(subject.claim_id),
        "headline": headline(subject.site, subject.claim_id, figure_id="headline"),
        "topic": subject.site.base.topics[subject.claim_id],
        "plain": in_plain_words(subject.judgement),
        "answer": subject.site.answers.get(subject.claim_id),
        "standing": subject.site.standings.get(subject.claim_id),
        "has_account": bool(subject.site.accounts.get(subject.claim_id)),
    }


def who_says_it(subject: Subject) -> Shown:
    """Show who asserts, disputes, qualifies or reports the claim, and where."""
    return {"said": appearances(subject.site.base, subject.claim_id)}


def the_statement(_subject: Subject) -> Shown:
    """Show the claim in our words, with its scope."""
    return {}


def for_and_against(subject: Subject) -> Shown | None:
    """Show the ledger of a claim without a verdict: what bears on it, and how each of these came out."""
    account = subject.site.accounts.get(subject.claim_id, ())
    return {"weighed": weighed(subject.site.base, account)} if account else None


def predicted_and_measured(subject: Subject) -> Shown | None:
    """Show every prediction and control beside what was measured, at each setting."""
    protocol = subject.protocol
    return {"tables": subject.tables, "explored": EXPLORED[protocol.explored]} if protocol else None


def every_seed(subject: Subject) -> Shown | None:
    """Show what each seed gave at each setting, as a figure and as a table."""
    drawn = []
    for found in subject.judgement.judged:
        verdict = found.verdict
        if verdict is not None and verdict.seeds:
            mark = "" if found is subject.judgement.main else f"-{found.name}"
            figure_id = f"seeds-{subject.claim_id}{mark}"
            figure = verdict_figure(verdict, subject.claim.title, figure_id=figure_id, texts=subject.texts)
            words = capitalised(at_settings([found]))
            drawn.append(
                {
                    "found": found,
                    "words": words,
                    "figure": figure,
                    "columns": list(columns(verdict, subject.texts)),
                }
            )
    return {"drawn": drawn} if drawn else None


def what_would_flip_it(subject: Subject) -> Shown | None:
    """Show how near the verdict is to its bound, and what would follow if it were the opposite."""
    found = sensitivity(subject.site, subject.claim_id)
    sure = subject.site.project.certainties.get(subject.claim_id)
    return {"found": found, "certainty": certainty_sentence(sure) if sure else ""} if found else None


def what_it_bears_on(subject: Subject) -> Shown | None:
    """Show the claim's relations and debates, in words and drawn."""
    base, claim_id = subject.site.base, subject.claim_id
    related, debates = relations(base, claim_id), debates_of(base, claim_id)
    if not related and not debates:
        return None
    return {"relations": related, "debates": debates, "near": subject.neighbourhoods.drawn(claim_id)}


def run_it_yourself(subject: Subject) -> Shown | None:
    """Show the command that measures the claim, and what it costs at the main setting."""
    main = subject.judgement.main
    return {"seconds": sum(p.seconds for p in main.evidence) if main else 0.0} if subject.can_run else None


def with_care(subject: Subject) -> Shown | None:
    """Show where the test departs from the source, pitfalls, and the source's own numbers."""
    claim = subject.claim
    deviations = claim.protocol.deviations if claim.protocol else ()
    reported = [item for item in claim.reported if item.from_ in subject.site.base.sources]
    if not deviations and not claim.pitfalls and not reported:
        return None
    measured = [row for row in subject.rows if row.seeds and not row.control]
    return {"deviations": deviations, "leans": LEANS, "reported": reported, "measured": measured}


def evidence(subject: Subject) -> Shown | None:
    """Show which blocks count, who measured them, what is stale, and what was predicted before."""
    if not subject.can_run:
        return None
    counting = subject.judgement.evidence
    return {
        "machines": machines(counting),
        "measured_arms": measured_arms(counting, subject.texts),
        "setting_text": setting_text,
        "revisions": revisions(subject.claim, subject.judgement),
        "tests": earlier_tests(subject.judgement),
        "level": level_text(subject.judgement),
        "replications": replications(subject.judgement),
        "replayed": [
            (setting_text(found.name), replays_sentence(found.replays))
            for found in subject.judgement.settings
            if found.replays
        ],
    }


def history(subject: Subject) -> Shown | None:
    """Show the claim's history in short, with a link to all of it."""
    events = subject.site.histories.get(subject.claim_id, ())
    return {"history": events, "timeline": timeline(events, figure_id="timeline")} if events else None


def cite_correct(_subject: Subject) -> Shown:
    """Show how to cite the claim, and where to correct it."""
    return {}


SECTIONS: tuple[Section, ...] = (
    head,
    with_care,
    predicted_and_measured,
    the_statement,
    who_says_it,
    for_and_against,
    what_would_flip_it,
    what_it_bears_on,
    run_it_yourself,
    every_seed,
    evidence,
    history,
    cite_correct,
)
"""All sections, in the order of the page."""


def parts(subject: Subject) -> dict[str, str]:
    """Return the Markdown of each section that a claim's page has, by the name of its function."""
    shown = {section.__name__: section(subject) for section in SECTIONS}
    known: Shown = {
        "claim_id": subject.claim_id,
        "claim": subject.claim,
        "protocol": subject.protocol,
        "judgement": subject.judgement,
        "verdict": subject.verdict,
    }
    path = f"claims/{subject.claim_id}.md"
    return {
        name: part(subject.site, f"claim/{name}", path, **known, **given)
        for name, given in shown.items()
        if given is not None
    }
