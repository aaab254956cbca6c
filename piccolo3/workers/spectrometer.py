"""One spectrometer as the event loop sees it: what it is doing, and what can be asked of it."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable
from typing import Any

from piccolo3.clock import Clock
from piccolo3.config import SpectrometerConfig
from piccolo3.devices import Acquirer
from piccolo3.devices.acquisition import GivenUp, Over, Overtaken
from piccolo3.devices.interface import Exposure, PowerSwitch, Spectrometer
from piccolo3.errors import (
    Busy,
    Conflict,
    DeviceError,
    DeviceInterrupted,
    DeviceRemoved,
    DeviceTimeout,
    InvalidValue,
    SpectrumRejected,
    Unavailable,
)
from piccolo3.events import Broker
from piccolo3.status import SpectrometerStatus
from piccolo3.workers.calls import retrieve
from piccolo3.workers.keeper import EXPOSING, RUNNING, Goal, Keeper
from piccolo3.workers.link import AcquirerFactory, Acquires, SpectrometerTiming

__all__ = ["SpectrometerWorker"]

Status = SpectrometerStatus


class SpectrometerWorker(Keeper):
    """A spectrometer that is kept connected, and takes exposures. All methods belong to the event loop's thread."""

    def __init__(
        self,
        config: SpectrometerConfig,
        device: Spectrometer,
        power: PowerSwitch | None,
        clock: Clock,
        broker: Broker,
        *,
        timing: SpectrometerTiming | None = None,
        acquirer: AcquirerFactory = Acquirer,
    ) -> None:
        super().__init__(config, device, power, clock, broker, timing=timing, acquirer=acquirer)
        self._exposing: asyncio.Task[Exposure] | None = None

    def _tasks(self) -> list[asyncio.Task[Any]]:
        return [*super()._tasks(), *([] if self._exposing is None else [self._exposing])]

    @property
    def have_cooler(self) -> bool | None:
        """Whether the device has a thermo-electric cooler; None until it was open for the first time."""
        return None if self.info is None else self.info.has_cooler

    @property
    def cooler_enabled(self) -> bool:
        """Whether the cooler is on, as far as the device has taken it."""
        return self._cooler.enabled

    @property
    def target_temperature(self) -> float:
        """Set point of the cooler (degrees Celsius)."""
        return self._cooler.target

    @property
    def current_temperature(self) -> float | None:
        """Temperature of the detector (degrees Celsius) when it was asked last; None without a sensor."""
        return self._cooler.temperature

    # ---- what is asked ----

    async def connect(self) -> None:
        """Begin to connect. Conflict unless disconnected or waiting to be found again."""
        if self._status not in (Status.DISCONNECTED, Status.DROPPED):
            raise Conflict(f"spectrometer is in wrong state to be connected {self._status.name}")
        self._want(Goal.CONNECTED)

    async def disconnect(self) -> None:
        """Disconnect and stay so. Conflict if it is already, Busy during an exposure."""
        if self._status is Status.DISCONNECTED:
            raise Conflict("spectrometer is already disconnected")
        if self._status is Status.POWERED_OFF:
            raise Conflict("spectrometer is already powered off")
        self._refuse_while_exposing()
        await self._bring_to(Goal.DISCONNECTED)

    async def power_on(self) -> None:
        """Switch on and begin to connect. Conflict if the power is on; not connected ones connect nevertheless."""
        if self._status in RUNNING:
            raise Conflict("spectrometer is already running")
        powered = self._status is not Status.POWERED_OFF
        self._want(Goal.CONNECTED)
        if powered:
            raise Conflict("spectrometer is already powered on")

    async def power_off(self) -> None:
        """Cooler off, disconnect, switch off (where there is a switch), and stay so.

        Conflict if it is off, Busy during an exposure, DeviceError if the switch fails.
        """
        if self._status is Status.POWERED_OFF:
            raise Conflict("spectrometer is already powered off")
        self._refuse_while_exposing()
        await self._bring_to(Goal.POWERED_OFF)
        if self._goal is Goal.DISCONNECTED:
            raise DeviceError(f"spectrometer {self.serial_number} {self.reason}")

    async def set_cooler(self, enabled: bool | None = None, target: float | None = None) -> None:
        """Set what is not None; takes effect at once, after the exposure under way, or when the device is ready.

        Raises InvalidValue for a target that is no number; what the device raises leaves the setting unchanged.
        """
        if target is not None and not math.isfinite(target):
            raise InvalidValue(f"target temperature must be a finite number, not {target}")
        cooler = self._cooler
        previous = cooler.wanted, cooler.target
        cooler.wanted = previous[0] if enabled is None else enabled
        cooler.target = previous[1] if target is None else float(target)
        try:
            if self._exposing is not None and not self._exposing.done():
                await asyncio.wait({self._exposing})  # which looks after the cooler before the next one can begin
            await self._keep_up(only_if_due=True)
        except DeviceError:
            cooler.wanted, cooler.target = previous
            raise
        if cooler.target != previous[1]:
            self._publish("cooler")

    async def returned(self) -> None:
        """Wait until the exposure under way, if there is one, has returned, which its deadlines bound."""
        while self._exposing is not None and not self._exposing.done():
            await asyncio.wait({self._exposing})

    async def set_shutter(self, opened: bool) -> None:
        """Move the shutter inside, after the exposure under way.

        Raises Unavailable if not connected, and DeviceError, after which the device may be being reconnected; not so
        where it has no shutter.
        """
        await self.returned()
        while self._upkeep is not None and not self._upkeep.done():
            await asyncio.wait({self._upkeep})
            await self.returned()
        if self._status is not Status.IDLE or self._goal is not Goal.CONNECTED:
            why = f": {self.reason}" if self.reason else ""
            raise Unavailable(f"the shutter is inside spectrometer {self.serial_number}, {self._status.name}{why}")
        self._upkeep = asyncio.create_task(self._move_shutter(opened), name=f"shutter inside {self.serial_number}")
        self._upkeep.add_done_callback(retrieve)
        await asyncio.shield(self._upkeep)

    async def _move_shutter(self, opened: bool) -> None:
        try:
            await self._link.set_shutter(opened)
        except (DeviceInterrupted, DeviceRemoved, DeviceTimeout) as error:
            self._drop(error)
            raise
        except DeviceError:
            with contextlib.suppress(DeviceError):
                await self._do_upkeep()  # it is dropped if it does not answer any more
            raise

    async def acquire(
        self,
        integration_time: float,
        not_before: float,
        *,
        averages: int = 1,
        stay: bool = False,
        over: Over | None = None,
        unusable: int = 0,
        autointegrating: bool = False,
    ) -> Exposure:
        """The mean of `averages` fresh exposures of `integration_time` (ms), begun after `not_before` (monotonic, s).

        `stay` is for exposures of one view that follow one another without a gap: the same is asked for again, with
        the same `not_before`; without it the device is left ready for anything. The last one must not have it.
        `over` is told, in a thread, from when on (monotonic, s) what is looked at may change. Overtaken may be raised
        then: ask again, with its `unusable`, when what is looked at is as it was.
        Raises Busy, Unavailable if not connected, InvalidValue for a time that the device does not have,
        SpectrumRejected, and DeviceError, after which the device is being reconnected. Where the caller is cancelled,
        the status stays until the device has answered; nothing more is asked of it.
        """
        while self._upkeep is not None and not self._upkeep.done():
            await asyncio.wait({self._upkeep})  # a few milliseconds, or its own deadline
        self._refuse_while_exposing()
        if self._status is not Status.IDLE or self._goal is not Goal.CONNECTED:
            raise Unavailable(f"status of spectrometer {self.serial_number} is {self._status.name}")
        self._set_status(Status.AUTOINTEGRATING if autointegrating else Status.RECORDING, "an exposure is under way")
        wanted = True

        def acquire(acquirer: Acquires) -> Exposure:
            return acquirer.acquire(
                integration_time,
                not_before=not_before,
                averages=averages,
                stay=stay,
                over=over,
                unusable=unusable,
                wanted=lambda: wanted,
            )

        exposing = asyncio.create_task(self._expose(acquire), name=f"exposure of {self.serial_number}")
        self._exposing = exposing
        exposing.add_done_callback(retrieve)
        try:
            return await asyncio.shield(exposing)
        except asyncio.CancelledError:
            wanted = False
            raise

    async def _expose(self, acquire: Callable[[Acquires], Exposure]) -> Exposure:
        try:
            exposure = await self._link.expose(acquire)
        except (InvalidValue, Overtaken, GivenUp):
            self._set_status(Status.IDLE)
            raise
        except SpectrumRejected as error:
            self._rejections += 1
            if self._rejections >= self._timing.most_rejections:
                self._drop(error)
            else:
                self._set_status(Status.IDLE)
            raise
        except DeviceError as error:
            self._drop(error)
            raise
        self._rejections = 0
        self._ladder.worked(self._clock.monotonic(), fully=True)
        if self._cooler.is_due or self._clock.monotonic() - self._link.visited >= self._timing.fresh_temperature:
            self._begin_upkeep()
        self._set_status(Status.IDLE)
        return exposure

    def _refuse_while_exposing(self) -> None:
        if self._status in EXPOSING:
            raise Busy(f"status of spectrometer {self.serial_number} is {self._status.name}")
