"""What machines write: models of evidence, the ledger that reads it, and the seeds that count."""
