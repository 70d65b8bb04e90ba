"""What machines write: models of evidence, the ledger that reads it, and the seeds that count.

Here belongs what decides whether a stored file may be trusted and which values count for a test. Writing it
is the runner's task. Imports `kb.reading` and what lies below it; knows no verdict.
"""
