"""What has happened to the clock and the position; and the step of a clock as a value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from piccolo3.events import Event
from piccolo3.jsonvalue import JsonValue

__all__ = ["ClockSource", "ClockStepped", "ClockTrustChanged", "PositionChanged", "Step"]


class ClockSource(Enum):
    """What has made the clock right since the machine was started; the words are in files and on the wire."""

    NTP = "ntp"  # a time server or a receiver, through the kernel
    GPS = "gps"
    MANUAL = "manual"  # somebody, by sysinfo/clock
    NONE = "none"
    UNKNOWN = "unknown"  # nothing that is known of, but the kernel does not tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The clock was set: `before` is what it would say now without that, `after` what it says (aware, UTC)."""

    before: datetime
    after: datetime

    @property
    def seconds(self) -> float:
        """How far it went, negative for back."""
        return (self.after - self.before).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStepped(Event):
    """The time of day has jumped. `cause` is manual (by sysinfo/clock), gps, or other: nobody here has done it."""

    step: Step
    cause: str

    def as_dict(self) -> dict[str, JsonValue]:
        """JSON."""
        step = self.step
        return {
            "before": step.before.isoformat(),
            "after": step.after.isoformat(),
            "seconds": round(step.seconds, 3),
            "cause": self.cause,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockTrustChanged(Event):
    """Whether the clock is trusted, or why, has changed; the `sentence` is for people."""

    trusted: bool
    source: ClockSource
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionChanged(Event):
    """The position has come, has gone, or has moved by more than its noise."""
