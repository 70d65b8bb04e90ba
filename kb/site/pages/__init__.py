"""The pages of the site, one kind per module: each turns a `Site` into pages, without rounding or judging."""
