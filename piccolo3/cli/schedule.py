"""`piccolo3-schedule`: show and change what a server does by itself."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

from piccolo3.cli.program import INTERRUPTED, ended
from piccolo3.cli.schedule_options import parse

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run; return the exit status."""

    def work() -> int:
        options = parse(argv)
        if options.command == "simulate":
            return _simulate(options.arguments)
        import asyncio  # with what follows it takes longer than a --help may take

        from piccolo3.cli import logs, scheduling

        logs.setup(options.debug)
        return asyncio.run(scheduling.run(options))

    return ended("piccolo3-schedule", work)


def _simulate(arguments: Sequence[str]) -> int:
    """In a process of its own: clients know nothing of what servers are made of."""
    try:
        return subprocess.run([sys.executable, "-m", "piccolo3.season", *arguments], check=False).returncode  # noqa: S603
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
