"""The laboratory: experiments, and the runner that turns them into evidence."""
