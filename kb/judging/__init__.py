"""From a protocol and raw values to findings and a verdict.

Here belong statistics, bounds, and the rule that turns them into decisions: pure functions, computed anew on
every build and stored nowhere. Imports `kb.evidence` and what lies below it; words nothing.
"""
