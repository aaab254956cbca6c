"""`piccolo`: from the command line to the command."""

from __future__ import annotations

import importlib
import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import Protocol, cast

from piccolo3.cli.front.options import COMMANDS, parse
from piccolo3.errors import PiccoloError

__all__ = ["main"]


class _Command(Protocol):
    def run(self, options: Namespace) -> int: ...


def main(argv: Sequence[str] | None = None) -> int:
    """Run; return the exit status."""
    options = parse(argv)
    command = cast("_Command", importlib.import_module(f"piccolo3.cli.front.{COMMANDS[options.command]}"))
    try:
        return command.run(options)
    except PiccoloError as problem:
        return _complain(str(problem), 1)
    except BrokenPipeError:  # the reader of a list has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return _complain("interrupted", 130)


def _complain(sentence: str, status: int) -> int:
    sys.stderr.write(f"piccolo: {sentence}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
