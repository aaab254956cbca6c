"""The way back after a failure: what is tried next, and when. It never gives up."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["Attempt", "Ladder", "RecoveryTiming", "Rung"]


class Rung(Enum):
    """What is done before the device is opened again, gentlest first."""

    REOPEN = "opened again"
    RESET = "reset on its bus"
    POWER_CYCLE = "switched off and on"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryTiming:
    """Seconds: pauses between attempts, which double from `first_retry` to `longest_retry`, and for power cycles.

    One that is not plugged in is looked for every `longest_search`. Between two power cycles there are
    `power_cycle_interval` at least; the power is off for `power_off_time`. One that has worked for `probation`
    is as good as new.
    """

    first_retry: float = 1.0
    longest_retry: float = 60.0
    longest_search: float = 5.0
    power_cycle_interval: float = 300.0
    power_off_time: float = 5.0
    probation: float = 60.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """After `pause` seconds do what the rung says, and open."""

    pause: float
    rung: Rung


class Ladder:
    """Failures of one device in a row, and what has been done about them since the start. Moments are monotonic, s.

    The first failure costs a new connection only, the second one a reset; from the third on the power is switched,
    where there is a switch and it was not used lately.
    """

    def __init__(self, timing: RecoveryTiming, *, has_power_switch: bool) -> None:
        self._timing = timing
        self._has_power_switch = has_power_switch
        self._failures = 0
        self._failed_at = 0.0
        self._cycled_at: float | None = None
        self.done = dict.fromkeys(Rung, 0)

    @property
    def failures(self) -> int:
        """Failures since it worked last."""
        return self._failures

    def failed(self, now: float, *, is_absent: bool) -> Attempt:
        """It has failed; what to try next. `is_absent`: it is not plugged in, as far as one can see."""
        timing = self._timing
        longest = timing.longest_search if is_absent else timing.longest_retry
        pause = min(longest, timing.first_retry * 2.0 ** min(self._failures, 30))
        self._failures += 1
        self._failed_at = now
        return Attempt(pause, self._rung(now + pause, is_absent))

    def _rung(self, then: float, is_absent: bool) -> Rung:
        rested = self._cycled_at is None or then >= self._cycled_at + self._timing.power_cycle_interval
        if self._failures > 2 and self._has_power_switch and rested:
            return Rung.POWER_CYCLE
        if self._failures > 1 and not is_absent:
            return Rung.RESET
        return Rung.REOPEN

    def tried(self, rung: Rung, now: float) -> None:
        """Count an attempt."""
        self.done[rung] += 1
        if rung is Rung.POWER_CYCLE:
            self._cycled_at = now

    def worked(self, now: float, *, fully: bool) -> None:
        """It has answered; `fully`: with a spectrum. What only talks has to do so for a while to be trusted again."""
        if fully or now >= self._failed_at + self._timing.probation:
            self._failures = 0

    def forget(self) -> None:
        """Somebody has asked to leave it alone, or to try again: start from the bottom."""
        self._failures = 0
