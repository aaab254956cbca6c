"""The blade of a shutter, whose whole history is known, so that an exposure gets exactly the light it saw."""

from __future__ import annotations

import threading
from dataclasses import dataclass

__all__ = ["Blade"]

_KEPT = 4096  # movements


@dataclass(frozen=True, slots=True)
class _Movement:
    """From one share of open area to another, linear in time (ns)."""

    start: int
    end: int
    before: float
    after: float

    def area(self, time: int) -> float:
        if time >= self.end:
            return self.after
        if time <= self.start:
            return self.before
        return self.before + (self.after - self.before) * (time - self.start) / (self.end - self.start)

    def integral(self, start: int, end: int) -> float:
        """Open area times duration (ns) between two times, neither before the start of the movement."""
        moving_until = min(end, max(start, self.end))
        moving = (self.area(start) + self.area(moving_until)) / 2 * (moving_until - start)
        return moving + self.after * (end - moving_until)


class Blade:
    """Any thread may move it and ask; times are ns on the monotonic scale."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._movements = [_Movement(0, 0, 0.0, 0.0)]

    def move(self, start: int, end: int, *, opened: bool) -> None:
        """Begin at `start` to move from wherever it is; fully open or closed at `end`."""
        with self._lock:
            area = self._movements[-1].area(start)
            self._movements.append(_Movement(start, end, area, float(opened)))
            del self._movements[:-_KEPT]

    def open_share(self, start: int, end: int) -> float:
        """The share of the time from `start` to `end` that it was open, 0 to 1; part open counts in proportion."""
        with self._lock:
            movements = tuple(self._movements)
        total, until = 0.0, end
        for movement in reversed(movements):
            since = max(start, movement.start)
            if since < until:
                total += movement.integral(since, until)
                until = since
            if until <= start:
                break
        return total / (end - start)
