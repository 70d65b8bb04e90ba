"""Records, verdicts and standings in other formats, one format a file."""
