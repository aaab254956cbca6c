from __future__ import annotations

import asyncio
import threading

import pytest

from piccolo3.clock import ManualClock
from piccolo3.devices.simulated import SimulatedTrigger
from piccolo3.devices.trigger import Trigger, UnavailableTrigger
from piccolo3.events import Broker
from piccolo3.workers import TriggerFired, TriggerWorker


class Bench:
    """A worker, and what it told."""

    def __init__(self, trigger: Trigger | None, clock: ManualClock) -> None:
        broker = Broker()
        self.delivered: list[tuple[int, float, int]] = []
        self.published: list[TriggerFired] = []
        broker.subscribe(TriggerFired, self.published.append)
        self.worker = TriggerWorker(
            trigger, clock, broker, lambda number, at: self.delivered.append((number, at, threading.get_ident()))
        )


def test_numbers_and_times_come_to_the_loop() -> None:
    async def scenario() -> None:
        clock = ManualClock()
        trigger = SimulatedTrigger(clock)
        bench = Bench(trigger, clock)
        bench.worker.start()
        for _ in range(2):
            clock.advance(1.0)
            thread = threading.Thread(target=trigger.fire)
            thread.start()
            thread.join()
        assert bench.delivered == []  # only the loop delivers
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        loop = threading.get_ident()
        assert bench.delivered == [(1, 1.0, loop), (2, 2.0, loop)]
        assert bench.published == [TriggerFired(number=1, monotonic=1.0), TriggerFired(number=2, monotonic=2.0)]
        assert bench.worker.seen == 2
        assert bench.worker.last == clock.utcnow()
        assert bench.worker.reason is None
        bench.worker.stop()
        trigger.fire()
        await asyncio.sleep(0)
        assert bench.worker.seen == 2

    asyncio.run(scenario())


def test_fires_by_hand_without_a_trigger() -> None:
    async def scenario() -> None:
        clock = ManualClock()
        bench = Bench(None, clock)
        bench.worker.start()
        clock.advance(3.0)
        bench.worker.fire()
        assert [number for number, *_ in bench.delivered] == [1]
        assert bench.published == [TriggerFired(number=1, monotonic=3.0)]
        assert bench.worker.reason == "none is configured"
        bench.worker.stop()

    asyncio.run(scenario())


def test_one_that_cannot_be_used_says_why(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        bench = Bench(UnavailableTrigger("no pins"), ManualClock())
        bench.worker.start()
        assert bench.worker.reason == "no pins"
        assert "no pins" in caplog.text

    asyncio.run(scenario())
