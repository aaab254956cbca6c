"""From the call of abort to closed shutters, at random moments of a batch."""

from __future__ import annotations

import random
import statistics

from benchmarks import twins
from benchmarks.result import Result
from piccolo3.server.engine import Engine
from piccolo3.status import ShutterStatus
from piccolo3.workers import ShutterChanged

__all__ = ["abort"]

TIMES = 200
GOAL = 50.0  # ms, the worst
EXPOSURE = 60.0  # ms
SEED = 3


async def abort() -> list[Result]:
    """Milliseconds until all shutters have closed and settled."""
    moments = random.Random(SEED)
    took = []
    async with twins.engine(2, EXPOSURE) as running:
        for _ in range(TIMES):
            took.append(await _abort_after(running, moments.uniform(0.0, 0.35)))
            await twins.all_idle(running)  # an exposure under way ends by itself
    middle, worst = statistics.median(took), max(took)
    return [
        Result(
            "abort to closed shutters",
            f"{middle:.1f} ms, worst {worst:.1f}",
            worst / GOAL,
            f"{GOAL:.0f} ms for the worst of {TIMES}",
            "<= 1",
            met=worst <= GOAL,
        )
    ]


async def _abort_after(running: Engine, seconds: float) -> float:
    """How long it took from the call until the last shutter was closed, ms; 0 where all were closed and stayed so."""
    clock, closed = running.clock, [0.0]

    def note(event: ShutterChanged) -> None:
        closed[0] = clock.monotonic()

    async with twins.ended(running) as outcome:
        await running.recorder.record_sequence(run="bench", sequences=1000)
        await clock.asleep(seconds)
        begin = closed[0] = clock.monotonic()
        unsubscribe = running.broker.subscribe(ShutterChanged, note)
        await running.recorder.abort()
        await outcome
        unsubscribe()
    if any(shutter.status is not ShutterStatus.CLOSED for shutter in running.shutters.values()):
        message = "a shutter is open after an abort"
        raise RuntimeError(message)
    return (closed[0] - begin) * 1000
