"""`python -m routekeeper_cli`, and where the command `routekeeper` begins: before anything else is loaded."""

import sys


def start() -> int:
    """The command with the process's own arguments, interruptible while it still loads. Returns the exit code."""
    try:
        from routekeeper_cli.main import main  # noqa: PLC0415 - loading takes time, and Ctrl-C may come

        return main()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)  # noqa: T201 - what prints otherwise may not be loaded yet
        return 130


if __name__ == "__main__":
    sys.exit(start())
