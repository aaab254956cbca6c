"""`piccolo3-client`: tools for those who write programs against a rig."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from piccolo3.cli.program import ended
from piccolo3.errors import NotFound, Unavailable

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run; return the exit status."""

    def work() -> int:
        options = _parser().parse_args(argv)
        import asyncio  # takes longer than a --help may take

        text = asyncio.run(_stubs(options.url))
        if options.output is None:
            sys.stdout.write(text)
            return 0
        try:
            options.output.write_text(text, encoding="utf-8")
        except OSError as problem:
            raise Unavailable(f"{options.output} can't be written: {problem.strerror}") from None
        return 0

    return ended("piccolo3-client", work)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="piccolo3-client", description="Tools for programs that use a rig.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    stubs = commands.add_parser(
        "stubs",
        help="write a typed module for a rig",
        description="Write a Python module that has everything a rig offers as typed attributes, with units, limits "
        "and texts, for editors and mypy.",
        epilog="example: piccolo3-client stubs coap://rig -o rig.py",
    )
    url = os.environ.get("PICCOLO_URL", "coap://localhost")
    stubs.add_argument("url", nargs="?", default=url, metavar="URL", help="default PICCOLO_URL, now %(default)s")
    stubs.add_argument("-o", "--output", type=Path, metavar="FILE", help="the module, default standard output")
    return parser


async def _stubs(url: str) -> str:
    from piccolo3.client import Piccolo
    from piccolo3.client.stubs import write
    from piccolo3.client.tree import parse_description

    async with Piccolo(url) as rig:
        try:
            body = await rig.get("description")
        except NotFound:
            version = await rig.sysinfo.version()
            raise NotFound(f"the server at {rig.url} (version {version}) does not describe itself") from None
        return write(parse_description(body), rig.url, await rig.sysinfo.version())


if __name__ == "__main__":
    sys.exit(main())
