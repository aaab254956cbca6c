"""The light that reaches the detectors: the world outside and the blades in the fibres."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from piccolo3.clock import SystemClock
from piccolo3.config import SimulationConfig
from piccolo3.devices.simulated.blade import Blade
from piccolo3.devices.simulated.world import World

__all__ = ["Light"]


_OWN_SHUTTER = 1_000_000  # ns to move


def _nothing(now: int) -> None:
    """No blade moves by itself."""


class Light:
    """One world for all instruments. `settle` is called with the time (ns) before the blades are looked at."""

    def __init__(self, simulation: SimulationConfig, settle: Callable[[int], None] = _nothing) -> None:
        self.world = World(simulation, SystemClock())
        self.settle = settle
        self._own: dict[str, Blade] = {}

    def blade(self, direction: str) -> Blade:
        """The blade of a channel, closed to begin with."""
        return self.world.blade(direction)

    def own_shutter(self, serial_number: str, now: int, *, opened: bool) -> None:
        """Move the shutter that an instrument has in itself; it is open to begin with."""
        self._own[serial_number].move(now, now + _OWN_SHUTTER, opened=opened)

    def shares(self, serial_number: str, start: int, end: int, now: int) -> Mapping[str, float]:
        """The share of the time from `start` to `end` (ns) that light came through each fibre, 0 to 1."""
        self.settle(now)
        own = self._own.get(serial_number)
        inside = 1.0 if own is None else own.open_share(start, end)
        return {direction: inside * blade.open_share(start, end) for direction, blade in self.world.blades()}

    def add_own_shutter(self, serial_number: str) -> None:
        """Give an instrument a shutter of its own."""
        self._own[serial_number] = Blade()
        self.own_shutter(serial_number, 0, opened=True)

    def brightness(self, start: float, end: float) -> tuple[float, float]:
        """Elevation of the sun (degrees), and seconds of sunlight that the clouds leave (times in s)."""
        elevation = self.world.sun_elevation((start + end) / 2)
        return elevation, (end - start) * self.world.cloud_transmittance(start, end)
