"""The temperature of a detector on its thermo-electric cooler."""

from __future__ import annotations

import math
import threading

__all__ = ["AMBIENT", "Cooler"]

AMBIENT = 25.0  # degrees C
_TIME_CONSTANT = 20.0  # s
_KEPT = 32


class Cooler:
    """First-order approach to the target, or to the coldest that can be reached, and back to the surroundings."""

    def __init__(self, cooling: float | None) -> None:
        """`cooling` is the reach of the cooler in K below the surroundings, None where there is none."""
        self._cooling = cooling
        self._lock = threading.Lock()
        self._legs = [(0.0, AMBIENT, AMBIENT)]  # since when (s), from which temperature, to which

    def set(self, time: float, enabled: bool, target: float) -> None:
        """Switch it at a time (s, monotonic), with the target in degrees C."""
        if self._cooling is None:
            return
        goal = min(max(target, AMBIENT - self._cooling), AMBIENT) if enabled else AMBIENT
        leg = (time, self.temperature(time), goal)
        with self._lock:
            self._legs.append(leg)
            del self._legs[:-_KEPT]

    def temperature(self, time: float) -> float:
        """Degrees C at a time (s, monotonic)."""
        with self._lock:
            legs = tuple(self._legs)
        since, start, goal = next((leg for leg in reversed(legs) if leg[0] <= time), legs[0])
        return goal + (start - goal) * math.exp(-max(0.0, time - since) / _TIME_CONSTANT)
