"""`repro doctor`: how strictly this machine can confine an experiment, each tier tried."""

from __future__ import annotations

import json
import textwrap

import click

from repro.worker.task import UNTRUSTED

PLACE = 35
WIDTH = 80


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def command(*, as_json: bool) -> None:
    """Try every tier of confinement on this machine, and say which one `repro run` takes.

    Each tier is tried by attempting what it forbids. --sandbox names another one, and
    --untrusted refuses to run below the tier for scripts that nobody has read.
    """
    from repro.worker.task import TIERS
    from repro.worker.tiers import GIVES, NEEDS, tried

    trials = [tried(tier) for tier in TIERS]
    taken = next(trial.tier for trial in reversed(trials) if trial.holds)
    if as_json:
        found = [{"tier": t.tier, "holds": t.holds, "why_not": t.why_not or None} for t in trials]
        click.echo(json.dumps({"schema": "assay/doctor/1", "tiers": found, "auto": taken}))
        return
    for trial in trials:
        click.echo(f"{trial.tier}  {'holds' if trial.holds else 'does not hold'}")
        lines = [f"adds {GIVES[trial.tier]}", f"needs {NEEDS[trial.tier]}"]
        lines += [f"here: {trial.why_not}"] if trial.why_not else []
        for line in lines:
            click.echo(textwrap.fill(line, WIDTH, initial_indent="    ", subsequent_indent="    "))
    click.echo(f"\nrepro run takes {taken}; {_of_strangers(taken)}.")


def _of_strangers(taken: str) -> str:
    if taken < UNTRUSTED:
        return f"--untrusted, for scripts that nobody has read, needs {UNTRUSTED} and is refused here"
    return "--untrusted, for scripts that nobody has read, works here"
