"""The clock of the machine against that of GPS."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import Enum, auto

from piccolo3.clock import Clock
from piccolo3.wire import show_time

__all__ = ["Comparison", "Verdict"]

_GOOD_FOR = 90.0  # s; GPS is compared at least every minute, where there is any
_BACK = 0.5  # part of the tolerance that a clock which has differed must come into to agree again


class Verdict(Enum):
    """What GPS has to say."""

    NOTHING = auto()
    AGREES = auto()
    DIFFERS = auto()


class Comparison:
    """Compares when `look` is called, which belongs to the event loop's thread; `gps` is as in `Timekeeper`.

    `seconds` is by how much the clock was ahead, when there was anything to compare with.
    """

    def __init__(self, clock: Clock, gps: Callable[[], datetime | None], tolerance: float) -> None:
        self._clock = clock
        self._gps = gps
        self._tolerance = tolerance
        self._agreed: float | None = None  # monotonic
        self._reference = (clock.utcnow(), clock.monotonic())
        self.verdict = Verdict.NOTHING
        self.seconds = 0.0
        self._differed = False

    def look(self) -> tuple[Verdict, bool]:
        """The verdict now, and whether the clock differs that did not before."""
        time = self._gps()
        if time is None:
            self.verdict = Verdict.NOTHING
            return self.verdict, False
        self._reference = (time, self._clock.monotonic())
        self.seconds = (self._clock.utcnow() - time).total_seconds()
        allowed = self._tolerance * (_BACK if self._differed else 1.0)
        before, self._differed = self._differed, abs(self.seconds) > allowed
        self.verdict = Verdict.DIFFERS if self._differed else Verdict.AGREES
        self._agreed = None if self._differed else self._clock.monotonic()
        return self.verdict, self._differed and not before

    def agrees_now(self) -> bool:
        """Whether the clock has agreed with GPS just now. Any thread may ask."""
        agreed = self._agreed
        return agreed is not None and self._clock.monotonic() - agreed <= _GOOD_FOR

    def gps_text(self) -> str:
        """The time by GPS, now, as far as it was known when it was compared. Any thread may ask."""
        time, then = self._reference
        return show_time(time + timedelta(seconds=self._clock.monotonic() - then))
