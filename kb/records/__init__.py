"""What people write, as strict immutable models: claims, protocols, sources, debates, reviews.

The fields of a record, and what a single record must fulfil by itself, belong here. Opens no file, judges
nothing, and knows no other record. Imports only `kb.text`.
"""
