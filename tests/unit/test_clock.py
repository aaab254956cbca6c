"""The clocks."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from piccolo3.clock import Clock, ManualClock, ScaledClock, SystemClock

START = datetime(2026, 3, 1, 10, tzinfo=UTC)
CLOCKS = [SystemClock(), ScaledClock(10.0), ManualClock()]


@pytest.mark.parametrize("clock", CLOCKS, ids=lambda clock: type(clock).__name__)
def test_what_every_clock_does(clock: Clock) -> None:
    before, utc = clock.monotonic(), clock.utcnow()
    assert clock.sleeper().sleep(0.005)
    asyncio.run(clock.asleep(0.005))
    passed = clock.monotonic() - before
    assert passed >= 0.0099
    assert utc.tzinfo is UTC
    # the two were not asked at the very same time
    assert abs((clock.utcnow() - utc).total_seconds() - passed) < 5.0
    assert abs((clock.utc_of(before) - utc).total_seconds()) < 5.0


@pytest.mark.parametrize("clock", CLOCKS, ids=lambda clock: type(clock).__name__)
def test_a_cancelled_sleeper_never_sleeps_again(clock: Clock) -> None:
    sleeper = clock.sleeper()
    assert sleeper.sleep(0)
    assert sleeper.sleep(-1)
    sleeper.cancel()
    before = time.monotonic()
    assert not sleeper.sleep(3600)
    assert not sleeper.sleep(0)
    assert time.monotonic() - before < 1.0
    assert clock.sleeper().sleep(0)


@pytest.mark.parametrize("clock", [SystemClock(), ScaledClock(2.0)], ids=lambda clock: type(clock).__name__)
def test_another_thread_ends_a_sleep(clock: Clock) -> None:
    sleeper = clock.sleeper()
    results: list[bool] = []
    thread = threading.Thread(target=lambda: results.append(sleeper.sleep(3600)))
    thread.start()
    sleeper.cancel()
    thread.join(5)
    assert results == [False]


def test_the_system_clock_is_the_machine() -> None:
    clock = SystemClock()
    assert abs(clock.monotonic() - time.monotonic()) < 1.0
    assert abs(clock.utcnow() - datetime.now(UTC)) < timedelta(seconds=1)


def test_a_scaled_clock_starts_where_told_and_runs_faster() -> None:
    clock = ScaledClock(1000.0, START)
    assert 0 <= (clock.utcnow() - START).total_seconds() < 1000
    outer = time.monotonic()
    scaled = clock.monotonic()
    inner = time.monotonic()
    assert clock.sleeper().sleep(5.0)
    asyncio.run(clock.asleep(5.0))
    least = (time.monotonic() - inner) * 1000
    passed = clock.monotonic() - scaled
    most = (time.monotonic() - outer) * 1000
    assert passed >= 9.9
    assert most < 5000  # ten seconds of its own took ten milliseconds, or one of the sleeps would not be faster
    assert least - 1e-6 <= passed <= most + 1e-6
    now = ScaledClock(10.0)
    assert abs(now.utcnow() - datetime.now(UTC)) < timedelta(seconds=10)


def test_a_manual_clock_moves_only_when_told() -> None:
    clock = ManualClock(START)
    assert clock.monotonic() == 0.0
    assert clock.utcnow() == START
    clock.advance(1.5)
    assert clock.monotonic() == 1.5
    assert clock.utcnow() == START + timedelta(seconds=1.5)
    assert clock.utc_of(0.5) == START + timedelta(seconds=0.5)


def test_sleeping_advances_a_manual_clock() -> None:
    clock = ManualClock(START)
    sleeper = clock.sleeper()
    assert sleeper.sleep(3600)
    assert sleeper.sleep(-5)
    asyncio.run(clock.asleep(60))
    asyncio.run(clock.asleep(-5))
    assert clock.monotonic() == 3660.0
    sleeper.cancel()
    assert not sleeper.sleep(5)
    assert clock.monotonic() == 3660.0


def test_the_time_of_day_may_step_but_monotonic_goes_on() -> None:
    clock = ManualClock(START)
    clock.advance(10)
    clock.step(-3600)
    assert clock.monotonic() == 10.0
    assert clock.utcnow() == START + timedelta(seconds=10 - 3600)
    assert clock.utc_of(9.0) == START + timedelta(seconds=9 - 3600)


def test_a_coroutine_that_sleeps_lets_others_run() -> None:
    async def scenario() -> list[str]:
        clock = ManualClock(START)
        order: list[str] = []

        async def other() -> None:
            order.append("other")

        task = asyncio.create_task(other())
        await clock.asleep(1)
        order.append("slept")
        await task
        return order

    assert asyncio.run(scenario()) == ["other", "slept"]
