"""`python -m routekeeper`: the command line without its entry point installed."""

import sys

from routekeeper.cli import main

sys.exit(main())
