"""The power of a spectrometer, switched by a pin."""

from __future__ import annotations

from piccolo3.devices.interface import PowerSwitch
from piccolo3.pins import Pins

__all__ = ["GpioPowerSwitch"]


class GpioPowerSwitch(PowerSwitch):
    """A pin that takes the power of a spectrometer while it is on. What was never switched has power."""

    def __init__(self, pin: int, serial_number: str, pins: Pins) -> None:
        self._pin = pin
        self._lines = pins.lines(f"the power switch of {serial_number}")
        self._is_on = True

    @property
    def is_on(self) -> bool:
        return self._is_on

    def on(self) -> None:
        self._lines.level(self._pin, False)
        self._is_on = True

    def off(self) -> None:
        self._lines.level(self._pin, True)
        self._is_on = False

    def release(self) -> None:
        self._lines.close()
