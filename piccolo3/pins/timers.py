"""What is to be done when: the calendar of the process that owns the pins."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

__all__ = ["Timers"]


class Timers:
    """Actions by their time (monotonic, s). Sharp ones are waited for awake for the last `lead` s.

    That costs a little of a processor and spares the time that it takes to wake up. It is of use only to a process
    that nobody interrupts: another one gets its turn the later, the less it sleeps.
    """

    def __init__(self, monotonic: Callable[[], float], lead: float = 0.0) -> None:
        self._monotonic = monotonic
        self._lead = lead
        self._due: list[tuple[float, int, float, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def at(self, moment: float, action: Callable[[], None], *, sharp: bool = False) -> None:
        """Call `action` when it is `moment`, never before."""
        lead = self._lead if sharp else 0.0
        heapq.heappush(self._due, (moment - lead, next(self._numbers), moment, action))

    def wait(self) -> float | None:
        """How long (s) until there is something to `run`, 0 if that is now, None if there is nothing."""
        return max(0.0, self._due[0][0] - self._monotonic()) if self._due else None

    def run(self) -> None:
        """Do what is due."""
        while self._due and self._due[0][0] <= self._monotonic():
            _, _, moment, action = heapq.heappop(self._due)
            while self._monotonic() < moment:
                pass
            action()
