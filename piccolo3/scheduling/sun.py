"""While the sun is up: when it rises over a limit and sets below it, at a position; by the elevations of `astral`.

Rise and set are looked for between the solar midnights around each noon, so there is an answer at every position, also
where a day has two sunsets in UTC or none at all. Elevations are those of the centre of the sun without refraction;
sunrise and sunset are at -0.833 degrees, as in almanacs.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from astral import Observer
from astral import sun as astral_sun

from piccolo3.position import Position

__all__ = ["HORIZON", "Window", "elevation", "window"]

HORIZON = -0.833  # degrees: half of the sun's disk and the refraction at the horizon
_DIGITS = 4  # of degrees, 11 m
_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)

Window = tuple[datetime, datetime]


def elevation(position: Position, moment: datetime) -> float:
    """How high the sun is (degrees), without refraction."""
    return _elevation(position.latitude, position.longitude, moment)


def window(
    position: Position, day: date, *, limit: float | None, rise_offset: float, set_offset: float
) -> Window | None:
    """While the sun is up (at least at `limit`, in degrees) on a solar day, the one whose noon is on `day` in UTC.

    It begins and ends with solar midnight where the sun is up then; else these are moved by the offsets (s). It ends
    before its end, and never overlaps that of the day before. None where there is nothing of it.
    """
    height = HORIZON if limit is None else limit
    place = (round(position.latitude, _DIGITS), round(position.longitude, _DIGITS))
    found, before = (_moved(_up(*place, height, date), rise_offset, set_offset) for date in (day, day - _DAY))
    if found is None:
        return None
    begin, end = found if before is None else (max(found[0], before[1]), found[1])
    return (begin, end) if begin < end else None


Up = tuple[datetime, datetime, bool, bool]  # from when to when, and whether these are a rise and a set


def _moved(up: Up | None, rise_offset: float, set_offset: float) -> Window | None:
    if up is None:
        return None
    begin, end, rises, sets = up
    return (
        begin + timedelta(seconds=rise_offset if rises else 0.0),
        end + timedelta(seconds=set_offset if sets else 0.0),
    )


@lru_cache(maxsize=8192)
def _up(latitude: float, longitude: float, limit: float, day: date) -> Up | None:
    """Between the solar midnights before and after the noon on that day: the sun only rises before it, then only sets.

    At the poles themselves, where it does so in half a year, astral takes the elevations at 89.8 degrees.
    """
    noon = _noon(latitude, longitude, day)
    start = _midnight(latitude, longitude, day)
    stop = _midnight(latitude, longitude, day + _DAY)

    def is_up(moment: datetime) -> bool:
        return _elevation(latitude, longitude, moment) >= limit

    if not is_up(noon):
        return None
    at_start, at_stop = is_up(start), is_up(stop)
    begin = start if at_start else _change(is_up, start, noon)
    end = stop if at_stop else _change(is_up, noon, stop)
    return begin, end, not at_start, not at_stop


def _change(is_up: Callable[[datetime], bool], low: datetime, high: datetime) -> datetime:
    """When it changes between the two, by the second: the first one at which it is as at the end."""
    after = is_up(high)
    while high - low > _SECOND:
        middle = low + (high - low) / 2
        if is_up(middle) is after:
            high = middle
        else:
            low = middle
    return _whole(high)


def _midnight(latitude: float, longitude: float, day: date) -> datetime:
    """Solar midnight before the noon on that day; where two days meet, both have the same."""
    noon, last = _noon(latitude, longitude, day), _noon(latitude, longitude, day - _DAY)
    return _whole(last + (noon - last) / 2)


@lru_cache(maxsize=8192)
def _noon(latitude: float, longitude: float, day: date) -> datetime:
    return _whole(astral_sun.noon(Observer(latitude, longitude, 0.0), day, UTC))


def _elevation(latitude: float, longitude: float, moment: datetime) -> float:
    return astral_sun.elevation(Observer(latitude, longitude, 0.0), moment, with_refraction=False)


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
