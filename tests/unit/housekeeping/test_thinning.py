from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from piccolo3.housekeeping import Thinning
from piccolo3.store import MemoryStore, Sample
from piccolo3.workers import Writer
from tests.unit.workers.fakes import StepClock, until

MINUTES = 3 * 1440  # of samples


def run(test: Callable[[StepClock, MemoryStore, Thinning], Awaitable[None]], *, trusted: bool = True) -> None:
    """With a sample for every minute of the last three days, all but one of which are to be thinned."""

    async def whole() -> None:
        clock = StepClock()
        store = MemoryStore(clock)
        store.open()
        writer = Writer(store)
        await writer.start()
        now = clock.utcnow()
        store.add_housekeeping(
            Sample(time=now - timedelta(minutes=number), values={}) for number in reversed(range(MINUTES))
        )
        thinning = Thinning(writer, clock, after=86400, interval=600, clock_trusted=lambda: trusted)
        thinning.start()
        await until(lambda: clock.sleeping == 1)
        try:
            await test(clock, store, thinning)
        finally:
            await thinning.stop()
            await writer.stop()

    asyncio.run(whole())


def count(store: MemoryStore, clock: StepClock, days: float) -> int:
    """How many samples there are that are older than this."""
    found, cursor = 0, None
    while True:
        page = store.housekeeping(until=clock.utcnow() - timedelta(days=days), limit=1000, cursor=cursor)
        found, cursor = found + len(page.entries), page.cursor
        if cursor is None:
            return found


def test_old_samples_are_thinned_a_few_at_a_time() -> None:
    async def test(clock: StepClock, store: MemoryStore, thinning: Thinning) -> None:
        assert count(store, clock, 1) > 2870
        clock.advance(300)  # nothing before that
        await until(lambda: clock.sleeping == 1)
        steps = 1
        while count(store, clock, 1) > 310:
            before = count(store, clock, 1)
            clock.advance(1)
            await until(lambda: clock.sleeping == 1)
            assert before - count(store, clock, 1) <= 500  # a step is short
            steps += 1
            assert steps < 20
        assert steps > 4
        # one for each of ten minutes, and those of the last interval
        assert 288 <= count(store, clock, 1) <= 300
        assert count(store, clock, 0) - count(store, clock, 1) > 1430

    run(test)


def test_what_has_become_old_is_thinned_every_hour() -> None:
    async def test(clock: StepClock, store: MemoryStore, thinning: Thinning) -> None:
        clock.advance(300)
        await until(lambda: clock.sleeping == 1)
        while count(store, clock, 1) > 310:
            clock.advance(1)
            await until(lambda: clock.sleeping == 1)
        before = count(store, clock, 1)
        for _ in range(3):
            clock.advance(3600)
            await until(lambda: clock.sleeping == 1)
        assert 16 <= count(store, clock, 1) - before <= 30  # of 180

    run(test)


def test_nothing_is_thinned_by_a_clock_that_nobody_trusts() -> None:
    async def test(clock: StepClock, store: MemoryStore, thinning: Thinning) -> None:
        before = count(store, clock, -1)
        clock.advance(300)
        for _ in range(5):
            await until(lambda: clock.sleeping == 1)
            clock.advance(3600)
        await until(lambda: clock.sleeping == 1)
        assert count(store, clock, -1) == before

    run(test, trusted=False)


def test_a_disk_that_fails_is_spoken_of_once(caplog: pytest.LogCaptureFixture) -> None:
    async def test(clock: StepClock, store: MemoryStore, thinning: Thinning) -> None:
        store.close()
        await thinning.thin()
        await thinning.thin()
        assert caplog.text.count("not thinned") == 1
        store.open()
        done = asyncio.create_task(thinning.thin())
        await until(lambda: clock.sleeping == 2)
        done.cancel()
        assert count(store, clock, 1) < 2500

    run(test)
