"""What became of claims over time: histories, changes, their impact and the links they made suspect.

Here belongs what compares two states of the project. It is given those states and asks no git for them.
Imports `kb.reasoning` and what lies below it.
"""
