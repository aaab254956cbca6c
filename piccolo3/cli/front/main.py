"""`piccolo`: from the command line to the command."""

from __future__ import annotations

import importlib
import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import Protocol, cast

from piccolo3.cli.front.options import COMMANDS, parse
from piccolo3.cli.program import ended

__all__ = ["main"]


class _Command(Protocol):
    def run(self, options: Namespace) -> int: ...


def main(argv: Sequence[str] | None = None) -> int:
    """Run; return the exit status."""

    def work() -> int:
        options = parse(argv)
        command = cast("_Command", importlib.import_module(f"piccolo3.cli.front.{COMMANDS[options.command]}"))
        return command.run(options)

    return ended("piccolo", work)


if __name__ == "__main__":
    sys.exit(main())
