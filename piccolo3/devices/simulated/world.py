"""What all simulated devices share: the light outside and the blades in the fibres."""

from __future__ import annotations

import secrets
import threading

from piccolo3.clock import Clock
from piccolo3.config import SimulationConfig
from piccolo3.devices.simulated.blade import Blade
from piccolo3.devices.simulated.clouds import Clouds
from piccolo3.devices.simulated.sun import sun_elevation

__all__ = ["World"]


class World:
    """The sun, the clouds, and one blade for each channel. The same seed and clock give the same world."""

    def __init__(self, simulation: SimulationConfig, clock: Clock) -> None:
        self.seed = secrets.randbits(32) if simulation.seed is None else abs(simulation.seed)
        self.clock = clock
        self._simulation = simulation
        self._clouds = Clouds(self.seed, simulation.clouds)
        self._lock = threading.Lock()
        self._blades: dict[str, Blade] = {}

    def blade(self, direction: str) -> Blade:
        """The blade in the fibre of a channel, closed to begin with."""
        with self._lock:
            return self._blades.setdefault(direction, Blade())

    def blades(self) -> tuple[tuple[str, Blade], ...]:
        """Names of channels and their blades, sorted."""
        with self._lock:
            return tuple(sorted(self._blades.items()))

    def sun_elevation(self, time: float) -> float:
        """Elevation of the sun in degrees, at a time on the monotonic scale (s)."""
        place = self._simulation
        if place.sun_elevation is not None:
            return place.sun_elevation
        return sun_elevation(self.clock.utc_of(time), place.latitude, place.longitude)

    def cloud_transmittance(self, start: float, end: float) -> float:
        """What the clouds leave of the light, on average from `start` to `end` (s, monotonic)."""
        return self._clouds.mean_transmittance(start, end)
