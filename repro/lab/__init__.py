"""What experiments may import: seeded draws, data and training; it knows no claim."""
