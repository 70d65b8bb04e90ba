"""What commands share: targets, questions, progress, reports and errors."""
