"""What programs read of the site: data, schemas, citations, badges, feeds and where to find all of them.

Every file follows from records and evidence alone: none holds the time at which it was built.
"""
