"""Which of many samples can go when one for each interval is enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from piccolo3.errors import InvalidValue

__all__ = ["Thinned", "thin"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Thinned:
    """The numbers of samples that can go, and from when on there are more to be looked at, None for no more."""

    superfluous: frozenset[int]
    rest: datetime | None


def thin(samples: Sequence[tuple[int, datetime]], interval: timedelta, most: int) -> Thinned:
    """Keep the first sample of each interval (counted from 1970); of `samples`, in the order of time, `most` are seen.

    Where there are more, the last interval may be incomplete: it is looked at again. InvalidValue for less than 2,
    with which nothing would ever come to an end, and for no interval.
    """
    if most < 2 or interval <= timedelta(0):
        raise InvalidValue("samples are thinned two or more at a time, to one for each interval")
    seen = samples[:most]
    superfluous: set[int] = set()
    last: int | None = None
    for number, time in seen:
        which = (time - _EPOCH) // interval
        if which == last:
            superfluous.add(number)
        last = which
    if last is None or len(samples) <= most:
        return Thinned(frozenset(superfluous), None)
    return Thinned(frozenset(superfluous), _EPOCH + last * interval)
