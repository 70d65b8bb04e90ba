"""Pages for people: pure functions from records to pages first, one thin MkDocs plugin last.

Pages, figures, and what every page shares (policy, search, filters of templates) belong here. The templates
themselves are in `site/templates`. Imports what lies below it.
"""
