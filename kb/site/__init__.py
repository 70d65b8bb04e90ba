"""Pages from records: pure functions first, one thin MkDocs plugin last."""
