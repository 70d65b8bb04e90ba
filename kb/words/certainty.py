"""How sure a verdict is, in words, once for terminal, page and API."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from kb.judging.certainty import MOST_TESTS, Certainty, Doubt
from kb.judging.verdict import Verdict
from kb.words.numbers import count
from kb.words.settings import listed

DOUBTS: Mapping[Doubt, str] = {
    "distant": "the test differs from the source in ways that may favour what came out",
    "one setting": "it was measured at one setting only",
    "fragile": "one seed fewer, or the price of one more test, would turn it",
    "near": "an interval half as wide again would reach a bound",
    "one machine": "machines of one kind measured it",
}
"""What speaks against leaning on a verdict, as a clause."""


def certainty_sentence(found: Certainty) -> str:
    """Return the level with its reasons, as a sentence."""
    reasons = "; ".join(DOUBTS[doubt] for doubt in found.doubts)
    return f"Certainty: {found.level}{f', because {reasons}' if reasons else ''}."


def robustness_sentences(found: Certainty, verdict: Verdict) -> Iterator[str]:
    """Yield what seeds left out one at a time would change, and what further tests of the claim would."""
    if found.turning:
        states = Counter(state for _, state in found.turning)
        turned = listed([f"{number} would leave it {state}" for state, number in states.items()])
        yield f"Of its {count(verdict.seeds, 'seed')}, left out one at a time, {turned}."
    else:
        yield f"None of its {count(verdict.seeds, 'seed')}, left out one at a time, would change it."
    survived = found.further_tests
    if survived == 0:
        yield "At half the level, the price of one more test of the claim, it would be another."
    else:
        more = "at least " if survived == MOST_TESTS else ""
        yield f"It would survive the price of {more}{count(survived, 'more test')} of the claim."
