"""Dates with time and times of day as texts: one reading and one form for all resources and programs.

What is read is ISO 8601. Where old clients ask, a date without an offset is UTC, and other ways of writing a date are
understood as well; elsewhere a date has to have an offset.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Literal

from piccolo3.errors import InvalidValue

__all__ = ["Naive", "parse_time", "parse_time_of_day", "show_time", "show_time_of_day"]

Naive = Literal["utc", "refuse"]

_LONGEST = 64
_SHOWN = 40
_FIRST, _LAST = 1900, 2199  # years; arithmetic with dates between them can't leave the calendar
_EXAMPLE = "2026-06-21T12:00:00+00:00"
_BLANKS = (datetime(2000, 1, 1), datetime(2004, 2, 2))  # what stands for the parts that are not given
_LONGEST_OFFSET = 86_399  # s


def parse_time(text: str, *, naive: Naive) -> datetime:
    """The date with time that a text says, in UTC.

    A text without an offset is refused or taken as UTC; with the latter (old resources) a date may also be written
    in words and with slashes, the month first, as long as it has day, month and year. Raises InvalidValue, which says
    what is wrong.
    """
    found = _read(text.strip(), text, tolerant=naive == "utc")
    if found.tzinfo is None:
        if naive == "refuse":
            raise InvalidValue(
                f"the time {_shown(text)} has no offset from UTC; give one, like {_EXAMPLE} or {_EXAMPLE[:-6]}Z"
            )
        found = found.replace(tzinfo=UTC)
    try:
        found = found.astimezone(UTC)
    except OverflowError:
        raise _absurd(text) from None
    if not _FIRST <= found.year <= _LAST:
        raise _absurd(text)
    return found


def show_time(when: datetime) -> str:
    """The date in UTC with its offset, such as `2026-06-21T12:00:00+00:00`. InvalidValue for one without an offset."""
    if when.tzinfo is None:
        raise InvalidValue(f"the date {when.isoformat()} has no offset from UTC")
    return when.astimezone(UTC).isoformat()


def parse_time_of_day(text: str, *, naive: Naive) -> time:
    """The time of day that a text such as `21:00:00+0000` says, in UTC; InvalidValue for others.

    Without an offset it is refused or taken as UTC.
    """
    wanted = text.strip()
    try:
        found = (
            None
            if len(wanted) > _LONGEST or ":" not in wanted or not wanted.isprintable()
            else time.fromisoformat(_tight(wanted))
        )
    except ValueError:
        found = None
    if found is None:
        raise InvalidValue(f"this is not a time of day: {_shown(text)}; give one like 21:00:00+00:00")
    if found.tzinfo is None:
        if naive == "refuse":
            raise InvalidValue(f"the time of day {_shown(text)} has no offset from UTC; give one, like 21:00:00+00:00")
        return found.replace(tzinfo=UTC)
    return datetime.combine(date(2000, 1, 3), found).astimezone(UTC).timetz()


def show_time_of_day(when: time) -> str:
    """The time of day in UTC as old clients know it, such as `21:00:00+0000`; fractions of a second are cut."""
    offset = when.utcoffset()
    if offset is None:
        raise InvalidValue(f"the time of day {when.isoformat()} has no offset from UTC")
    return f"{datetime.combine(date(2000, 1, 3), when.replace(tzinfo=None)) - offset:%H:%M:%S}+0000"


def _read(wanted: str, text: str, *, tolerant: bool) -> datetime:
    if wanted and len(wanted) <= _LONGEST and wanted.isprintable():
        try:
            return datetime.fromisoformat(_tight(wanted))
        except ValueError:
            found = _read_words(wanted) if tolerant else None
            if found is not None:
                return found
    raise InvalidValue(f"this is not a date with time: {_shown(text)}; give one like {_EXAMPLE}")


def _tight(text: str) -> str:
    """Without the space or the name before an offset, which ISO 8601 does not have."""
    for name in ("UTC", "GMT"):
        if text.endswith(name):
            return f"{text.removesuffix(name).rstrip()}+00:00"
    head, space, tail = text.rpartition(" ")
    return f"{head}{tail}" if space and tail[:1] in {"+", "-"} and ":" in head else text


def _read_words(text: str) -> datetime | None:
    from dateutil import parser  # only needed where a date is written in some other way

    try:
        one, other = (parser.parse(text, default=blank, tzinfos=_zone) for blank in _BLANKS)
    except (ValueError, OverflowError, TypeError, AttributeError):
        return None
    return one if one == other else None  # else a part of the date was not given


def _zone(name: str | None, offset: int | None) -> tzinfo | None:
    if offset is not None and abs(offset) <= _LONGEST_OFFSET:
        return timezone(timedelta(seconds=offset))
    if name is None and offset is None:
        return None
    if name in {"UTC", "GMT", "Z"} and offset is None:
        return UTC
    raise ValueError(name)  # such as EST, which is not the same everywhere


def _absurd(text: str) -> InvalidValue:
    return InvalidValue(f"the time {_shown(text)} is not between the years {_FIRST} and {_LAST}")


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…")
