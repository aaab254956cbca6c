"""`piccolo3-record`: record a batch and follow it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from piccolo3.cli.program import ended
from piccolo3.cli.record_options import parse

if TYPE_CHECKING:
    from piccolo3.clock import Clock

__all__ = ["main"]


def main(argv: Sequence[str] | None = None, clock: Clock | None = None) -> int:
    """Run; return the exit status."""

    def work() -> int:
        options = parse(argv, clock)
        import asyncio  # with what follows it takes longer than a --help may take

        from piccolo3.cli import logs, recording

        logs.setup(options.debug)
        return asyncio.run(recording.run(options))

    return ended("piccolo3-record", work)


if __name__ == "__main__":
    sys.exit(main())
