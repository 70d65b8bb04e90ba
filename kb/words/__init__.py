"""The only source of words for readers: states, relations and findings as pieces and as sentences.

Every number that is rounded for people and every word for a state or a relation belongs here. Terminal,
pages, API and feeds lay these pieces out and add none of their own. Imports `kb.judging` and what lies below
it.
"""
