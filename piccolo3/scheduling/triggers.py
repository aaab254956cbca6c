"""When a job is due: pure functions of what its times are, a moment, and for the sun the position.

All moments are aware, all answers in UTC. Nothing here raises but `check`: where there is no time, it is None.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from piccolo3.errors import InvalidValue
from piccolo3.position import Position
from piccolo3.scheduling import cron, sun
from piccolo3.store.schedule import ByCron, BySun, Every, Once, When

__all__ = [
    "HORIZON_DAYS",
    "LONGEST",
    "SHORTEST",
    "check",
    "count",
    "is_over",
    "last_until",
    "next_after",
    "shortest_gap",
]

SHORTEST = 1.0  # s
LONGEST = 366 * 86400.0  # s
HORIZON_DAYS = 400  # how far ahead the sun is looked for, and how far back times are counted
_MOST_OFFSET = 43200.0  # s
_YEARS = range(1900, 2201)
_SAMPLE = 50  # times of a cron expression that are looked at for the shortest gap
_SECOND = timedelta(seconds=1)


def check(when: When) -> None:
    """Raise InvalidValue, with the `argument` that is wrong, where it can't be."""
    if isinstance(when, Once):
        _check_date(when.at, "at")
        return
    for name, value in (("start", when.start), ("end", when.end)):
        if value is not None:
            _check_date(value, name)
    if when.start is not None and when.end is not None and when.end < when.start:
        raise InvalidValue(
            f"the end {when.end.isoformat()} is before the start {when.start.isoformat()}", argument="end"
        )
    if isinstance(when, ByCron):
        cron.check(when.expression, when.timezone)
        return
    if not SHORTEST <= when.seconds <= LONGEST:  # NaN, too
        raise InvalidValue(
            f"the interval must be from {SHORTEST:g} s to {LONGEST:g} s, not {when.seconds:g} s", argument="seconds"
        )
    if isinstance(when, BySun):
        _check_sun(when)


def next_after(when: When, moment: datetime, position: Position | None = None) -> datetime | None:
    """The first time after `moment`, None where there is none; by the sun within `HORIZON_DAYS`."""
    if isinstance(when, Once):
        return when.at if when.at > moment else None
    if isinstance(when, Every):
        found = _next_in_grid(when.start, when.seconds, moment)
    else:
        if when.start is not None and when.start > moment:
            moment = when.start - timedelta(microseconds=1)
        if isinstance(when, ByCron):
            found = cron.next_time(when.expression, cron.zone(when.timezone), moment)
        else:
            found = _next_by_sun(when, moment, position)
    return None if found is None or (when.end is not None and found > when.end) else found


def last_until(when: When, after: datetime, until: datetime, position: Position | None = None) -> datetime | None:
    """The last time after `after`, until `until` or then; None where there is none."""
    found = next_after(when, after, position)
    if found is None or found > until:
        return None
    low, high = found, until  # `low` is such a time, there is none after `high`
    while high - low > _SECOND:
        middle = low + (high - low) / 2
        later = next_after(when, middle, position)
        if later is None or later > until:
            high = middle
        else:
            low = later
    while (later := next_after(when, low, position)) is not None and later <= until:  # within the last second
        low = later
    return low


def count(when: When, after: datetime, until: datetime, position: Position | None = None) -> int:
    """How many times there are after `after`, until `until` or then; only those of the last `HORIZON_DAYS` but Every's.

    Quick whatever their number is: they are not looked at one by one.
    """
    if until <= after:
        return 0
    if isinstance(when, Once):
        return int(after < when.at <= until)
    if when.end is not None:
        until = min(until, when.end)
    if isinstance(when, Every):
        return max(0, _index(when.start, when.seconds, until) - _index(when.start, when.seconds, after))
    after = max(after, until - timedelta(days=HORIZON_DAYS))
    if when.start is not None:
        after = max(after, when.start - timedelta(microseconds=1))
    if isinstance(when, ByCron):
        return cron.count(when.expression, cron.zone(when.timezone), after, until)
    return _count_by_sun(when, after, until, position)


def is_over(when: When, moment: datetime, position: Position | None = None) -> bool:
    """Whether there will be no time any more after `moment`, whatever happens."""
    if isinstance(when, Once):
        return when.at <= moment
    if when.end is None:
        return False
    return when.end <= moment or (not isinstance(when, BySun) and next_after(when, moment, position) is None)


def shortest_gap(when: When, moment: datetime) -> float | None:
    """The shortest time (s) between two of its times, None for a single one; of a cron expression soon."""
    if isinstance(when, Once):
        return None
    if not isinstance(when, ByCron):
        return when.seconds
    gaps: list[float] = []
    last = next_after(when, moment)
    for _ in range(_SAMPLE):
        found = None if last is None else next_after(when, last)
        if last is None or found is None:
            break
        gaps.append((found - last).total_seconds())
        last = found
    return min(gaps, default=None)


def _check_date(value: datetime, name: str) -> None:
    if value.tzinfo is None or value.utcoffset() is None:
        raise InvalidValue(f"the {name} {value.isoformat()} has no offset from UTC", argument=name)
    if value.year not in _YEARS:
        raise InvalidValue(f"the {name} {value.isoformat()} is absurd", argument=name)


def _check_sun(when: BySun) -> None:
    for name, value in (("rise_offset", when.rise_offset), ("set_offset", when.set_offset)):
        if not abs(value) <= _MOST_OFFSET:
            raise InvalidValue(f"the {name} must be within {_MOST_OFFSET:g} s, not {value:g} s", argument=name)
    if when.elevation is not None and not abs(when.elevation) <= 90:
        raise InvalidValue(
            f"the elevation must be from -90 to 90 degrees, not {when.elevation:g}", argument="elevation"
        )


def _index(start: datetime, seconds: float, moment: datetime) -> int:
    """The number of times in the grid until `moment`, itself included."""
    if moment < start:
        return 0
    number = math.floor((moment - start).total_seconds() / seconds)
    # by the rounded times themselves: an interval need not be a whole number of microseconds
    while start + timedelta(seconds=(number + 1) * seconds) <= moment:
        number += 1
    while start + timedelta(seconds=number * seconds) > moment:
        number -= 1
    return number + 1


def _next_in_grid(start: datetime, seconds: float, moment: datetime) -> datetime | None:
    try:
        return start + timedelta(seconds=_index(start, seconds, moment) * seconds)
    except OverflowError:  # after the year 9999
        return None


def _next_by_sun(when: BySun, moment: datetime, position: Position | None) -> datetime | None:
    for begin, end in _windows(when, moment, moment + timedelta(days=HORIZON_DAYS), position):
        found = _next_in_grid(begin, when.seconds, moment)
        if found is not None and found < end:
            return found
    return None


def _count_by_sun(when: BySun, after: datetime, until: datetime, position: Position | None) -> int:
    total = 0
    for begin, end in _windows(when, after, until, position):
        last = min(until, end - timedelta(microseconds=1))
        total += max(0, _index(begin, when.seconds, last) - _index(begin, when.seconds, after))
    return total


def _windows(when: BySun, after: datetime, until: datetime, position: Position | None) -> Iterator[sun.Window]:
    """Those that end after `after`, and begin until `until`."""
    if position is None:
        return
    day = after.astimezone(UTC).date() - timedelta(days=2)
    while day <= until.astimezone(UTC).date() + timedelta(days=2):
        found = sun.window(
            position, day, limit=when.elevation, rise_offset=when.rise_offset, set_offset=when.set_offset
        )
        if found is not None and found[0] > until:
            return
        if found is not None and found[1] > after:
            yield found
        day += timedelta(days=1)
