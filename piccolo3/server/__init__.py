"""Composition root: configuration -> devices -> store -> workers -> components -> CoAP; options, daemon, signals."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run `piccolo3-server`; return its exit status: 0 stopped as asked, 1 could not run, 2 wrong command line."""
    # asked to stop while the program is still being loaded: nothing is under way, and it is no failure
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _leave)
    from piccolo3.server.main import run  # only now, because it takes a while

    return run(argv)


def _leave(number: int, frame: object) -> None:
    # at once: an exception would get lost, or turn into another one, in many places of an import
    os._exit(0)
