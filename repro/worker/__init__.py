"""The child process that measures: it confines itself, runs one task at a time and reports over a pipe.

Here belongs what happens between the command `python -m repro.worker` and the values of a block. It knows no
claim, no verdict and no file of evidence. Imports experiments, the lab, and of `kb` only what reads scripts,
seeds and values.
"""
