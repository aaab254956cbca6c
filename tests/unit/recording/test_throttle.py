from __future__ import annotations

import asyncio

from piccolo3.recording import ProgressChanged
from piccolo3.recording.throttle import Throttle
from tests.unit.recording.bench import Bench, run


def test_the_first_at_once_the_last_in_the_end() -> None:
    async def whole() -> None:
        state, told = [0], []
        throttle = Throttle(lambda: told.append(state[0]), 0.01)
        for state[0] in range(5):
            throttle.ask()
        assert told == [0]
        await asyncio.sleep(0.015)
        assert told == [0, 4]
        await asyncio.sleep(0.015)
        assert told == [0, 4]
        throttle.ask()
        assert told == [0, 4, 4]

    asyncio.run(whole())


def test_urgent_and_flushed() -> None:
    async def whole() -> None:
        told: list[int] = []
        throttle = Throttle(lambda: told.append(1), 60.0)
        throttle.flush()
        assert not told
        throttle.ask()
        throttle.now()
        throttle.ask()
        throttle.flush()
        throttle.flush()
        assert len(told) == 3

    asyncio.run(whole())


def test_progress_is_told_sparingly_and_its_end_in_any_case() -> None:
    async def scenario(bench: Bench) -> None:
        before = asyncio.get_running_loop().time()
        await bench.record(sequences=30)
        took = asyncio.get_running_loop().time() - before
        told = [event.progress for event in bench.events if isinstance(event, ProgressChanged)]
        assert len(told) <= took / 0.1 + 3
        assert told[-1] == bench.recorder.progress
        assert told[-1].step == told[-1].steps == 64

    run(scenario)
