"""The connection to one spectrometer: every call on the device goes through here, in its thread, with a deadline."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypeVar

from piccolo3.clock import Clock
from piccolo3.devices.acquisition import Over
from piccolo3.devices.depth import with_measured_depth
from piccolo3.devices.interface import Exposure, PowerSwitch, Spectrometer, SpectrometerInfo
from piccolo3.errors import DeviceError, DeviceRemoved, InvalidValue
from piccolo3.workers.calls import at_most, guarded, interrupt, limited
from piccolo3.workers.cooler import Cooler
from piccolo3.workers.guard import GuardedSpectrometer
from piccolo3.workers.recovery import RecoveryTiming
from piccolo3.workers.worker import Worker

__all__ = ["AcquirerFactory", "Acquires", "Link", "SpectrometerTiming"]

T = TypeVar("T")
_logger = logging.getLogger(__name__)


class Acquires(Protocol):
    """What takes fresh exposures from an open spectrometer (`piccolo3.devices.Acquirer`)."""

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
        """The mean of `averages` exposures of `integration_time` (ms), begun after `not_before` (monotonic, s).

        `stay`: the same will be asked for again, with the same `not_before`. `over` is told, in the thread, from when
        on (monotonic, s) what is looked at may change; Overtaken may be raised then. `unusable` is that of the last
        Overtaken. Once it is not `wanted` any more, GivenUp is raised as soon as the device answers.
        """


AcquirerFactory = Callable[[Spectrometer, SpectrometerInfo, Clock], Acquires]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectrometerTiming:
    """Seconds; `margin`, `open_limit` and `grace` are deadlines for the driver on the machine's own clock.

    An idle device is visited every `upkeep`, so that it is not said to be there for long when it is gone.
    """

    margin: float = 2.0
    open_limit: float = 30.0
    grace: float = 0.5
    recovery: RecoveryTiming = field(default_factory=RecoveryTiming)
    upkeep: float = 0.9
    fresh_temperature: float = 1.0
    most_rejections: int = 3


class Link:
    """Opens, asks and closes one device. It knows nothing of states; its methods belong to the loop's thread."""

    def __init__(
        self,
        name: str,
        device: Spectrometer,
        power: PowerSwitch | None,
        cooler: Cooler,
        clock: Clock,
        timing: SpectrometerTiming,
        acquirer: AcquirerFactory,
    ) -> None:
        self.info: SpectrometerInfo | None = None
        self.visited = 0.0
        self._name = name
        self._guard = GuardedSpectrometer(device, margin=timing.margin, open_limit=timing.open_limit)
        self._power = power
        self._cooler = cooler
        self._clock = clock
        self._timing = timing
        self._make_acquirer = acquirer
        self._acquirer: Acquires | None = None
        self._worker = Worker(f"spectrometer {name}")
        self._opened = False
        self._shutter_open = False
        self._told: tuple[SpectrometerInfo, SpectrometerInfo] | None = None  # by the device, and with what was measured

    @property
    def ready(self) -> bool:
        """Whether the device can take an exposure."""
        return self._acquirer is not None

    @property
    def stuck(self) -> bool:
        """Whether a call is under way."""
        return self._worker.busy

    def start(self) -> None:
        """Start the thread."""
        self._worker.start()

    def drop(self) -> None:
        """The device has failed; it has to be closed and opened again."""
        self._acquirer = None
        self._shutter_open = False  # as far as anybody can still do something about it

    async def stop(self, deadline: float) -> bool:
        """Interrupt what is under way, close, end the thread; False if a stuck driver was left behind."""
        if self._worker.busy:
            interrupt(self._guard, self._worker.name)
            await at_most(self._worker.idle(), deadline / 2)
        if self._opened and not self._worker.busy:
            await at_most(self.close(), deadline / 4)
        return await self._worker.stop(deadline / 4)

    async def open(self) -> None:
        """Switch on and open what is closed. Raises DeviceError."""
        if self._power is not None:
            await self._switch(self._power.on)
        self._opened = True
        self.info, self._acquirer = await self._call(self._open)

    def _open(self) -> tuple[SpectrometerInfo, Acquires]:
        info = self._measured(self._guard.open())
        return info, self._make_acquirer(self._guard, info, self._clock)

    def _measured(self, info: SpectrometerInfo) -> SpectrometerInfo:
        """`info` with what has to be measured; for the same device that is done only once."""
        if self._told is None or self._told[0] != info:
            self._told = info, with_measured_depth(self._guard, info, self._clock)
        return self._told[1]

    async def visit(self) -> tuple[bool, bool]:
        """Set the cooler if due, read the temperature; whether they changed. Raises DeviceError."""
        if self.info is None:
            raise DeviceRemoved(f"spectrometer {self._name} was never open")
        has_cooler = self.info.has_cooler
        reading = await self._call(self._cooler.service(self._guard, has_cooler))
        self.visited = self._clock.monotonic()
        return self._cooler.report(reading, has_cooler)

    async def expose(self, acquire: Callable[[Acquires], Exposure]) -> Exposure:
        """What `acquire`, called in the thread, gets. Raises DeviceError, and InvalidValue for what can't be had."""
        if self._acquirer is None:
            raise DeviceRemoved(f"spectrometer {self._name} is not connected")
        return await self._call(partial(acquire, self._acquirer))

    async def set_shutter(self, opened: bool) -> None:
        """Move the shutter inside. Raises DeviceError."""
        self._shutter_open = True  # it may be, also where the call fails
        await self._call(partial(self._guard.set_shutter, opened))
        self._shutter_open = opened

    async def close(self) -> None:
        """Close the device as soon as its thread has returned, however long that takes; before that its shutter."""
        self._acquirer = None
        await self._worker.idle()
        if self._opened:
            if self._shutter_open:
                await self._leave_dark()
            try:
                await self._call(self._guard.close)
            except DeviceError as error:
                _logger.warning("closing spectrometer %s: %s", self._name, error)
                await self._worker.idle()
            self._opened = False
        self._cooler.closed()

    async def _leave_dark(self) -> None:
        try:
            await self.set_shutter(False)
        except DeviceError as error:
            _logger.warning("the shutter of spectrometer %s can't be closed: %s", self._name, error)
            await self._worker.idle()
            self._shutter_open = False

    async def reset(self) -> None:
        """Reset the closed device on its bus. Raises DeviceError, also where that can't be done."""
        self._opened = True  # it may take a process, which is ended by closing
        await self._call(self._guard.reset)

    async def cut_power(self) -> None:
        """Switch the closed device off; opening switches it on again. Raises DeviceError if the switch fails."""
        if self._power is not None:
            await self._switch(self._power.off)

    async def power_off(self) -> None:
        """Cooler off, close, switch off. Raises DeviceError if the switch fails."""
        await self._worker.idle()
        if self._opened and self._cooler.enabled:
            try:
                await self._call(partial(self._guard.set_cooler, False, self._cooler.target))
            except DeviceError as error:
                _logger.warning("cooler of %s before the power goes: %s", self._name, error)
        await self.close()
        await self.cut_power()

    async def _call(self, function: Callable[[], T]) -> T:
        """Call the device; whatever its driver raises comes out as a DeviceError."""
        with self._device_errors():
            return await guarded(self._worker, self._guard, function, grace=self._timing.grace)

    async def _switch(self, function: Callable[[], None]) -> None:
        with self._device_errors():
            await limited(self._worker, function, limit=self._timing.margin)

    @contextmanager
    def _device_errors(self) -> Iterator[None]:
        try:
            yield
        except (DeviceError, InvalidValue):
            raise
        except Exception as error:
            _logger.exception("the driver of spectrometer %s failed in an unexpected way", self._name)
            raise DeviceError(f"{type(error).__name__}: {error}") from error
