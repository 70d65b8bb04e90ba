"""What several commands share: targets, questions, progress, reports and errors."""
