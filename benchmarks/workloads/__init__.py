"""The workloads of `benchmarks/training.py`: the same training, written five ways.

Every way starts from the same weights and sees the same batches, so that the losses can be compared.
"""
