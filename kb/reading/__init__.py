"""From a tree of files to records and scripts, with a problem for everything that is wrong in them.

Code that opens `claims/`, or reads the source of scripts without running it, belongs here. What must hold
between records is a rule, one per file, in `rules`. Imports only `kb.records` and `kb.text`; knows no
evidence.
"""
