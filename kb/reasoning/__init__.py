"""What verdicts mean for other claims: graph, standings, accounts, derivations, conflicts, what to run next.

Here belongs what needs more than one claim at a time. Imports `kb.words` and what lies below it; knows no
past and no page.
"""
