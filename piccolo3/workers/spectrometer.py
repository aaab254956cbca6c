"""One spectrometer as the event loop sees it: its states, what can be asked, and the way back after a failure."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import Callable
from enum import Enum, auto
from typing import Literal

from piccolo3.clock import Clock
from piccolo3.config import SpectrometerConfig
from piccolo3.devices import Acquirer
from piccolo3.devices.acquisition import Over, Overtaken
from piccolo3.devices.interface import Exposure, PowerSwitch, Spectrometer, SpectrometerInfo
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
from piccolo3.workers.calls import at_most, retrieve, wait_for_event
from piccolo3.workers.cooler import Cooler
from piccolo3.workers.events import SpectrometerChanged
from piccolo3.workers.link import AcquirerFactory, Acquires, Link, SpectrometerTiming
from piccolo3.workers.recovery import Ladder, Rung

__all__ = ["SpectrometerWorker"]

Status = SpectrometerStatus
_logger = logging.getLogger(__name__)
_EXPOSING = (Status.RECORDING, Status.AUTOINTEGRATING)
_RUNNING = (Status.IDLE, *_EXPOSING)


class _Goal(Enum):
    CONNECTED = auto()
    DISCONNECTED = auto()
    POWERED_OFF = auto()


class SpectrometerWorker:
    """A spectrometer with a thread of its own. All methods belong to the event loop's thread.

    A keeper task brings the device to where it was asked to be and, after a failure, climbs the `Ladder` for ever.
    `status` says what is, `reason` why it is not IDLE, `attempts` what was done about failures since the start.
    """

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
        self.config = config
        self.serial_number = config.serial_number
        self.reason: str | None = "not started"
        self._status = Status.DISCONNECTED
        self._timing = timing or SpectrometerTiming()
        self._clock = clock
        self._broker = broker
        self._cooler = Cooler(clock, enabled=config.fan, target=config.detector_set_temperature)
        self._link = Link(config.serial_number, device, power, self._cooler, clock, self._timing, acquirer)
        self._goal = _Goal.DISCONNECTED
        self._reached = asyncio.Event()
        self._wake = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._upkeep: asyncio.Task[None] | None = None
        self._exposing: asyncio.Task[Exposure] | None = None
        self._ladder = Ladder(self._timing.recovery, has_power_switch=power is not None)
        self._rung: Rung | None = None
        self._rejections = 0
        self._pause = 0.0

    # ---- what is ----

    @property
    def status(self) -> SpectrometerStatus:
        """The state of the device, true at this moment as far as anybody can know."""
        return self._status

    @property
    def ready(self) -> bool:
        """Whether the device is there and answers."""
        return self._status in _RUNNING

    @property
    def info(self) -> SpectrometerInfo | None:
        """What the device said of itself when it was opened last; None before the first time."""
        return self._link.info

    @property
    def attempts(self) -> dict[Rung, int]:
        """How often each rung of the ladder was tried."""
        return dict(self._ladder.done)

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

    @property
    def cooler(self) -> Cooler:
        """All about the cooler, to look at only."""
        return self._cooler

    # ---- start and stop ----

    async def start(self) -> None:
        """Start the thread and connect in the background."""
        self._link.start()
        self._want(_Goal.CONNECTED)
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep(), name=f"keeper of {self.serial_number}")

    async def stop(self, deadline: float = 3.0) -> bool:
        """Disconnect and end the thread within `deadline` seconds; False if a stuck driver was left behind."""
        for task in (self._keeper, self._upkeep, self._exposing):
            if task is not None:
                task.cancel()
                await asyncio.wait({task})
        self._keeper = None
        ended = await self._link.stop(deadline)
        self._set_status(Status.DISCONNECTED, "stopped")
        return ended

    # ---- what is asked ----

    async def connect(self) -> None:
        """Begin to connect. Conflict unless disconnected or waiting to be found again."""
        if self._status not in (Status.DISCONNECTED, Status.DROPPED):
            raise Conflict(f"spectrometer is in wrong state to be connected {self._status.name}")
        self._want(_Goal.CONNECTED)

    async def disconnect(self) -> None:
        """Disconnect and stay so. Conflict if it is already, Busy during an exposure."""
        if self._status is Status.DISCONNECTED:
            raise Conflict("spectrometer is already disconnected")
        if self._status is Status.POWERED_OFF:
            raise Conflict("spectrometer is already powered off")
        self._refuse_while_exposing()
        await self._bring_to(_Goal.DISCONNECTED)

    async def power_on(self) -> None:
        """Switch on and begin to connect. Conflict if the power is on; not connected ones connect nevertheless."""
        if self._status in _RUNNING:
            raise Conflict("spectrometer is already running")
        powered = self._status is not Status.POWERED_OFF
        self._want(_Goal.CONNECTED)
        if powered:
            raise Conflict("spectrometer is already powered on")

    async def power_off(self) -> None:
        """Cooler off, disconnect, switch off (where there is a switch), and stay so.

        Conflict if it is off, Busy during an exposure, DeviceError if the switch fails.
        """
        if self._status is Status.POWERED_OFF:
            raise Conflict("spectrometer is already powered off")
        self._refuse_while_exposing()
        await self._bring_to(_Goal.POWERED_OFF)
        if self._goal is _Goal.DISCONNECTED:
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
        if self._status is not Status.IDLE or self._goal is not _Goal.CONNECTED:
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
        the status stays until the device has returned.
        """
        while self._upkeep is not None and not self._upkeep.done():
            await asyncio.wait({self._upkeep})  # a few milliseconds, or its own deadline
        self._refuse_while_exposing()
        if self._status is not Status.IDLE or self._goal is not _Goal.CONNECTED:
            raise Unavailable(f"status of spectrometer {self.serial_number} is {self._status.name}")
        self._set_status(Status.AUTOINTEGRATING if autointegrating else Status.RECORDING, "an exposure is under way")
        exposing = asyncio.create_task(
            self._expose(
                lambda acquirer: acquirer.acquire(
                    integration_time, not_before=not_before, averages=averages, stay=stay, over=over, unusable=unusable
                )
            ),
            name=f"exposure of {self.serial_number}",
        )
        self._exposing = exposing
        exposing.add_done_callback(retrieve)
        return await asyncio.shield(exposing)

    async def _expose(self, acquire: Callable[[Acquires], Exposure]) -> Exposure:
        try:
            exposure = await self._link.expose(acquire)
        except (InvalidValue, Overtaken):
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

    # ---- the keeper ----

    async def _keep(self) -> None:
        while True:
            self._wake.clear()
            goal = self._goal
            pause: float | None = 0.0
            try:
                pause = await self._step(goal)
            except DeviceError as error:
                self._drop(error)
            if not self._wake.is_set():  # nothing else has been asked meanwhile
                self._reached.set()
            await wait_for_event(self._wake, self._clock, pause)

    async def _step(self, goal: _Goal) -> float | None:
        """Take the device one step nearer to the goal; seconds until the next look at it, None for no need."""
        if goal is not _Goal.CONNECTED:
            await self._leave(goal)
            return None
        if not self._link.ready and self._pause:
            pause, self._pause = self._pause, 0.0
            await self._link.close()
            return pause
        if not self._link.ready:
            rung, self._rung = self._rung, None
            if rung is not None and (pause := await self._climb(rung)):
                return pause
            await self._connect()
        else:
            with contextlib.suppress(DeviceError):  # it has been dropped then
                await self._keep_up()
        return self._timing.upkeep

    async def _climb(self, rung: Rung) -> float:
        """Do what is to be done before the device is opened again; seconds until that."""
        self._ladder.tried(rung, self._clock.monotonic())
        if rung is not Rung.REOPEN:
            _logger.warning("spectrometer %s is %s", self.serial_number, rung.value)
            self._set_status(self._status, f"being {rung.value}")
        try:
            if rung is Rung.RESET:
                await self._link.reset()
            elif rung is Rung.POWER_CYCLE:
                await self._link.cut_power()
                return self._timing.recovery.power_off_time
        except DeviceError as error:
            _logger.warning("spectrometer %s can't be %s: %s", self.serial_number, rung.value, error)
        return 0.0

    async def _connect(self) -> None:
        await self._link.close()
        self._set_status(Status.CONNECTING, "being opened")
        await self._link.open()
        self._publish("info")
        await self._visit()
        if self._goal is _Goal.CONNECTED and self.info is not None:
            _logger.info("spectrometer %s (%s) is connected", self.serial_number, self.info.model)
            if self._cooler.is_due:  # somebody has set it meanwhile
                self._begin_upkeep()
            self._set_status(Status.IDLE)

    async def _leave(self, goal: _Goal) -> None:
        was_on = self.cooler_enabled
        self._ladder.forget()
        self._rung, self._pause = None, 0.0
        try:
            if goal is _Goal.POWERED_OFF:
                await self._link.power_off()
                self._set_status(Status.POWERED_OFF, "powered off")
            else:
                await self._link.close()
                self._set_status(Status.DISCONNECTED, "disconnected")
        except DeviceError as error:
            _logger.warning("the power of spectrometer %s can't be switched off: %s", self.serial_number, error)
            self._goal = _Goal.DISCONNECTED
            self._set_status(Status.DISCONNECTED, f"can't be switched off: {error}")
        if was_on:
            self._publish("cooler")

    # ---- temperature and cooler ----

    async def _keep_up(self, *, only_if_due: bool = False) -> None:
        """Bring cooler and temperature up to date if the device is idle. Raises what the device raises."""
        while self._upkeep is not None and not self._upkeep.done():
            await asyncio.wait({self._upkeep})
        if self._status is Status.IDLE and (self._cooler.is_due or not only_if_due):
            upkeep = self._begin_upkeep()
            await asyncio.wait({upkeep})
            if not upkeep.cancelled():
                upkeep.result()

    def _begin_upkeep(self) -> asyncio.Task[None]:
        self._upkeep = asyncio.create_task(self._do_upkeep(), name=f"upkeep of {self.serial_number}")
        self._upkeep.add_done_callback(retrieve)
        return self._upkeep

    async def _do_upkeep(self) -> None:
        try:
            await self._visit()
        except DeviceError as error:
            self._drop(error)
            raise

    async def _visit(self) -> None:
        cooler, temperature = await self._link.visit()
        self._ladder.worked(self._clock.monotonic(), fully=False)
        if cooler:
            self._publish("cooler")
        if temperature:
            self._publish("temperature")

    # ---- small things ----

    def _drop(self, error: DeviceError) -> None:
        """The device has failed: say so, come back to it later."""
        stuck = "; its driver is stuck in a call" if self._link.stuck else ""
        if self._ladder.failures == 0:
            _logger.warning("spectrometer %s: %s%s; trying again", self.serial_number, error, stuck)
        attempt = self._ladder.failed(self._clock.monotonic(), is_absent=isinstance(error, DeviceRemoved))
        self._pause, self._rung = attempt.pause, attempt.rung
        self._rejections = 0
        was_on = self._cooler.closed()
        self._link.drop()
        self._set_status(Status.DROPPED, f"{error}{stuck}")
        if was_on:
            self._publish("cooler")
        self._wake.set()

    def _want(self, goal: _Goal) -> None:
        self._goal = goal
        if goal is _Goal.CONNECTED:
            self._pause = 0.0
            if self._status not in _RUNNING and not self._link.stuck:
                self._set_status(Status.CONNECTING, "being opened")
        self._reached.clear()
        self._wake.set()

    async def _bring_to(self, goal: _Goal) -> None:
        """Ask for `goal` and wait for it, but not longer than a driver that works would need."""
        self._want(goal)
        await at_most(self._reached.wait(), self._timing.margin)

    def _refuse_while_exposing(self) -> None:
        if self._status in _EXPOSING:
            raise Busy(f"status of spectrometer {self.serial_number} is {self._status.name}")

    def _set_status(self, status: SpectrometerStatus, reason: str | None = None) -> None:
        self.reason = reason
        if status is not self._status:
            self._status = status
            self._publish("status")

    def _publish(self, what: Literal["status", "temperature", "cooler", "info"]) -> None:
        self._broker.publish(SpectrometerChanged(serial_number=self.serial_number, what=what))
