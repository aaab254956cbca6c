"""A spectrometer in a host, driven by its worker: whatever the driver does, it comes back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from piccolo3.clock import SystemClock
from piccolo3.config import SimulationConfig, SpectrometerConfig
from piccolo3.devices.hosting import HostedSpectrometer
from piccolo3.devices.simulated import MODELS, SimulatedSpectrometer, World
from piccolo3.errors import DeviceError, DeviceTimeout
from piccolo3.events import Broker
from piccolo3.status import SpectrometerStatus as Status
from piccolo3.workers import RecoveryTiming, SpectrometerChanged, SpectrometerTiming, SpectrometerWorker
from tests.unit.devices.hosting.puppet import FAULTS

pytestmark = pytest.mark.alone

NAME = "dummy_A"
QUICK = SpectrometerTiming(margin=0.2, grace=0.2, upkeep=0.1, recovery=RecoveryTiming(first_retry=0.05))


class Moody(SimulatedSpectrometer):
    """A twin whose next read does what is written in a file."""

    def __init__(self, mood: Path) -> None:
        super().__init__(MODELS["FLAME-S"], NAME, World(SimulationConfig(), SystemClock()))
        self._mood = mood

    def read(self, timeout: float) -> NDArray[np.int32]:
        if self._mood.exists():
            fault = self._mood.read_text()
            self._mood.unlink()
            FAULTS[fault]()
        return super().read(timeout)


def run(mood: Path, scenario: Callable[[SpectrometerWorker, list[Status]], Awaitable[None]]) -> None:
    hosted = HostedSpectrometer(partial(Moody, mood), NAME)

    async def whole() -> None:
        broker, statuses = Broker(), [Status.DISCONNECTED]
        config = SpectrometerConfig(serial_number=NAME, driver="simulated")
        worker = SpectrometerWorker(config, hosted, None, SystemClock(), broker, timing=QUICK)

        def note(_: SpectrometerChanged) -> None:
            if statuses[-1] is not worker.status:
                statuses.append(worker.status)

        broker.subscribe(SpectrometerChanged, note)
        await worker.start()
        await until(lambda: worker.status is Status.IDLE)
        statuses.clear()
        statuses.append(worker.status)
        try:
            await scenario(worker, statuses)
        finally:
            assert await worker.stop()

    asyncio.run(whole())
    hosted.release()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10.0):
        while not condition():  # noqa: ASYNC110 - for what no event is made
            await asyncio.sleep(0.002)


def host() -> psutil.Process:
    return next(child for child in psutil.Process().children(recursive=True) if child.name().startswith("spec "))


@pytest.mark.parametrize(
    ("fault", "error", "message"),
    [
        ("hang", DeviceTimeout, "no answer from read"),
        ("segv", DeviceError, "SIGSEGV"),
        ("library", DeviceError, "LibraryError: Data transfer error"),
    ],
)
def test_a_failing_read_costs_that_exposure_only(
    tmp_path: Path, fault: str, error: type[DeviceError], message: str
) -> None:
    mood = tmp_path / "mood"

    async def scenario(worker: SpectrometerWorker, statuses: list[Status]) -> None:
        clock = SystemClock()
        assert (await worker.acquire(5.0, clock.monotonic())).counts.size == 2048
        first = host()
        mood.write_text(fault)
        start = time.monotonic()
        with pytest.raises(error, match=message):
            await worker.acquire(5.0, clock.monotonic())
        assert time.monotonic() - start < 3.0  # the read's own limit, and the margin
        assert worker.status is Status.DROPPED
        await until(lambda: worker.status is Status.IDLE)
        assert not first.is_running()
        assert (await worker.acquire(5.0, clock.monotonic())).counts.size == 2048
        assert statuses == [
            *(Status.IDLE, Status.RECORDING, Status.IDLE, Status.RECORDING),
            *(Status.DROPPED, Status.CONNECTING, Status.IDLE, Status.RECORDING, Status.IDLE),
        ]

    run(mood, scenario)


def test_the_death_of_an_idle_host_is_seen_soon(tmp_path: Path) -> None:
    async def scenario(worker: SpectrometerWorker, statuses: list[Status]) -> None:
        host().kill()
        async with asyncio.timeout(5 * QUICK.upkeep):
            await until(lambda: Status.DROPPED in statuses)
        assert "SIGKILL" in (worker.reason or "")
        await until(lambda: worker.status is Status.IDLE)

    run(tmp_path / "mood", scenario)
