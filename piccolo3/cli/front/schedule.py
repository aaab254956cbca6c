"""`piccolo schedule`: what rigs do by themselves; the options are those of the tool for schedules."""

from __future__ import annotations

import importlib
from argparse import Namespace
from collections.abc import Sequence
from typing import Protocol, cast

from piccolo3.errors import Unavailable

__all__ = ["run"]


class _Tool(Protocol):
    def main(self, argv: Sequence[str] | None = None) -> int: ...


def run(options: Namespace) -> int:
    """Do it with one rig after the other."""
    try:
        tool = cast("_Tool", importlib.import_module("piccolo3.cli.schedule"))
    except ModuleNotFoundError:
        raise Unavailable("this version of piccolo3 has no tool for schedules") from None
    given = ["--json"] if options.json else []
    return max(tool.main(["-u", url, *given, *options.arguments]) for url in options.rigs)
