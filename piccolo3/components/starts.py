"""When a batch would start, from the three arguments that old clients know."""

from __future__ import annotations

from datetime import datetime, timedelta

from piccolo3.errors import InvalidValue
from piccolo3.scheduling import triggers
from piccolo3.store.schedule import Every, Once, When
from piccolo3.wire import parse_time

__all__ = ["coming", "when_of"]

_SHOWN = 10
_AT_ONCE = timedelta(microseconds=1)


def when_of(at_time: str | None, interval: float | None, end_time: str | None, now: datetime) -> When | None:
    """The times that are meant, None for now and never again; InvalidValue where there would be none.

    Without `at_time` it begins now; a date without an offset is UTC; `interval` is in s.
    """
    if at_time is None and interval is None:
        if end_time is not None:
            raise InvalidValue("end_time is the end of a repetition: it needs an interval", argument="end_time")
        return None
    start = now if at_time is None else parse_time(at_time, naive="utc")
    end = None if end_time is None else parse_time(end_time, naive="utc")
    if end is not None and end < start:
        raise InvalidValue(f"end_time {end.isoformat()} is before the start {start.isoformat()}", argument="end_time")
    if end is not None and end < now:
        raise InvalidValue(f"end_time {end.isoformat()} is in the past", argument="end_time")
    if interval is None:
        if start < now:
            raise InvalidValue(f"at_time {start.isoformat()} is in the past", argument="at_time")
        return Once(at=start)
    when = Every(start=start, seconds=interval, end=end)
    triggers.check(when)
    if triggers.next_after(when, now - _AT_ONCE) is None:
        raise InvalidValue("there is no start before the end", argument="end_time")
    return when


def coming(when: When | None, now: datetime) -> list[datetime]:
    """The first starts from now on, at most ten."""
    found: list[datetime] = []
    last = now - _AT_ONCE
    while when is not None and len(found) < _SHOWN and (start := triggers.next_after(when, last)) is not None:
        found.append(start)
        last = start
    return found
