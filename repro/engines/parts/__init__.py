"""What engines share: processes of workers, the user's signals, the second try of what was lost."""
