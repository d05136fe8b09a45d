"""`python -m dispatcher VERB`: what `./snp` runs."""

import sys

from dispatcher.cli import main

if __name__ == "__main__":  # processes started side by side read this file too
    sys.exit(main())
