"""What the site costs to build: CPU-seconds and memory per 1,000 pages, and where the seconds go.

    python benchmarks/site.py             # the whole command in a process of its own
    python benchmarks/site.py --profile   # the costliest functions as well

Budget: at most 10 CPU-seconds and 150 MB per 1,000 pages.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SECONDS, MEGABYTES = 10.0, 150.0


def build(folder: str) -> float:
    """Build our own site into a folder, and return the CPU-seconds that do not belong to the build.

    Those are the start of Python, the imports, and asking git for histories, which is done a second time to
    measure it.
    """
    sys.path.insert(0, str(ROOT))
    from mkdocs.commands.build import build as build_site
    from mkdocs.config import load_config

    from repro.cli.parts.publishing import configuration
    from repro.histories import histories_of

    config_file, started = configuration(ROOT), cpu_seconds()
    histories_of(ROOT)
    asked = cpu_seconds() - started
    build_site(load_config(str(config_file), strict=True, site_dir=folder))
    return started + 2 * asked


def measured() -> dict[str, float]:
    """Return pages, CPU-seconds and peak megabytes of a build in a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--into", folder]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        pages = sum(1 for _ in Path(folder).rglob("*.html"))
    return {"pages": pages, **json.loads(done.stdout.splitlines()[-1])}


def cpu_seconds() -> float:
    """Return what this process and its children have used so far."""
    uses = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(use.ru_utime + use.ru_stime for use in uses)


def profile() -> None:
    """Print the functions in which most of a build's time is spent."""
    with tempfile.TemporaryDirectory() as folder:
        profiler = cProfile.Profile()
        profiler.runcall(build, folder)
    pstats.Stats(profiler).sort_stats("cumulative").print_stats(40)


def main() -> int:
    """Print the table; return 1 if a budget is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--into", help=argparse.SUPPRESS)
    parser.add_argument("--profile", action="store_true", help="also print the costliest functions")
    options = parser.parse_args()
    os.environ.setdefault("SOURCE_DATE_EPOCH", str(int(time.time())))
    if options.into:
        asked = build(options.into)
        megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # Linux counts KiB
        print(json.dumps({"seconds": cpu_seconds() - asked, "asked": asked, "megabytes": megabytes}))
        return 0
    found = measured()
    seconds, megabytes = (1000 * found[name] / found["pages"] for name in ("seconds", "megabytes"))
    print(f"{found['pages']:.0f} pages; start and histories from git took {found['asked']:.1f} CPU-s")
    print(f"per 1,000 pages: {seconds:.1f} CPU-s (budget {SECONDS:.0f})")
    print(f"per 1,000 pages: {megabytes:.0f} MB at the peak (budget {MEGABYTES:.0f})")
    if options.profile:
        profile()
    return int(seconds > SECONDS or megabytes > MEGABYTES)


if __name__ == "__main__":
    sys.exit(main())
