"""The pages, one kind a module."""
