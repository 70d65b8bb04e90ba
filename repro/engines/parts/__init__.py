"""What engines share: worker processes, the user's signals, and second attempts at what was lost."""
