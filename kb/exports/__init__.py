"""Records, verdicts and standings in other formats, one format per file.

Everything that programs read belongs here: schemas, API, graph, citations, feeds, badges, annotations.
`published` is what all of them, and the pages, are made from. It imports what lies below it, and nothing from
`kb.site`.
"""
