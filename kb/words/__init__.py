"""The one voice: states, relations and findings as structured pieces and as sentences.

Here belongs every number that is rounded for people and every word for a state or a relation. Terminal,
pages, API and feeds lay these pieces out and add none of their own. Imports `kb.judging` and what lies
below it.
"""
