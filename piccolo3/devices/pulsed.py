"""Shutters that are moved by a pulse on one of two lines and then stay where they are."""

from __future__ import annotations

import threading
from abc import abstractmethod

from piccolo3.clock import Clock
from piccolo3.config import ChannelConfig
from piccolo3.devices.interface import Shutter
from piccolo3.errors import DeviceError
from piccolo3.status import ShutterStatus

__all__ = ["PulsedShutter"]


class PulsedShutter(Shutter):
    """The timing of the pulses; adapters say what a line is. It is closed as soon as it is made."""

    def __init__(self, config: ChannelConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._sleeper = clock.sleeper()
        self._released = threading.Event()
        self._status = ShutterStatus.CLOSED

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
        self._free()

    @abstractmethod
    def _switch(self, pin: int, on: bool) -> None:
        """Switch the line of a pin."""

    @abstractmethod
    def _free(self) -> None:
        """Give the pins back; doing so twice does no harm."""

    def _moving(self, start: float, end: float, status: ShutterStatus) -> None:
        """Tell an adapter that it moves from `start`, and will have settled at `end` (s, monotonic)."""

    def _pulsed(self, pin: int, start: float, end: float) -> None:
        """Tell an adapter that a pulse was given."""

    def _move(self, status: ShutterStatus) -> None:
        config = self._config
        pin = config.opening_pin if status is ShutterStatus.OPEN else config.closing_pin
        start = self._clock.monotonic()
        pulsed = start + config.pulse_time / 1000
        settled = pulsed + config.settling_time / 1000
        self._check()
        self._moving(start, settled, status)
        self._switch(pin, True)
        try:
            self._sleep_until(pulsed)
        finally:
            if not self._released.is_set():
                self._switch(pin, False)
        self._pulsed(pin, start, self._clock.monotonic())
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
