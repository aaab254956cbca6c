"""Noticing that the time of day has jumped, by comparing it with the monotonic clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from piccolo3.clock import Clock
from piccolo3.timing.events import Step

__all__ = ["THRESHOLD", "StepDetector"]

# s; smaller ones are not told from noise. Slewing does not count: Linux slews both clocks alike (adjtimex(2)), so that
# the difference between them only changes where the time of day is set.
THRESHOLD = 0.05
_GOOD = 0.001  # s
_TRIES = 5


@dataclass(frozen=True, slots=True)
class _Reading:
    """Both clocks at one moment; `doubt` (s) is how far apart that moment may have been for them."""

    wall: datetime
    monotonic: float
    doubt: float


class StepDetector:
    """Remembers how far the two clocks were apart; the reference is the moment it is made."""

    def __init__(self, clock: Clock, threshold: float = THRESHOLD) -> None:
        self._clock = clock
        self._threshold = threshold
        self._reference = self._read()

    def check(self) -> Step | None:
        """The step since the last one that was told, of which there may have been several."""
        now, before = self._read(), self._reference
        expected = before.wall + timedelta(seconds=now.monotonic - before.monotonic)
        step = Step(before=expected, after=now.wall)
        if abs(step.seconds) <= self._threshold + before.doubt + now.doubt:
            return None
        self._reference = now
        return step

    def _read(self) -> _Reading:
        """The best of some readings: between two of its lines the process may have to wait."""
        best: _Reading | None = None
        for _ in range(_TRIES):
            first = self._clock.monotonic()
            wall = self._clock.utcnow()
            doubt = (self._clock.monotonic() - first) / 2
            if best is None or doubt < best.doubt:
                best = _Reading(wall, first + doubt, doubt)
            if best.doubt <= _GOOD:
                break
        assert best is not None
        return best
