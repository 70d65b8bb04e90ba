"""From a protocol and raw values to findings and a verdict.

Statistics, bounds, and the rule that turns them into decisions belong here: pure functions, computed anew on
every build and stored nowhere. Imports `kb.evidence` and what lies below it; writes no text for readers.
"""
