"""Whether the event loop can be held up: by its own callbacks, and by whatever else runs on the machine."""

from __future__ import annotations

import asyncio
import statistics
import time
from asyncio import events
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks import twins
from benchmarks.result import Result

__all__ = ["callbacks", "loop"]

MILLISECONDS = 10.0  # integration time
SEQUENCES = 20
TICK = 0.001  # s
MOST = 5.0  # ms


@contextmanager
def callbacks() -> Iterator[list[tuple[float, float]]]:
    """What each callback of the loops of this process takes meanwhile: s on the wall, s of the processor."""
    took: list[tuple[float, float]] = []
    run = events.Handle._run  # noqa: SLF001

    def timed(handle: asyncio.Handle) -> None:
        wall, processor = time.perf_counter(), time.thread_time()
        run(handle)
        took.append((time.perf_counter() - wall, time.thread_time() - processor))

    events.Handle._run = timed  # type: ignore[method-assign, assignment]  # noqa: SLF001
    try:
        yield took
    finally:
        events.Handle._run = run  # type: ignore[method-assign]  # noqa: SLF001


async def loop() -> list[Result]:
    """A batch at 10 ms with two spectrometers of 2048 pixels: the longest callback, and how late a timer is."""
    late: list[float] = []

    async def tick() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(TICK)
            late.append(time.perf_counter() - before - TICK)

    async with twins.engine(2, MILLISECONDS) as running:
        ticking = asyncio.create_task(tick())
        with callbacks() as took:
            await twins.record(running, SEQUENCES)
        ticking.cancel()
    processor = max(processor for _, processor in took) * 1000
    late.sort()
    latest = late[int(len(late) * 0.99)] * 1000
    return [
        Result(
            "event loop, longest callback",
            f"{processor:.2f} ms of processor",
            processor / MOST,
            f"{MOST:.0f} ms; on the wall {max(wall for wall, _ in took) * 1000:.1f} ms",
            "<= 1",
            met=processor <= MOST,
        ),
        Result(
            "event loop, lateness of a timer",
            f"median {statistics.median(late) * 1000:.2f}, 99 % {latest:.1f} ms",
            latest / MOST,
            f"{MOST:.0f} ms; worst {late[-1] * 1000:.1f} ms",
            "<= 1",
            met=latest <= MOST,
        ),
    ]
