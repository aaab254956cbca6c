"""The simulated shutter: pulses on two lines that are recorded, and a blade that follows."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from piccolo3.clock import Clock
from piccolo3.config import ChannelConfig
from piccolo3.devices.interface import Shutter
from piccolo3.devices.simulated.blade import Blade
from piccolo3.devices.simulated.faults import ShutterFaults
from piccolo3.devices.simulated.timeline import nanoseconds
from piccolo3.errors import DeviceError
from piccolo3.status import ShutterStatus

__all__ = ["Pulse", "SimulatedShutter"]

_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Pulse:
    """A pin (BCM number) was on from `start` to `end` (s, monotonic)."""

    pin: int
    start: float
    end: float


class SimulatedShutter(Shutter):
    """The blade moves linearly from the start of the pulse to the end of the settling time: the worst allowed case.

    It is wired as configured, so it follows the command, whatever `reverse` makes of the pins; with the fault `stuck`
    it stays where it is, and the status, which no sensor checks, is wrong. `pulses` has those given, latest last.
    It is closed as soon as it is made.
    """

    def __init__(self, config: ChannelConfig, blade: Blade, clock: Clock) -> None:
        self._config = config
        self._blade = blade
        self._clock = clock
        self._sleeper = clock.sleeper()
        self._released = threading.Event()
        self._status = ShutterStatus.CLOSED
        self.faults = ShutterFaults()
        self.pulses: deque[Pulse] = deque(maxlen=_KEPT)
        self.close()

    @property
    def status(self) -> ShutterStatus:
        return self._status

    def open(self) -> None:
        self._move(ShutterStatus.OPEN)

    def close(self) -> None:
        self._move(ShutterStatus.CLOSED)

    def release(self) -> None:
        self._released.set()
        self._sleeper.cancel()

    def _move(self, status: ShutterStatus) -> None:
        config = self._config
        pin = config.opening_pin if status is ShutterStatus.OPEN else config.closing_pin
        start = self._clock.monotonic()
        pulsed = start + config.pulse_time / 1000
        settled = pulsed + config.settling_time / 1000
        self._check()
        if not self.faults.stuck:
            self._blade.move(nanoseconds(start), nanoseconds(settled), opened=status is ShutterStatus.OPEN)
        self._sleep_until(pulsed)
        self.pulses.append(Pulse(pin, start, self._clock.monotonic()))
        self._status = status
        # a pulse that came late and long moves the blade late: it settles after the pulse that was given
        self._sleep_until(max(settled, self._clock.monotonic() + config.settling_time / 1000))

    def _check(self) -> None:
        if self._released.is_set():
            raise DeviceError(f"the shutter of {self._config.direction} is not in use any more")

    def _sleep_until(self, moment: float) -> None:
        while (missing := moment - self._clock.monotonic()) > 0:
            if not self._sleeper.sleep(missing):
                self._check()
                return
