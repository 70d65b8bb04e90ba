"""The pages, one kind a module; each yields the pages of its kind from a `kb.site.page.Site`."""
