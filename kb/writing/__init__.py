"""Records written or edited as text, so that every other line stays as its author left it.

Here belongs what `repro new` and `repro review` put into files; `additions` alone saves anything.
Imports what lies below it, from `kb.time` down.
"""
