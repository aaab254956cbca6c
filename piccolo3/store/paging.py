"""Queries and pages of what is in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from piccolo3.store.cursor import Cursor, parse_id
from piccolo3.store.values import Page, SpectrumEntry, SpectrumQuery, check_limit

__all__ = ["dated", "matches", "numbered", "within"]

T = TypeVar("T")


def matches(entry: SpectrumEntry, query: SpectrumQuery) -> bool:
    """Whether a spectrum is wanted, the cursor aside."""
    flags = (query.any_flags is None or bool(entry.flags & query.any_flags)) and (
        query.no_flags is None or not entry.flags & query.no_flags
    )
    wanted = (query.run, query.batch, query.serial_number, query.direction, query.dark)
    has = (entry.run, entry.batch, entry.serial_number, entry.direction, entry.dark)
    same = all(one is None or one == other for one, other in zip(wanted, has, strict=True))
    return flags and same and within(entry.start, query.since, query.until)


def within(time: datetime, since: datetime | None, until: datetime | None) -> bool:
    """Whether it is from `since` to before `until`."""
    return (since is None or time >= since) and (until is None or time < until)


def numbered(found: Sequence[T], number: Callable[[T], int], limit: int, cursor: str | None) -> Page[T]:
    """A page of what has numbers, the highest first."""
    check_limit(limit)
    before = parse_id(cursor)
    rest = sorted((one for one in found if before is None or number(one) < before), key=number, reverse=True)
    entries = tuple(rest[:limit])
    return Page(entries, str(number(entries[-1])) if len(rest) > limit else None)


def dated(found: Sequence[tuple[datetime, int, T]], limit: int, cursor: str | None) -> Page[T]:
    """A page of what has a time and a number, the highest first."""
    check_limit(limit)
    rest = sorted(found, key=lambda one: one[:2], reverse=True)
    if cursor is not None:
        last = Cursor.parse(cursor, timed=True)
        rest = [one for one in rest if one[:2] < (last.time, last.id)]
    entries = rest[:limit]
    after = str(Cursor(entries[-1][1], entries[-1][0])) if len(rest) > limit else None
    return Page(tuple(one for _, _, one in entries), after)
