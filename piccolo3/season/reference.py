"""When jobs are due, found in the most simple-minded way: minute by minute, and never by what the scheduler uses.

It knows UTC only, and of cron expressions numbers, `*`, `*/n`, ranges and lists. The sun's elevation is good to 0.2
degrees, so what depends on it is right to a few minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from piccolo3.devices.simulated.sun import sun_elevation
from piccolo3.store.schedule import BySun, Every, Job, Once, Quiet

__all__ = ["SUN_TOLERANCE", "Due", "is_quiet", "planned"]

SUN_TOLERANCE = timedelta(minutes=5)  # 0.2 degrees take 2 minutes where the sun is not too flat
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_HORIZON = -0.833  # degrees: the upper rim of the sun, through the air


@dataclass(frozen=True, slots=True)
class Due:
    """A time at which a job is due; not `sure` where it is that close to sunset that it may be none."""

    moment: datetime
    sure: bool = True


def planned(job: Job, begin: datetime, end: datetime, latitude: float, longitude: float) -> list[Due]:
    """When a job is due from `begin` on, before `end`; in order."""
    when = job.when
    first, last = begin, end
    if not isinstance(when, Once):
        first, last = max(begin, when.start or begin), min(end, when.end or end)
    if isinstance(when, BySun):
        found = _by_sun(when, first, last, lambda time: sun_elevation(time, latitude, longitude))
        return [due for due in found if first <= due.moment < last]
    if isinstance(when, Once):
        moments: Iterator[datetime] = iter([when.at])
    elif isinstance(when, Every):
        moments = _every(when.start, when.seconds, last)
    elif when.timezone == "UTC":
        moments = (minute for minute in _minutes(first, last) if _matches(when.expression, minute))
    else:
        raise ValueError("the reference knows UTC only")
    return [Due(moment) for moment in moments if first <= moment < last]


def is_quiet(quiet: Quiet, moment: datetime) -> bool:
    """Whether a moment is in the quiet time."""
    if not quiet.enabled or quiet.start == quiet.end:
        return False
    clock = time(moment.hour, moment.minute, moment.second, moment.microsecond)
    start, end = quiet.start.replace(tzinfo=None), quiet.end.replace(tzinfo=None)
    return start <= clock < end if start < end else clock >= start or clock < end


def _every(start: datetime, seconds: float, end: datetime) -> Iterator[datetime]:
    number, moment = 0, start
    while moment <= end:
        yield moment
        number += 1
        moment = start + timedelta(seconds=number * seconds)


def _minutes(begin: datetime, end: datetime) -> Iterator[datetime]:
    minute = begin.replace(second=0, microsecond=0)
    while minute <= end:
        yield minute
        minute += _MINUTE


def _matches(expression: str, moment: datetime) -> bool:
    """Five fields; where both days are restricted, either of them is enough."""
    minute, hour, day, month, weekday = expression.split()
    if not (_in(minute, moment.minute, 0) and _in(hour, moment.hour, 0) and _in(month, moment.month, 1)):
        return False
    of_month = _in(day, moment.day, 1)
    of_week = _in(weekday, moment.isoweekday() % 7, 0) or _in(weekday, moment.isoweekday(), 0)
    if day.startswith("*") or weekday.startswith("*"):
        return of_month and of_week
    return of_month or of_week


def _in(field: str, value: int, lowest: int) -> bool:
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        low, high = (lowest, 10**6) if span == "*" else (int(first), int(last or first))
        if low <= value <= high and (value - low) % int(step or 1) == 0:
            return True
    return False


def _by_sun(when: BySun, begin: datetime, end: datetime, elevation: Callable[[datetime], float]) -> Iterator[Due]:
    limit = _HORIZON if when.elevation is None else when.elevation
    up: list[datetime] = []
    for minute in _minutes(begin - 2 * _DAY, end + 2 * _DAY):
        is_up = elevation(minute) >= limit
        if is_up and (not up or minute - up[-1] > _MINUTE):
            up = [minute, minute]
        elif is_up:
            up[-1] = minute
        elif up and up[-1] == minute - _MINUTE:
            yield from _of_day(when, *up)


def _of_day(when: BySun, rise: datetime, down: datetime) -> Iterator[Due]:
    rise += timedelta(seconds=when.rise_offset)
    down += timedelta(seconds=when.set_offset)
    for moment in _every(rise, when.seconds, down + SUN_TOLERANCE):
        yield Due(moment, moment < down - SUN_TOLERANCE)
