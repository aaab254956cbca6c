"""`piccolo3-record`: record a batch and follow it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from piccolo3.cli.record_options import parse
from piccolo3.errors import PiccoloError

if TYPE_CHECKING:
    from piccolo3.clock import Clock

__all__ = ["main"]


def main(argv: Sequence[str] | None = None, clock: Clock | None = None) -> int:
    """Run; return the exit status."""
    options = parse(argv, clock)
    import asyncio  # with what follows it takes longer than a --help may take

    from piccolo3.cli import logs, recording

    logs.setup(options.debug)
    try:
        return asyncio.run(recording.run(options))
    except PiccoloError as problem:
        return _complain(str(problem), recording.FAILED)
    except KeyboardInterrupt:
        return _complain("interrupted", recording.INTERRUPTED)


def _complain(text: str, status: int) -> int:
    sys.stderr.write(f"piccolo3-record: {text}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
