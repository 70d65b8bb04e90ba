"""Records written or edited as text, so that every other line stays as its author left it.

What `repro new` and `repro review` put into files belongs here; only `additions` saves anything.
It imports what lies below it, from `kb.time` down.
"""
