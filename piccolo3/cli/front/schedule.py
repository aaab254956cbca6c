"""`piccolo schedule`: what rigs do by themselves; commands and options are those of `piccolo3-schedule`."""

from __future__ import annotations

from argparse import Namespace

from piccolo3.cli.front.options import after_options
from piccolo3.cli.schedule import main

__all__ = ["run"]


def run(options: Namespace) -> int:
    """Do it with one rig after the other."""
    given = [*(["--json"] if options.json else []), *(["--debug"] if options.debug else [])]
    given += ["--link", options.link, *([] if options.timeout is None else ["--timeout", str(options.timeout)])]
    passed = options.arguments
    if not after_options(passed) and not {"-h", "--help"} & set(passed):
        passed = [*passed, "list"]
    return max(main(["-u", url, *given, *passed]) for url in options.rigs)
