"""From a tree of files to records and scripts, with a problem for everything that is wrong in them.

Here belongs what opens `claims/` and reads the source of scripts without running it. What must hold between
records is a rule, one a file, in `rules`. Imports only `kb.records` and `kb.text`; knows no evidence.
"""
