"""A verdict in words for a reader who knows no statistics; never stronger than the verdict."""

from __future__ import annotations

from kb.judging.judgement import Judgement
from kb.judging.verdict import Verdict
from kb.words.findings import is_good
from kb.words.numbers import count
from kb.words.settings import decided_states
from kb.words.states import STATES


def in_plain_words(judgement: Judgement) -> str:
    """Return one or two sentences on how a claim came out where it was tested."""
    verdict = judgement.verdict
    if verdict is None:
        return STATES[judgement.state].means
    if verdict.seeds == 0:
        return "Nothing has been measured yet."
    if judgement.state == "varies":
        return _by_setting(judgement)
    return f"{_outcome(verdict)} {_repeats(verdict)}"


def _by_setting(judgement: Judgement) -> str:
    """Return whether settings disagree, or are only not all decided."""
    decided = decided_states(judgement)
    if len(decided) > 1:
        return "What came out depends on the setting of the test."
    if decided:
        return "It was not decided at every setting of the test."
    return "It was decided at no setting of the test."


def _outcome(verdict: Verdict) -> str:
    total = len(verdict.findings)
    held = sum(finding.decision == "reproduced" for finding in verdict.findings)
    failed = sum(finding.decision == "contradicted" for finding in verdict.findings)
    everything = {1: "The one prediction", 2: "Both predictions"}.get(total, f"All {total} predictions")
    if verdict.state == "reproduced":
        return f"{everything} came out as said in our small test."
    if verdict.state == "contradicted":
        return f"{everything} failed in our small test."
    if verdict.state == "split":
        return f"In our small test {held} of {total} predictions came out as said, and {failed} did not."
    if verdict.state == "invalid":
        return _invalid(verdict)
    left = total - held - failed
    if left == 0:
        return "Our test cannot tell yet: a check of the test itself is still open."
    if total == 1:
        return "Our test cannot tell yet."
    counted = ((held, "came out as said"), (failed, "did not"), (left, "may still go either way"))
    *others, last = [f"{how_many} {words}" for how_many, words in counted if how_many]
    rest = f"{', '.join(others)} and {last}" if others else last
    return f"Our test cannot tell yet: of {total} predictions {rest}."


def _invalid(verdict: Verdict) -> str:
    if verdict.failing:
        return "Our test tells nothing: a check of the experiment itself failed."
    if any(control.is_wrong and control.must_hold for control in verdict.controls):
        return "Our test tells nothing: what must hold for it to have power did not."
    return "Our test tells nothing: what was predicted also happened where it must not."


def _repeats(verdict: Verdict) -> str:
    seeds = {finding.seeds for finding in verdict.findings}
    times = f"{'' if len(seeds) == 1 else 'up to '}{count(verdict.seeds, 'time')}"
    return f"The test ran {times} from fresh random starts{_controls(verdict)}."


def _controls(verdict: Verdict) -> str:
    """Return how many control tests passed, as the end of a sentence; empty without any."""
    total = len(verdict.controls)
    passed = sum(is_good(each) is True for each in verdict.controls)
    if total == 0:
        return ""
    if passed == total:
        every = {1: "its control test", 2: "both control tests"}.get(total, f"all {total} control tests")
        return f"; {every} passed"
    return f"; {passed} of {count(total, 'control test')} passed"
