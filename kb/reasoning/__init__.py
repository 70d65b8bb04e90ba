"""What verdicts mean for other claims: the graph, standings, derivations, conflicts and what to run next."""
