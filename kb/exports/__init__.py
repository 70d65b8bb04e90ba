"""Records, verdicts and standings in other formats, one format a file.

Here belongs what a program reads: schemas, API, graph, citations, feeds, badges, annotations. `published` is
what all of them, and the pages, are made of. Imports what lies below it, and nothing of `kb.site`.
"""
