"""Records in other formats, one format a file."""
