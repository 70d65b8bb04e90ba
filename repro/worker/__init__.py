"""The child process that measures: it confines itself, runs one task at a time and reports over a pipe.

Everything between the command `python -m repro.worker` and the values of a block belongs here. It knows no
claim, no verdict and no evidence file. It imports experiments, the lab, and of `kb` only what reads scripts,
seeds and values.
"""
