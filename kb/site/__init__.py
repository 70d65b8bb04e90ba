"""Pages for people: pure functions from records to pages first, one thin MkDocs plugin last.

Here belong pages, figures, and what every page shares: policy, search, templates' filters. The templates
themselves are in `site/templates`. Imports what lies below it.
"""
