"""Text that a stranger may have written: bytes in, guarded values with their places and problems out."""
