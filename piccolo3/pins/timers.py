"""What is to be done when: the calendar of the process that owns the pins."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

__all__ = ["Timers"]


class Timers:
    """Actions by their time (monotonic, s)."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def at(self, moment: float, action: Callable[[], None]) -> None:
        """Call `action` when it is `moment`."""
        heapq.heappush(self._due, (moment, next(self._numbers), action))

    def wait(self) -> float | None:
        """How long (s) until the next one, 0 if it is late, None if there is none."""
        return max(0.0, self._due[0][0] - self._monotonic()) if self._due else None

    def run(self) -> None:
        """Do what is due."""
        while self._due and self._due[0][0] <= self._monotonic():
            heapq.heappop(self._due)[2]()
