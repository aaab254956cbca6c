"""The clock that jumps, and the loop that lives on it."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from piccolo3.clock import Sleeper
from piccolo3.season import VirtualClock, run
from piccolo3.workers import Worker

START = datetime(2026, 3, 1, 10, tzinfo=UTC)
DAY = 86400.0


def clock_at_start() -> VirtualClock:
    return VirtualClock(START)


def test_a_day_passes_at_once() -> None:
    clock, begin = clock_at_start(), time.monotonic()
    run(clock, clock.asleep(DAY))
    assert clock.monotonic() == pytest.approx(DAY, abs=1e-3)
    assert abs(clock.utcnow() - START - timedelta(days=1)) < timedelta(milliseconds=1)
    assert time.monotonic() - begin < 5.0


def test_nobody_wakes_up_before_the_time() -> None:
    clock = clock_at_start()

    async def scenario() -> None:
        for _ in range(50):
            begin = clock.monotonic()
            await asyncio.sleep(1e-7)
            assert clock.monotonic() > begin

    clock.step(-DAY)
    run(clock, clock.asleep(1e8))  # a float of seconds has no ns left there
    run(clock, scenario())


def test_the_wall_steps_alone() -> None:
    clock = clock_at_start()
    clock.step(-3600)
    assert clock.monotonic() == 0.0
    assert clock.utcnow() == START - timedelta(hours=1)
    clock.set_utc(START)
    assert clock.utcnow() == START


async def _two_sleep(clock: VirtualClock, told: list[str]) -> None:
    workers = [Worker(name) for name in ("one", "two")]
    for worker in workers:
        worker.start()

    def work(name: str, pause: float) -> None:
        for _ in range(3):
            clock.sleeper().sleep(pause)
            told.append(f"{name} {clock.monotonic():.3f}")

    await asyncio.gather(
        workers[0].run(partial(work, "one", 2.0)), workers[1].run(partial(work, "two", 3.0)), asyncio.sleep(4.5)
    )
    for worker in workers:
        assert await worker.stop(1.0)


def test_threads_and_loop_share_one_time() -> None:
    clock = clock_at_start()
    told: list[str] = []
    run(clock, _two_sleep(clock, told))
    assert told == ["one 2.000", "two 3.000", "one 4.000", "two 6.000", "one 6.000", "two 9.000"]


def test_a_sleeper_can_be_cancelled_from_the_loop() -> None:
    clock = clock_at_start()

    async def scenario(sleeper: Sleeper) -> None:
        worker = Worker("one")
        worker.start()
        asyncio.get_running_loop().call_later(5.0, sleeper.cancel)
        assert not await worker.run(partial(sleeper.sleep, DAY))
        assert clock.monotonic() == pytest.approx(5.0, abs=1e-3)
        assert not await worker.run(partial(sleeper.sleep, DAY))
        assert clock.monotonic() == pytest.approx(5.0, abs=1e-3)
        assert await worker.stop(1.0)

    run(clock, scenario(clock.sleeper()))


def test_a_loop_that_never_waits_does_not_starve_threads() -> None:
    async def scenario() -> int:
        worker = Worker("one")
        worker.start()
        done = asyncio.ensure_future(worker.run(lambda: 42))
        while not done.done():  # noqa: ASYNC110 - that is what it is about
            await asyncio.sleep(0)
        assert await worker.stop(1.0)
        return await done

    assert run(clock_at_start(), scenario()) == 42


def test_waiting_for_nothing_is_an_error() -> None:
    async def scenario() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(RuntimeError, match="nothing will ever happen"):
        run(clock_at_start(), scenario())


def test_the_loop_thread_sleeps_by_moving_on() -> None:
    clock = clock_at_start()
    assert clock.sleeper().sleep(7.0)
    assert clock.monotonic() == pytest.approx(7.0)
