"""Run all benchmarks, or those named with --only, and print a table; exit with 1 where a goal is missed."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from functools import partial

from benchmarks import (
    abort,
    autointegration,
    batches,
    burst,
    daemon,
    driver,
    export,
    first,
    library,
    links,
    loop,
    pulses,
    schedule,
    season,
    store,
)
from benchmarks.page import PAGE, page, with_rows_of
from benchmarks.result import Result, line
from benchmarks.web import latency, load, pages

LONG = 60.0  # s of each burst with --long

Benchmark = Callable[[], Awaitable[list[Result]]]


def _benchmarks(seconds: float, spectra: int = export.SHORT) -> dict[str, Benchmark]:
    return {
        "start": daemon.start_and_memory,
        "requests": daemon.requests,
        "batches": batches.batches,
        "middles": batches.middles,
        "coap": daemon.coap_batches,
        "jitter": daemon.jitter,
        "abort": abort.abort,
        "auto": _auto,
        "loop": loop.loop,
        "burst": partial(burst.burst, seconds),
        "pulses": pulses.pulses,
        "driver-exposures": driver.exposures,
        "driver-batches": driver.batches,
        "driver-plugs": driver.plugs,
        "driver-idle": driver.idle,
        "store": store.store,
        "links": links.bytes_of_a_sequence,
        "client-requests": library.requests,
        "client-observers": library.observers,
        "client-imports": library.imports,
        "bad-link": links.over_a_bad_link,
        "first-record": first.first_record,
        "season": season.season,
        "schedule-starts": schedule.lateness,
        "schedule-idle": schedule.idle,
        "export": partial(export.export, spectra),
        "web-curves": latency.curves,
        "web-updates": load.updates,
        "web-pages": pages.weight,
        "web-resources": load.resources,
        "web-batch": load.batch,
    }


async def _auto() -> list[Result]:
    return autointegration.measure()  # arithmetic, no waiting


async def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", choices=list(_benchmarks(0)), help="run this one; may be repeated")
    parser.add_argument("--long", action="store_true", help=f"bursts of {LONG:.0f} s, more spectra")
    parser.add_argument("--page", action="store_true", help=f"write what was found, its rows, to {PAGE.name}")
    options = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    benchmarks = _benchmarks(LONG, export.LONG) if options.long else _benchmarks(burst.SHORT)
    results = []
    for name in options.only or (name for name in benchmarks if name != "middles"):  # that is part of batches
        for result in await benchmarks[name]():
            print(line(result), flush=True)
            results.append(result)
    if options.page:
        text = with_rows_of(PAGE.read_text(encoding="utf-8"), results) if options.only else page(results)
        PAGE.write_text(text, encoding="utf-8")
    return 0 if all(result.met for result in results) else 1


sys.exit(asyncio.run(main()))
