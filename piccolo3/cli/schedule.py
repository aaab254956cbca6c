"""`piccolo3-schedule`: show and change what a server does by itself."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

from piccolo3.cli.schedule_options import parse
from piccolo3.errors import PiccoloError

__all__ = ["main"]

DONE, FAILED, INTERRUPTED = 0, 1, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run; return the exit status."""
    options = parse(argv)
    if options.command == "simulate":
        return _simulate(options.arguments)
    import asyncio  # with what follows it takes longer than a --help may take

    from piccolo3.cli import logs, scheduling

    logs.setup(options.debug)
    try:
        return asyncio.run(scheduling.run(options))
    except PiccoloError as problem:
        return _complain(str(problem), FAILED)
    except BrokenPipeError:  # the reader of a list has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        return _complain("interrupted", INTERRUPTED)


def _complain(text: str, status: int) -> int:
    sys.stderr.write(f"piccolo3-schedule: {text}\n")
    return status


def _simulate(arguments: Sequence[str]) -> int:
    """In a process of its own: clients know nothing of what servers are made of."""
    try:
        return subprocess.run([sys.executable, "-m", "piccolo3.season", *arguments], check=False).returncode  # noqa: S603
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
