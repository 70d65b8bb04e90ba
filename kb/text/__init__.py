"""Text that a stranger may have written: bytes in, checked values with their places and problems out.

What applies to any file, whatever it is about, belongs here: size, encoding, YAML, spelling, and how a
problem is shown. It imports no other folder of `kb` and knows no claim.
"""
