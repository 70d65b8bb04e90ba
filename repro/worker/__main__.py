"""`python -m repro.worker`: the one command that every engine launches."""

import sys

from repro.worker.command import main

if __name__ == "__main__":
    main(sys.argv[1:])
