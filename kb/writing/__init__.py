"""Records written or edited as text, so that every other line stays as its author left it."""
