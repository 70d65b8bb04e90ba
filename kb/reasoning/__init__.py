"""What verdicts mean for other claims: graph, standings, accounts, derivations, conflicts, what to run next.

Code belongs here if it needs more than one claim at a time. Imports `kb.words` and what lies below it; knows
neither the past nor pages.
"""
