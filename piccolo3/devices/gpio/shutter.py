"""Shutters on pins: moved by pulses, or held by a level."""

from __future__ import annotations

import logging
from abc import abstractmethod

from piccolo3.config import ChannelConfig
from piccolo3.devices.interface import Shutter
from piccolo3.errors import DeviceError
from piccolo3.pins import Lines, Pins, Pulse
from piccolo3.status import ShutterStatus

__all__ = ["LevelShutter", "PulseShutter"]

_logger = logging.getLogger(__name__)
_LONGER = 1.2  # as long as it should be: a pulse that is even longer is told to the operator


class _PinShutter(Shutter):
    """Where it is: moved somewhere last, or unavailable where the last move has failed."""

    def __init__(self, config: ChannelConfig, pins: Pins) -> None:
        self._config = config
        self._lines: Lines = pins.lines(f"the shutter of {config.direction}")
        self._status = ShutterStatus.CLOSED
        self._released = False

    @property
    def status(self) -> ShutterStatus:
        return self._status

    def open(self) -> None:
        self._move(ShutterStatus.OPEN)

    def close(self) -> None:
        self._move(ShutterStatus.CLOSED)

    def release(self) -> None:
        self._released = True
        self._lines.close()

    def _move(self, status: ShutterStatus) -> None:
        try:
            self._drive(status)
        except DeviceError:
            if not self._released:
                self._status = ShutterStatus.UNAVAILABLE
            raise
        self._status = status

    @abstractmethod
    def _drive(self, status: ShutterStatus) -> None:
        """Move it and wait until it has settled. Raises DeviceError."""


class PulseShutter(_PinShutter):
    """A shutter with an opening and a closing pin: a pulse on one of them moves it, and it stays there.

    `pulse` is the last one that was given.
    """

    pulse: Pulse | None = None

    def _drive(self, status: ShutterStatus) -> None:
        config = self._config
        pin = config.opening_pin if status is ShutterStatus.OPEN else config.closing_pin
        pulse = self.pulse = self._lines.pulse(pin, config.pulse_time / 1000, config.settling_time / 1000)
        milliseconds = (pulse.end - pulse.begin) * 1000
        if milliseconds > config.pulse_time * _LONGER:
            _logger.warning(
                "shutter %s: a pulse of %.1f ms instead of %.1f", config.direction, milliseconds, config.pulse_time
            )


class LevelShutter(_PinShutter):
    """A servo or solenoid: open as long as the pin for opening is on (with `reverse`: off).

    Where the process that holds the pin ended while it was open, and so may have closed it for a moment, closing it
    raises DeviceError: what was exposed meanwhile can't be trusted.
    """

    def __init__(self, config: ChannelConfig, pins: Pins) -> None:
        super().__init__(config, pins)
        self._losses = 0

    def _drive(self, status: ShutterStatus) -> None:
        on = (status is ShutterStatus.OPEN) is not self._config.reverse
        self._lines.level(self._config.open_pin, on, self._config.settling_time / 1000)

    def _move(self, status: ShutterStatus) -> None:
        was_open = self._status is ShutterStatus.OPEN
        super()._move(status)
        lost, self._losses = self._lines.losses != self._losses, self._lines.losses
        if lost and was_open:
            raise DeviceError(
                f"the process that held the pin of the shutter of {self._config.direction} had ended: "
                "it may have been closed for a moment"
            )
