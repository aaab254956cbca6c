"""`piccolo3-integration-times`: set integration times and their limits, or show them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from piccolo3.cli.options import add_common_options, connect
from piccolo3.cli.program import ended
from piccolo3.cli.times import Times, add_time_options, set_times, times_of

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run; return the exit status."""

    def work() -> int:
        options = _parser().parse_args(argv)
        import asyncio  # takes longer than a --help may take

        from piccolo3.cli import logs

        logs.setup(options.debug)
        times = times_of(options)
        asyncio.run(_run(options, times, show=options.list_spectrometers or not times))
        return 0

    return ended("piccolo3-integration-times", work)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="piccolo3-integration-times",
        description="Set the integration times of a piccolo3 server and their limits. Without any, they are shown.",
        epilog="What is not given stays as the server has it. With -l they are shown when they have been set.",
    )
    add_common_options(parser)
    add_time_options(parser)
    return parser


async def _run(given: argparse.Namespace, times: Times, *, show: bool) -> None:
    from piccolo3.cli import table

    async with connect(given) as rig:
        await set_times(rig, times)
        if show:
            sys.stdout.write(await table.spectrometers(rig))


if __name__ == "__main__":
    sys.exit(main())
