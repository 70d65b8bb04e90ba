"""What became of claims over time: histories, changes, their impact and the links they made suspect.

Whatever compares two states of the project belongs here. It is given those states and never asks git.
It imports `kb.reasoning` and what lies below it.
"""
