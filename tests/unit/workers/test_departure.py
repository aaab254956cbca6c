from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest

from piccolo3.clock import Clock, ScaledClock, SystemClock
from piccolo3.workers import Departure


def waiting(departure: Departure) -> tuple[threading.Thread, list[bool]]:
    """A thread that waits, and what came of it."""
    results: list[bool] = []
    thread = threading.Thread(target=lambda: results.append(departure.wait()))
    thread.start()
    return thread, results


def run(scenario: Callable[[Departure], Awaitable[None]], clock: Clock | None = None) -> None:
    async def whole() -> None:
        departure = Departure(("A", "B"), clock or SystemClock())
        await scenario(departure)

    asyncio.run(whole())


async def joined(thread: threading.Thread) -> None:
    await asyncio.to_thread(thread.join, 5.0)
    assert not thread.is_alive()


def test_waits_for_everybody() -> None:
    async def scenario(departure: Departure) -> None:
        thread, results = waiting(departure)
        departure.over("A", 0.0)
        departure.over("A", 0.0)
        await asyncio.sleep(0.005)
        assert not results
        departure.over("B", 0.0)
        await joined(thread)
        assert results == [True]
        assert not departure.decided.done()
        departure.end()
        assert departure.decided.done()

    run(scenario)


def test_waits_for_the_last_moment_and_no_longer_than_it_was_told_last() -> None:
    clock = ScaledClock(100.0)

    async def scenario(departure: Departure) -> None:
        now = clock.monotonic()
        departure.over("A", now + 1.0)
        departure.over("B", now)
        thread, results = waiting(departure)
        await joined(thread)
        assert results == [True]
        assert clock.monotonic() >= now + 1.0

    run(scenario, clock)

    async def earlier(departure: Departure) -> None:
        departure.over("A", clock.monotonic() + 1e6)
        departure.over("B", clock.monotonic())
        threads = [waiting(departure) for _ in range(2)]
        await asyncio.sleep(0.005)
        departure.over("A", clock.monotonic())
        for thread, results in threads:
            await joined(thread)
            assert results == [True]

    run(earlier, clock)


@pytest.mark.parametrize("moment", [None, 1e9])
def test_cancelled(moment: float | None) -> None:
    async def scenario(departure: Departure) -> None:
        threads = [waiting(departure) for _ in range(2)]
        if moment is not None:
            departure.over("A", moment)
            departure.over("B", moment)
            await asyncio.sleep(0.005)
        departure.cancel()
        assert departure.decided.done()
        for thread, results in threads:
            await joined(thread)
            assert results == [False]
        departure.over("A", 0.0)
        departure.over("B", 0.0)
        assert not departure.wait()

    run(scenario)


def test_once_one_has_gone_all_go() -> None:
    async def scenario(departure: Departure) -> None:
        departure.end()
        assert departure.wait()
        departure.cancel()
        assert departure.wait()

    run(scenario)
