"""A light on a pin that shows what the daemon does."""

from __future__ import annotations

from piccolo3.devices.indicator import Indicator, Sign
from piccolo3.pins import Pattern, Pins

__all__ = ["GpioIndicator"]

_PATTERNS = {
    Sign.STARTING: Pattern.FAST,
    Sign.IDLE: Pattern.HEARTBEAT,
    Sign.RECORDING: Pattern.SLOW,
    Sign.ERROR: Pattern.TRIPLE,
    Sign.STOPPING: Pattern.ON,
}


class GpioIndicator(Indicator):
    """It blinks in the process that owns the pins, so the daemon has nothing to do; off when it has ended."""

    def __init__(self, pin: int, pins: Pins) -> None:
        self._pin = pin
        self._lines = pins.lines("the status light")

    def show(self, sign: Sign) -> None:
        self._lines.pattern(self._pin, _PATTERNS[sign])

    def release(self) -> None:
        self._lines.close()
