"""What people write, as strict immutable models: claims, protocols, sources, debates, reviews.

Here belong the fields of a record and what a single record must fulfil by itself. Opens no file, judges
nothing, and knows no other record. Imports only `kb.text`.
"""
