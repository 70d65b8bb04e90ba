"""The knowledge base: records, evidence, verdicts and pages; it never measures and never imports torch."""
