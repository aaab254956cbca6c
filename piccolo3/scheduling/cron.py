"""Times that a cron expression of five fields gives, in a time zone; by `cronsim`, which follows Debian's cron.

A time that the change to summer time leaves out is moved to right after it, and one that comes twice when it ends
counts once, unless the hours or minutes begin with a star: those go by what has really passed.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from piccolo3.errors import InvalidValue

__all__ = ["check", "count", "next_time", "zone"]

_FIELDS = 5
_LONGEST = 200  # characters
_SHOWN = 60
_ANY = datetime(2026, 1, 1, tzinfo=UTC)
_STEPS = 200  # at most, to get out of an hour that comes twice
_DAY = timedelta(days=1)


@lru_cache(maxsize=64)
def zone(name: str) -> tzinfo:
    """The time zone of that name; InvalidValue where there is none."""
    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise InvalidValue(
            f"there is no time zone {name[:_SHOWN]!r}; use a name like Europe/London, or UTC", argument="timezone"
        ) from None


def check(expression: str, timezone: str) -> None:
    """Raise InvalidValue where the zone is not known, or the expression is wrong or never comes true."""
    where = zone(timezone)
    if len(expression) > _LONGEST:
        raise InvalidValue(f"a cron expression has at most {_LONGEST} characters", argument="expression")
    shown = repr(expression[:_SHOWN])
    if len(expression.split()) != _FIELDS:
        raise InvalidValue(
            f"the cron expression {shown} has not five fields: minute, hour, day, month and day of the week",
            argument="expression",
        )
    try:
        CronSim(expression, _ANY)
    except (CronSimError, ValueError) as error:
        raise InvalidValue(f"the cron expression {shown} is wrong: {error}", argument="expression") from None
    if next_time(expression, where, _ANY) is None:
        raise InvalidValue(f"the cron expression {shown} never comes true", argument="expression")


def next_time(expression: str, where: tzinfo, moment: datetime) -> datetime | None:
    """The first time after `moment`, in UTC; None where there is none in 50 years."""
    times = CronSim(expression, moment.astimezone(where))
    for _ in range(_STEPS):
        try:
            found = next(times).astimezone(UTC)
        except (StopIteration, RuntimeError, OverflowError):
            return None
        if found > moment:  # after an hour that comes twice it may give a time of its first coming
            return found
    return None


def count(expression: str, where: tzinfo, after: datetime, until: datetime) -> int:
    """How many times there are after `after`, until `until` or then.

    Takes some microseconds for each day, and some milliseconds for one on which the clocks change.
    """
    if until <= after:
        return 0
    spec, minutes = _parsed(expression)
    begin, end = after.astimezone(where), until.astimezone(where)
    total, day = 0, begin.date()
    while day <= end.date():
        if not _is_plain(day, where):
            low = max(after, _midnight(day, where) - timedelta(microseconds=1))
            high = min(until, _midnight(day + _DAY, where) - timedelta(microseconds=1))
            total += _counted(expression, where, low, high)
        elif spec.match_day(day) and day.month in spec.months:
            first = bisect_right(minutes, _minute(begin)) if day == begin.date() else 0
            last = bisect_right(minutes, _minute(end)) if day == end.date() else len(minutes)
            total += last - first
        day += _DAY
    return total


@lru_cache(maxsize=256)
def _parsed(expression: str) -> tuple[CronSim, tuple[int, ...]]:
    """What the fields are, and the minutes of a day at which it may be time."""
    spec = CronSim(expression, _ANY)
    return spec, tuple(60 * hour + minute for hour in sorted(spec.hours) for minute in sorted(spec.minutes))


@lru_cache(maxsize=4096)
def _is_plain(day: date, where: tzinfo) -> bool:
    """Whether this day has 24 hours, and so has the one before: times that are left out may move on to the next."""
    length = _midnight(day + _DAY, where) - _midnight(day - _DAY, where)
    return length == 2 * _DAY and _midnight(day, where) - _midnight(day - _DAY, where) == _DAY


def _midnight(day: date, where: tzinfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=where).astimezone(UTC)


def _minute(moment: datetime) -> int:
    return 60 * moment.hour + moment.minute


def _counted(expression: str, where: tzinfo, after: datetime, until: datetime) -> int:
    total = 0
    while (found := next_time(expression, where, after)) is not None and found <= until:
        after = found
        total += 1
    return total
