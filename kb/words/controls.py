"""Controls of experiments in words, once for terminal and page."""

from __future__ import annotations

from collections.abc import Iterator

from kb.judging.controls import Summary
from kb.reading.experiment import Script
from kb.words.failed import failed_clause, in_words
from kb.words.numbers import count
from kb.words.settings import listed


def controls_sentences(found: Summary) -> Iterator[str]:
    """Yield a sentence for each kind of control that was made of an experiment."""
    if found.tried:
        kept = sum(not each.breach for each in found.tried)
        arms = count(len(found.tried), "arm")
        yield (
            f"Seeds: {kept} of {arms} tried, each at every setting by itself, gave the same bits twice, and "
            "values that depend on the seed alone, whichever seeds stand beside it."
        )
    if found.imitated:
        refused = sum(bool(each.refusal) for each in found.imitated)
        faults = count(len(found.imitated), "fault")
        yield (
            f"Faults: {refused} of {faults} refused, as before a first block. They are imitated with the "
            "values of each arm: the outcome constant, the seeds ignored, one data set for a whole block."
        )
    if found.compared:
        total = count(len(found.compared), "comparison")
        yield f"An arm against itself: {found.false} of {total} found a difference."
    if found.relabelled:
        passed = sum(each.is_passed for _, each in found.relabelled)
        failed = sum(each.decision == "contradicted" for _, each in found.relabelled)
        predictions = count(len(found.relabelled), "prediction")
        yield (
            f"Without anything to learn: {passed} of {predictions} did not come out reproduced, and {failed} "
            "came out contradicted, with the labels shuffled in the data of the arm that must do well."
        )
    if found.unlabelled:
        arms = listed(found.unlabelled)
        yield f"No labels to shuffle: {arms} drew none, or made them from the points that they belong to."
    without = [each for each in found.checked if each.wanted is None]
    if without:
        refused = sum(each.is_passed for each in without)
        yield (
            f"Without the effect: {refused} of {count(len(without), 'judgement')} did not come out "
            "reproduced: with the arms swapped, without any effect, with the arms mixed at half of the seeds."
        )
    injected = [each for each in found.checked if each.wanted is not None]
    if injected:
        seen = sum(each.is_passed for each in injected)
        yield (
            f"An effect put in: {seen} of {len(injected)} found, three standard deviations beyond the bound "
            "of each prediction."
        )


def label_sentences(script: Script) -> Iterator[str]:
    """Yield why outcomes of an experiment may come out alike whichever labels are learned."""
    for name, reason in script.any_labels.items():
        yield f"Not judged with shuffled labels: {script.outcomes[name].label}; {reason.rstrip('.')}."


def failures(found: Summary) -> Iterator[str]:
    """Yield a sentence for each control that failed, and each comparison that found a false difference."""
    for tried in found.tried:
        if tried.breach:
            yield f"arm {in_words(tried.arm)} breaks the contract: {tried.breach}"
    yield from (failed_clause(each) for each in found.failing if each.kind != "contract broken")
    for compared in found.compared:
        if compared.is_false:
            yield (
                f"arm {in_words(compared.arm)} differs from itself in {in_words(compared.outcome)}, "
                f"with {compared.pairs} pairs"
            )
    for checked in found.checked:
        if not checked.is_passed:
            why = f" ({checked.detail})" if checked.detail else ""
            yield (
                f"{checked.claim_id}, {in_words(checked.prediction)} at setting "
                f"{in_words(checked.setting)}, {checked.change}: "
                f"{checked.decision}{why}"
            )
