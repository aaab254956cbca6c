"""Takes a spectrometer to where it was asked to be, keeps it there, and finds the way back after a failure."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from enum import Enum, auto
from typing import Any, Literal

from piccolo3.clock import Clock
from piccolo3.config import SpectrometerConfig
from piccolo3.devices import Acquirer
from piccolo3.devices.interface import PowerSwitch, Spectrometer, SpectrometerInfo
from piccolo3.errors import DeviceError, DeviceRemoved
from piccolo3.events import Broker
from piccolo3.status import SpectrometerStatus
from piccolo3.workers.calls import at_most, retrieve, wait_for_event
from piccolo3.workers.cooler import Cooler
from piccolo3.workers.events import SpectrometerChanged
from piccolo3.workers.link import AcquirerFactory, Link, SpectrometerTiming
from piccolo3.workers.recovery import Ladder, Rung

__all__ = ["EXPOSING", "RUNNING", "Goal", "Keeper"]

Status = SpectrometerStatus
_logger = logging.getLogger(__name__)
EXPOSING = (Status.RECORDING, Status.AUTOINTEGRATING)
RUNNING = (Status.IDLE, *EXPOSING)


class Goal(Enum):
    """Where a spectrometer was asked to be."""

    CONNECTED = auto()
    DISCONNECTED = auto()
    POWERED_OFF = auto()


class Keeper:
    """A spectrometer with a thread of its own. All methods belong to the event loop's thread.

    A task brings the device to where it was asked to be and, after a failure, climbs the `Ladder` for ever. `status`
    says what is, `reason` why it is not IDLE, `attempts` what was done about failures since the start.
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
        self._goal = Goal.DISCONNECTED
        self._reached = asyncio.Event()
        self._wake = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None
        self._upkeep: asyncio.Task[None] | None = None
        self.has_power_switch = power is not None
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
        return self._status in RUNNING

    @property
    def info(self) -> SpectrometerInfo | None:
        """What the device said of itself when it was opened last; None before the first time."""
        return self._link.info

    @property
    def attempts(self) -> dict[Rung, int]:
        """How often each rung of the ladder was tried."""
        return dict(self._ladder.done)

    @property
    def cooler(self) -> Cooler:
        """All about the cooler, to look at only."""
        return self._cooler

    # ---- start and stop ----

    async def start(self, after: float = 0.0) -> None:
        """Start the thread; switch on and connect in the background, after some seconds (or when that is asked for)."""
        self._link.start()
        self._want(Goal.CONNECTED)
        if after:
            self._pause = after
            self._set_status(Status.CONNECTING, "waiting for others to be switched on")
        if self._keeping is None:
            self._keeping = asyncio.create_task(self._keep(), name=f"keeper of {self.serial_number}")

    async def stop(self, deadline: float = 3.0) -> bool:
        """Disconnect and end the thread within `deadline` seconds; False if a stuck driver was left behind."""
        for task in self._tasks():
            task.cancel()
            await asyncio.wait({task})
        self._keeping = None
        ended = await self._link.stop(deadline)
        self._set_status(Status.DISCONNECTED, "stopped")
        return ended

    def _tasks(self) -> list[asyncio.Task[Any]]:
        """What is under way."""
        return [task for task in (self._keeping, self._upkeep) if task is not None]

    # ---- the way to the goal ----

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

    async def _step(self, goal: Goal) -> float | None:
        """Take the device one step nearer to the goal; seconds until the next look at it, None for no need."""
        if goal is not Goal.CONNECTED:
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
        if self._goal is Goal.CONNECTED and self.info is not None:
            _logger.info("spectrometer %s (%s) is connected", self.serial_number, self.info.model)
            if self._cooler.is_due:  # somebody has set it meanwhile
                self._begin_upkeep()
            self._set_status(Status.IDLE)

    async def _leave(self, goal: Goal) -> None:
        was_on = self._cooler.enabled
        self._ladder.forget()
        self._rung, self._pause = None, 0.0
        try:
            if goal is Goal.POWERED_OFF:
                await self._link.power_off()
                self._set_status(Status.POWERED_OFF, "powered off")
            else:
                await self._link.close()
                self._set_status(Status.DISCONNECTED, "disconnected")
        except DeviceError as error:
            _logger.warning("the power of spectrometer %s can't be switched off: %s", self.serial_number, error)
            self._goal = Goal.DISCONNECTED
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

    def _want(self, goal: Goal) -> None:
        self._goal = goal
        if goal is Goal.CONNECTED:
            self._pause = 0.0
            if self._status not in RUNNING and not self._link.stuck:
                self._set_status(Status.CONNECTING, "being opened")
        self._reached.clear()
        self._wake.set()

    async def _bring_to(self, goal: Goal) -> None:
        """Ask for `goal` and wait for it, but not longer than a driver that works would need."""
        self._want(goal)
        await at_most(self._reached.wait(), self._timing.margin)

    def _set_status(self, status: SpectrometerStatus, reason: str | None = None) -> None:
        self.reason = reason
        if status is not self._status:
            self._status = status
            self._publish("status")

    def _publish(self, what: Literal["status", "temperature", "cooler", "info"]) -> None:
        self._broker.publish(SpectrometerChanged(serial_number=self.serial_number, what=what))
