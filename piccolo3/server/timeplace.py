"""Time and place of the rig: what the configuration says is put together, started and stopped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from piccolo3.clock import Clock, SystemClock
from piccolo3.config import InstrumentConfig
from piccolo3.devices import Host
from piccolo3.events import Broker
from piccolo3.jsonvalue import JsonValue
from piccolo3.position import Position
from piccolo3.timing import KernelWatch, Locator, Machine, Receiver, Satellites, Timekeeper
from piccolo3.workers import Journal, State, Worker

__all__ = ["TimeAndPlace"]


class TimeAndPlace:
    """The timekeeper, the locator and, where one is configured, a GPS receiver."""

    def __init__(
        self, instrument: InstrumentConfig, clock: Clock, broker: Broker, journal: Journal, state: State, host: Host
    ) -> None:
        gps = instrument.gps
        self._clock = clock
        self._host = host
        self._worker = Worker("system")
        self._satellites = None if gps.host is None else Satellites(gps.max_age)
        self._receiver = (
            None
            if gps.host is None or self._satellites is None
            else Receiver(gps.host, gps.port, self._satellites, clock, heard=lambda: self.timekeeper.check())
        )
        self.locator = Locator(
            clock,
            broker,
            site=instrument.site.position,
            simulated=_simulated(instrument),
            satellites=self._satellites,
            reached=lambda: self._receiver is not None and self._receiver.connected,
        )
        self.timekeeper = Timekeeper(
            clock,
            broker,
            Machine(synchronised=host.clock_synchronised, boot_id=host.boot_id, set_clock=self._set_clock),
            state,
            always=instrument.clock.trust == "always",
            gps=self._utc,
            set_by_gps=gps.set_clock,
            tolerance=gps.tolerance,
            watch=KernelWatch() if isinstance(clock, SystemClock) else None,
            note=lambda message, level, details: journal.note(
                "clock", message, level=level, source="sysinfo", details=details
            ),
            looked=self.locator.check,
        )

    def start(self) -> None:
        """Look at the clock, and listen to the receiver, from now on."""
        self._worker.start()
        self.timekeeper.start()
        if self._receiver is not None:
            self._receiver.start()

    async def stop(self) -> None:
        """No more."""
        if self._receiver is not None:
            await self._receiver.stop()
        await self.timekeeper.stop()
        await self._worker.stop(0.1)

    def surroundings(self) -> dict[str, JsonValue]:
        """What belongs into every spectrum."""
        return {**self.timekeeper.metadata(), **self.locator.metadata()}

    def _utc(self) -> datetime | None:
        return None if self._satellites is None else self._satellites.utc(self._clock.monotonic())

    async def _set_clock(self, text: Callable[[], str]) -> datetime:
        return await self._worker.run(lambda: self._host.set_clock(text()))


def _simulated(instrument: InstrumentConfig) -> Position | None:
    """Where the simulated sun shines, if it is the only one."""
    if any(spectrometer.driver != "simulated" for spectrometer in instrument.spectrometers):
        return None
    simulation = instrument.simulation
    return Position(latitude=simulation.latitude, longitude=simulation.longitude)
