"""What became of claims over time: histories, changes, their impact and the links that they made suspect."""
