"""`python -m dispatcher VERB`: what `./snp` runs."""

import sys

from dispatcher.cli import main

sys.exit(main())
