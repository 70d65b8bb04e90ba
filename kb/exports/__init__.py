"""Records, verdicts and standings in other formats, one format a file.

Here belongs what a program reads: schemas, API, graph, citations, feeds, badges, annotations. Imports what
lies below it, and of `kb.site` nothing but `Site`.
"""
