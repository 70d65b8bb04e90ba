"""The pages of the site, one kind a module: each turns a `Site` into pages, and neither rounds nor judges."""
