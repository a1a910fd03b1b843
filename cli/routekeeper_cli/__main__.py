"""`python -m routekeeper_cli`: the command line without its entry point installed."""

import sys

from routekeeper_cli.main import main

sys.exit(main())
