"""The knowledge base: from what people wrote and machines measured to verdicts, standings and pages.

It never measures, never runs a script, and imports neither torch nor `repro`. Its folders import downwards
only, in the order `site` and `exports`, `writing`, `time`, `reasoning`, `words`, `judging`, `evidence`,
`reading`, `records`, `text`; the layers contract in `pyproject.toml` holds this, and `ARCHITECTURE.md` shows
it. `schemas` holds the generated JSON Schemas.
"""
