"""A trigger on a pin."""

from __future__ import annotations

from collections.abc import Callable

from piccolo3.config import TriggerConfig
from piccolo3.devices.trigger import Trigger
from piccolo3.errors import DeviceError
from piccolo3.pins import Pins

__all__ = ["GpioTrigger"]


class GpioTrigger(Trigger):
    """An edge on a pin.

    Edges that come less than `debounce` after the one before are its bouncing. The time is that of the first edge, so
    it is not late by the debouncing. After each trigger the reset pin is on for a millisecond, which clears the latch
    of a trigger board.
    """

    def __init__(self, config: TriggerConfig, pins: Pins) -> None:
        self._config = config
        self._lines = pins.lines("the trigger")

    def listen(self, fired: Callable[[float], None]) -> None:
        """Take the pins."""
        config = self._config
        try:
            self._lines.watch(
                config.pin,
                lambda edge: fired(edge.time),
                active=config.edge == "rising",
                debounce=config.debounce / 1000,
                reset=config.reset_pin,
            )
        except DeviceError:
            self.release()
            raise

    def release(self) -> None:
        self._lines.close()
