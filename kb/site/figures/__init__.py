"""Inline SVG figures, one kind a module: numbers in, markup out, nothing read and nothing judged."""
