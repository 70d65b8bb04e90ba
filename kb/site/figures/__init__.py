"""Inline SVG figures, one kind per module: numbers in, markup out, nothing read and nothing judged."""
