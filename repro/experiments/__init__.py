"""One experiment per file, discovered by name; each measures, none judges.

Imports torch, numpy, scikit-learn's data and `repro.lab`; no other experiment, and nothing of `kb`.
"""
