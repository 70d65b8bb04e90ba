"""Inline SVG figures, one kind a module."""
