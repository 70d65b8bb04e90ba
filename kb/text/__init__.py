"""Text that a stranger may have written: bytes in, guarded values with their places and problems out.

Here belongs what is true of any file, whatever it is about: size, encoding, YAML, spelling, and how a problem
is shown. Imports no other folder of `kb`, and knows no claim.
"""
