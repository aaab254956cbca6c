"""`piccolo3-triggered`: record a batch for each edge on the trigger input."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from piccolo3.cli.program import ended
from piccolo3.cli.record_options import add_options, options_of

if TYPE_CHECKING:
    from piccolo3.clock import Clock

__all__ = ["main"]


def main(argv: Sequence[str] | None = None, clock: Clock | None = None) -> int:
    """Run until a signal comes; return the exit status."""

    def work() -> int:
        given = _parser().parse_args(argv)
        import asyncio  # with what follows it takes longer than a --help may take

        from piccolo3.cli import logs
        from piccolo3.clock import SystemClock
        from piccolo3.panel import triggers

        logs.setup(given.debug)
        return asyncio.run(triggers.run(given, options_of(given, clock), clock or SystemClock()))

    return ended("piccolo3-triggered", work)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="piccolo3-triggered",
        description="Record a batch of spectra with a piccolo3 server for each edge on the trigger input. "
        "A trigger that comes while a batch is recorded is ignored. The daemon itself can do the same for sequences of "
        "a batch, see [trigger] in the instrument file; then it has the pins.",
        epilog="What is not given stays as the server has it.",
    )
    add_options(parser)
    add = parser.add_argument_group("trigger options").add_argument
    add("-s", "--simulate-trigger", action="store_true", help="each line of the standard input is a trigger")
    add("--pin", type=int, default=12, metavar="N", help="pin (BCM number) of the trigger, default %(default)s")
    add(
        "--reset-pin",
        type=int,
        default=20,
        metavar="N",
        help="pin that resets the trigger input (-1: none), default 20",
    )
    add("--edge", choices=("rising", "falling"), default="rising", help="which edge is a trigger, default rising")
    add(
        "--debounce", type=float, default=5.0, metavar="MS", help="edges so soon (ms) after one do not count, default 5"
    )
    add("--pin-factory", default="auto", metavar="NAME", help="as in the instrument file, default %(default)s")
    return parser


if __name__ == "__main__":
    sys.exit(main())
