"""The knowledge base: from what people wrote and machines measured to verdicts, standings and pages.

It never measures, never runs a script, and imports neither torch nor `repro`. Its parts import downwards
only, in the order `site`, `exports`, `writing`, `time`, `project`, `reasoning`, `words`, `judging`,
`evidence`, `reading`, `records`, `text`; the layers contract in `pyproject.toml` holds this, and
`ARCHITECTURE.md` shows it. `kb/schemas/` holds the generated JSON Schemas.
"""
