"""The laboratory: experiments, the lab they share, and the runner that turns them into evidence.

Parts import downwards only, in the order `cli`, `controls`, `rerun` and `verify` with `contract`,
`histories` and `former_records`, `run`, `overheads`, `plan`, `engines` and `ledger`, `worker`, `provenance`
and `evidence_history`, `vcs`, `removed_evidence` and `cores`, `experiments`, `lab`; the layers contract in
`pyproject.toml` holds this. The runner may import `kb`; experiments and the lab may not.
"""
