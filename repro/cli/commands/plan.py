"""`repro plan`: what a run would measure, why, and how long it takes."""

from __future__ import annotations

import sys
from typing import Any

import click

from repro.cli import Context
from repro.cli.commands.run import dry, ended
from repro.cli.parts.request import request, takes_request

PLACE = 40


@click.command()
@takes_request
@click.pass_obj
def command(context: Context, /, *, as_json: bool, **words: Any) -> None:
    """Print what a run would measure, why, and how long it is likely to take."""
    sys.exit(ended(lambda: dry(request(context, **words), as_json=as_json)))
