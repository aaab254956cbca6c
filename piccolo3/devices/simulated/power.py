"""The simulated power switch."""

from __future__ import annotations

from collections.abc import Callable

from piccolo3.devices.interface import PowerSwitch

__all__ = ["SimulatedPowerSwitch"]


class SimulatedPowerSwitch(PowerSwitch):
    """Tells what it powers; on to begin with."""

    def __init__(self, set_power: Callable[[bool], None]) -> None:
        self._set_power = set_power
        self._is_on = True

    @property
    def is_on(self) -> bool:
        return self._is_on

    def on(self) -> None:
        self._is_on = True
        self._set_power(True)

    def off(self) -> None:
        self._is_on = False
        self._set_power(False)

    def release(self) -> None:
        """There is nothing to give back."""
