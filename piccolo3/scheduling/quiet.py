"""Quiet time: every day, also over midnight; pure functions of it and a moment.

A quiet time that ends when it begins is none. All moments are aware, all answers in UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from piccolo3.store.schedule import Quiet

__all__ = ["Window", "power_off_window", "quiet_window", "windows"]

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """From `begin` on, until before `end`."""

    begin: datetime
    end: datetime

    def __contains__(self, moment: datetime) -> bool:
        return self.begin <= moment < self.end


def quiet_window(quiet: Quiet, moment: datetime) -> Window | None:
    """The quiet time that it is at that moment, None where it is not."""
    return next((window for window in windows(quiet, moment, moment) if moment in window), None)


def windows(quiet: Quiet, after: datetime, until: datetime) -> Iterator[Window]:
    """Quiet times that end after `after`, and begin until `until` or then."""
    begin, length = _daily(quiet.start), _length(quiet)
    if not quiet.enabled or not length:
        return
    first = after.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - _DAY + begin
    while first <= until:
        if first + length > after:
            yield Window(first, first + length)
        first += _DAY


def power_off_window(quiet: Quiet, moment: datetime, warm_up: float = 0.0) -> Window | None:
    """When spectrometers are to be off: the window of the quiet time at `moment`, or else of the next one.

    It begins `power_delay` (s) after that, and ends as long before it does, or earlier where it takes `warm_up` (s)
    until detectors are settled. None where there is no power-off time, or these leave nothing of it.
    """
    if not quiet.power_off:
        return None
    delay = timedelta(seconds=quiet.power_delay)
    early = timedelta(seconds=max(quiet.power_delay, warm_up))
    for window in windows(quiet, moment, moment + _DAY):
        off = Window(window.begin + delay, window.end - early)
        if off.begin >= off.end:
            return None
        if off.end > moment:
            return off
    return None


def _daily(when: time) -> timedelta:
    """How long after midnight, UTC."""
    since = timedelta(hours=when.hour, minutes=when.minute, seconds=when.second, microseconds=when.microsecond)
    return (since - (when.utcoffset() or timedelta())) % _DAY


def _length(quiet: Quiet) -> timedelta:
    return (_daily(quiet.end) - _daily(quiet.start)) % _DAY
