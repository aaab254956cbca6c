"""Devices that do what a test tells them, and a clock whose sleepers wait until it is moved on."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from piccolo3.clock import Clock, ManualClock, Sleeper
from piccolo3.config import ChannelConfig, SpectrometerConfig
from piccolo3.devices.acquisition import GivenUp, Over, Overtaken
from piccolo3.devices.interface import Exposure, Freshness, PowerSwitch, Shutter, Spectrometer, SpectrometerInfo
from piccolo3.errors import DeviceError, DeviceInterrupted
from piccolo3.status import ShutterStatus

TO_BE_WOKEN = 3600.0  # s
PIXELS = 8
SATURATION = 1000.0


class _StepSleeper(Sleeper):
    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._cancelled = threading.Event()

    def sleep(self, seconds: float) -> bool:
        if seconds >= TO_BE_WOKEN:
            self._cancelled.wait()
        elif not self._cancelled.is_set():
            self._clock.advance(max(0.0, seconds))
        return not self._cancelled.is_set()

    def cancel(self) -> None:
        self._cancelled.set()


class StepClock(ManualClock):
    """A manual clock on which coroutines really wait; their thread and the loop's see the same time.

    A thread that sleeps moves it on, but for one that sleeps so long that it means to be woken.
    """

    def __init__(self) -> None:
        super().__init__(datetime(2026, 6, 21, 12, tzinfo=UTC))
        self._waiting: list[tuple[float, asyncio.Future[None]]] = []

    def sleeper(self) -> Sleeper:
        return _StepSleeper(self)

    async def asleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((self.monotonic() + seconds, future))
        await future

    def advance(self, seconds: float) -> None:
        super().advance(seconds)
        for moment, future in tuple(self._waiting):
            if moment <= self.monotonic() + 1e-9:
                self._waiting.remove((moment, future))
                if not future.done():
                    future.set_result(None)

    @property
    def sleeping(self) -> int:
        """How many coroutines sleep."""
        return sum(not future.done() for _, future in self._waiting)


class FakeSpectrometer(Spectrometer):
    """Counts its calls, fails with what is in `failures` under the name of the call."""

    def __init__(self, serial_number: str = "A", *, has_cooler: bool = True) -> None:
        self.serial_number = serial_number
        self.has_cooler = has_cooler
        self.calls: list[str] = []
        self.failures: dict[str, list[Exception]] = {}
        self.hang: set[str] = set()
        self.stubborn = False
        self.interrupted = threading.Event()
        self.released = threading.Event()
        self.degrees: float | None = -5.0
        self.cooler: tuple[bool, float] | None = None
        self.is_open = False

    def _enter(self, name: str) -> None:
        self.calls.append(name)
        if name in self.hang:
            self.hang.discard(name)
            (self.released if self.stubborn else self.interrupted).wait(10)
            raise DeviceInterrupted("interrupted")
        if self.failures.get(name):
            raise self.failures[name].pop(0)

    def open(self) -> SpectrometerInfo:
        self._enter("open")
        if self.is_open:
            raise DeviceError("open already")
        self.is_open = True
        self.interrupted.clear()
        return SpectrometerInfo(
            serial_number=self.serial_number,
            model="FAKE",
            firmware="1",
            pixels=PIXELS,
            wavelength_coefficients=(400.0, 1.0, 0.0, 0.0),
            nonlinearity_coefficients=(),
            dark_pixels=(),
            optical_pixel_range=(0, PIXELS),
            saturation=SATURATION,
            min_integration_time=8.0,
            max_integration_time=60000.0,
            freshness=Freshness(buffer_depth=1, can_clear_buffer=False, read_out_time=1.0),
            has_cooler=self.has_cooler,
            simulated=True,
        )

    def close(self) -> None:
        self._enter("close")
        self.is_open = False

    def set_integration_time(self, milliseconds: float) -> None:
        self._enter("set_integration_time")

    def read(self, timeout: float) -> NDArray[np.int32]:
        self._enter("read")
        return np.ones(PIXELS, np.int32)

    def clear_buffer(self) -> None:
        self._enter("clear_buffer")

    def temperature(self) -> float | None:
        self._enter("temperature")
        return self.degrees

    def set_cooler(self, enabled: bool, target: float) -> None:
        self._enter("set_cooler")
        self.cooler = (enabled, target)

    def reset(self) -> None:
        self._enter("reset")

    def interrupt(self) -> None:
        self.calls.append("interrupt")
        self.interrupted.set()


class FakeAcquirer:
    """Reads once for every exposure; `counts` says what is seen.

    `gate` holds exposures up while it is clear; the exposure number `hold_from` clears it. `tells_early` that an
    exposure is over, before the gate; what is in `overtaken` is raised then.
    """

    def __init__(self, device: Spectrometer, info: SpectrometerInfo, clock: Clock) -> None:
        self.device = device
        self.clock = clock
        self.requests: list[tuple[float, float]] = []
        self.wishes: list[tuple[int, bool]] = []  # averages, and whether to stay
        self.gate = threading.Event()
        self.gate.set()
        self.hold_from: int | None = None
        self.tells_early = False
        self.overtaken: list[Overtaken] = []
        self.unusable: list[int] = []
        self.counts: Callable[[float], int] = lambda time: int(min(SATURATION, 10 * time))

    def acquire(
        self,
        integration_time: float,
        *,
        not_before: float,
        averages: int = 1,
        stay: bool = False,
        over: Over | None = None,
        unusable: int = 0,
        wanted: Callable[[], bool] = lambda: True,
    ) -> Exposure:
        if len(self.requests) == self.hold_from:
            self.gate.clear()
        self.requests.append((integration_time, not_before))
        self.wishes.append((averages, stay))
        self.unusable.append(unusable)
        if over is not None and self.tells_early:
            over(self.clock.monotonic())
        self.gate.wait(10)
        if not wanted():
            raise GivenUp("not wanted")
        self.device.read(integration_time / 1000.0)
        if over is not None and self.overtaken:
            raise self.overtaken.pop(0)
        start = max(not_before, self.clock.monotonic())
        if over is not None:
            over(self.clock.monotonic())
        return Exposure(
            counts=np.full(PIXELS, self.counts(integration_time), np.int32),
            start=start,
            end=start + integration_time / 1000.0,
            integration_time=integration_time,
            discarded=0,
            averages=averages,
        )


class FakeShutter(Shutter):
    """Notes its moves; fails with what is in `failures`."""

    def __init__(self) -> None:
        self.moves: list[str] = []
        self.failures: dict[str, list[Exception]] = {}
        self.hang: threading.Event | None = None
        self._status = ShutterStatus.CLOSED

    @property
    def status(self) -> ShutterStatus:
        return self._status

    def _move(self, name: str, status: ShutterStatus) -> None:
        self.moves.append(name)
        if self.hang is not None:
            self.hang.wait(10)
        if self.failures.get(name):
            raise self.failures[name].pop(0)
        self._status = status

    def open(self) -> None:
        self._move("open", ShutterStatus.OPEN)

    def close(self) -> None:
        self._move("close", ShutterStatus.CLOSED)

    def release(self) -> None:
        self.moves.append("release")


class FakePower(PowerSwitch):
    """Notes what was switched."""

    def __init__(self) -> None:
        self.switched: list[str] = []
        self.failure: Exception | None = None

    @property
    def is_on(self) -> bool:
        return self.switched[-1:] == ["on"]

    def on(self) -> None:
        self.switched.append("on")

    def off(self) -> None:
        if self.failure is not None:
            raise self.failure
        self.switched.append("off")

    def release(self) -> None:
        """Nothing to release."""


def spectrometer_config(serial_number: str = "A", **changes: object) -> SpectrometerConfig:
    return SpectrometerConfig(serial_number=serial_number, driver="simulated", **changes)  # type: ignore[arg-type]


def channel_config(direction: str) -> ChannelConfig:
    return ChannelConfig(shutter="shutter_1", direction=direction, driver="simulated", open_pin=1, close_pin=2)


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop and the threads work until `condition` holds."""
    async with asyncio.timeout(20.0):
        for turn in itertools.count():
            if condition():
                return
            await asyncio.sleep(0 if turn < 50 else 0.001)
