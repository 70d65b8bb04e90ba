"""What people write, as strict immutable models; no files, no judging."""
