from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest

from piccolo3.clock import ManualClock
from piccolo3.errors import DeviceError, DeviceTimeout
from piccolo3.events import Broker
from piccolo3.status import ShutterStatus
from piccolo3.workers import ShutterChanged, ShutterWorker
from tests.unit.workers.fakes import FakeShutter, channel_config


def run(scenario: Callable[[ShutterWorker, FakeShutter, list[ShutterChanged]], Awaitable[None]]) -> FakeShutter:
    shutter = FakeShutter()

    async def whole() -> None:
        clock, broker = ManualClock(), Broker()
        clock.advance(7.0)
        worker = ShutterWorker("up", channel_config("up"), shutter, clock, broker, deadline=0.3)
        told: list[ShutterChanged] = []
        broker.subscribe(ShutterChanged, told.append)
        await worker.start()
        await scenario(worker, shutter, told)
        assert await worker.stop(1.0)

    asyncio.run(whole())
    return shutter


def sure(worker: ShutterWorker) -> bool:
    """A function, for type checkers believe that properties don't change."""
    return worker.surely_closed


def test_moving() -> None:
    async def scenario(worker: ShutterWorker, shutter: FakeShutter, told: list[ShutterChanged]) -> None:
        assert shutter.moves == ["close"]
        assert sure(worker)
        assert await worker.open() == 7.0
        assert worker.status is ShutterStatus.OPEN
        assert not sure(worker)
        await worker.open()
        await worker.close()
        assert sure(worker)
        assert [event.status for event in told] == [ShutterStatus.OPEN, ShutterStatus.CLOSED]
        assert told[0].direction == "up"

    assert run(scenario).moves == ["close", "open", "open", "close"]


@pytest.mark.parametrize("error", [DeviceError("no pin"), OSError("no pin")])
def test_a_failure_leaves_doubt(error: Exception) -> None:
    async def scenario(worker: ShutterWorker, shutter: FakeShutter, told: list[ShutterChanged]) -> None:
        shutter.failures["open"] = [error]
        with pytest.raises(DeviceError, match="no pin"):
            await worker.open()
        assert worker.status is ShutterStatus.CLOSED
        assert not worker.surely_closed

    assert run(scenario).moves == ["close", "open", "close"]  # the last one by stop()


def test_moves_wait_for_each_other() -> None:
    async def scenario(worker: ShutterWorker, shutter: FakeShutter, told: list[ShutterChanged]) -> None:
        given_up = asyncio.create_task(worker.open())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        given_up.cancel()
        await worker.close()
        assert worker.surely_closed

    assert run(scenario).moves[-1] == "close"


def test_a_driver_that_hangs() -> None:
    async def scenario(worker: ShutterWorker, shutter: FakeShutter, told: list[ShutterChanged]) -> None:
        shutter.hang = threading.Event()
        with pytest.raises(DeviceTimeout, match="shutter up has not answered"):
            await worker.open()
        with pytest.raises(DeviceTimeout, match="stuck"):
            await worker.close()
        assert not sure(worker)
        shutter.hang.set()
        await worker.close()
        assert sure(worker)

    run(scenario)


def test_stop_closes_and_survives_a_shutter_that_fails() -> None:
    async def scenario(worker: ShutterWorker, shutter: FakeShutter, told: list[ShutterChanged]) -> None:
        await worker.open()
        shutter.failures["close"] = [DeviceError("no pin")]

    assert run(scenario).moves == ["close", "open", "close"]
