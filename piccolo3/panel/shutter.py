"""`piccolo3-shutter`: move shutters without the daemon, to check their wiring and polarity."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from piccolo3 import __version__
from piccolo3.errors import PiccoloError

if TYPE_CHECKING:
    from piccolo3.clock import Clock

__all__ = ["main"]


def main(argv: Sequence[str] | None = None, clock: Clock | None = None) -> int:
    """Do what was asked for; return the exit status."""
    options = _parser().parse_intermixed_args(argv)  # the direction may come last
    import logging  # with what follows it takes longer than a --help may take

    from piccolo3.clock import SystemClock
    from piccolo3.panel import moves

    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        return moves.run(options, clock or SystemClock())
    except PiccoloError as error:
        for line in str(error).splitlines():
            sys.stderr.write(f"piccolo3-shutter: {line}\n")
        return 1
    except KeyboardInterrupt:
        return 130


def _number(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 1_000_000:
        raise argparse.ArgumentTypeError("a number from 1 to 1000000 is needed")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="piccolo3-shutter",
        description="Move the shutters of the instrument file without the daemon, to check wiring and polarity.",
        epilog="test closes and then opens and closes, telling which pin does it. Exit status: 0 moved, 1 not.",
    )
    add = parser.add_argument
    add("action", choices=("test", "open", "close"), help="what to do")
    add("direction", nargs="?", help="the channel, such as upwelling; all of them if it is left out")
    add("-s", "--server-configuration", metavar="CFG", type=Path, help="server configuration file")
    add("-o", "--data-dir", metavar="DIR", help="data directory")
    add("-n", "--number", type=_number, default=3, metavar="N", help="how often to open and close, default %(default)s")
    add("--pause", type=float, default=1.0, metavar="S", help="seconds between two moves, default %(default)s")
    add("-v", "--version", action="version", version=__version__)
    return parser


if __name__ == "__main__":
    sys.exit(main())
