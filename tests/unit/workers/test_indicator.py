from __future__ import annotations

import asyncio
import threading
from functools import partial

import pytest

from piccolo3.devices.indicator import Indicator, Sign, SimulatedIndicator
from piccolo3.errors import DeviceError
from piccolo3.workers import IndicatorWorker
from tests.pins import wait_for


class Broken(Indicator):
    def __init__(self, error: Exception) -> None:
        self.error = error
        self.asked = 0

    def show(self, sign: Sign) -> None:
        self.asked += 1
        raise self.error

    def was_asked(self, number: int) -> bool:
        return self.asked >= number

    def release(self) -> None:
        """Nothing to do."""


class Slow(SimulatedIndicator):
    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def show(self, sign: Sign) -> None:
        self.go.wait(5)
        super().show(sign)


def test_shows_the_last_one_of_a_burst() -> None:
    async def run() -> list[Sign | None]:
        light = Slow()
        worker = IndicatorWorker(light)
        worker.start()
        worker.show(Sign.STARTING)
        await asyncio.sleep(0)
        for sign in (Sign.IDLE, Sign.RECORDING, Sign.ERROR):
            worker.show(sign)
        light.go.set()
        assert await worker.stop()
        return light.shown

    assert asyncio.run(run()) == [Sign.STARTING, Sign.ERROR]


@pytest.mark.parametrize("error", [DeviceError("no pins"), ValueError("odd")])
def test_what_cannot_be_shown_is_logged_once_and_stops_nothing(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        light = Broken(error)
        worker = IndicatorWorker(light)
        worker.start()
        for number, sign in enumerate((Sign.STARTING, Sign.IDLE, Sign.RECORDING), start=1):
            worker.show(sign)
            await asyncio.to_thread(wait_for, partial(light.was_asked, number))
        assert await worker.stop()

    caplog.set_level("WARNING")
    asyncio.run(run())
    if isinstance(error, DeviceError):
        assert caplog.text.count("no pins") == 1


def test_without_a_light_nothing_happens() -> None:
    async def run() -> None:
        worker = IndicatorWorker(None)
        worker.start()
        worker.show(Sign.IDLE)
        assert await worker.stop()

    asyncio.run(run())
