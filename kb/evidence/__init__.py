"""What machines write: models of evidence, the ledger that reads it, and the seeds that count.

Code belongs here if it decides whether a stored file may be trusted, or which values count for a test.
Writing evidence is the runner's task. Imports `kb.reading` and what lies below it; knows no verdict.
"""
