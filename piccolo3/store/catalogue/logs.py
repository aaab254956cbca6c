"""Events, housekeeping and configurations in the catalogue."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, delete, insert, or_, select

from piccolo3.errors import NotFound
from piccolo3.store.catalogue.models import ConfigurationRow, EventRow, HousekeepingRow
from piccolo3.store.cursor import Cursor
from piccolo3.store.values import EventRecord, Page, Sample, check_limit

__all__ = [
    "add_events",
    "add_samples",
    "configuration",
    "configuration_text",
    "events",
    "remove_samples",
    "samples",
    "times_of_samples",
]


def add_events(connection: Connection, events: Iterable[EventRecord]) -> None:
    """Keep events."""
    rows = [
        {
            "time": event.time,
            "level": event.level,
            "kind": event.kind,
            "source": event.source,
            "message": event.message,
            "details": dict(event.details),
        }
        for event in events
    ]
    if rows:
        connection.execute(insert(EventRow), rows)


def add_samples(connection: Connection, samples: Iterable[Sample]) -> None:
    """Keep housekeeping."""
    rows = [{"time": sample.time, "quantities": dict(sample.values)} for sample in samples]
    if rows:
        connection.execute(insert(HousekeepingRow), rows)


def events(
    connection: Connection, since: datetime | None, until: datetime | None, limit: int, cursor: str | None
) -> Page[EventRecord]:
    """Events, newest first."""
    rows, after = _page(connection, EventRow, since, until, limit, cursor)
    return Page(
        tuple(
            EventRecord(
                time=row.time,
                kind=row.kind,
                message=row.message,
                level=row.level,
                source=row.source,
                details=row.details or {},
            )
            for row in rows
        ),
        after,
    )


def samples(
    connection: Connection, since: datetime | None, until: datetime | None, limit: int, cursor: str | None
) -> Page[Sample]:
    """Housekeeping, newest first."""
    rows, after = _page(connection, HousekeepingRow, since, until, limit, cursor)
    return Page(tuple(Sample(time=row.time, values=row.quantities or {}) for row in rows), after)


def times_of_samples(
    connection: Connection, since: datetime | None, until: datetime, limit: int
) -> list[tuple[int, datetime]]:
    """Number and time of the oldest samples."""
    query = select(HousekeepingRow.id, HousekeepingRow.time).where(HousekeepingRow.time < until)
    if since is not None:
        query = query.where(HousekeepingRow.time >= since)
    ordered = query.order_by(HousekeepingRow.time, HousekeepingRow.id).limit(limit)
    return [(number, time) for number, time in connection.execute(ordered)]


def remove_samples(connection: Connection, numbers: Collection[int]) -> None:
    """Remove samples."""
    connection.execute(delete(HousekeepingRow).where(HousekeepingRow.id.in_(numbers)))


def _page(
    connection: Connection,
    table: type[EventRow | HousekeepingRow],
    since: datetime | None,
    until: datetime | None,
    limit: int,
    cursor: str | None,
) -> tuple[list[Row[Any]], str | None]:
    check_limit(limit)
    query: Select[*tuple[Any, ...]] = select(table.__table__)
    if since is not None:
        query = query.where(table.time >= since)
    if until is not None:
        query = query.where(table.time < until)
    if cursor is not None:
        last = Cursor.parse(cursor, timed=True)
        query = query.where(and_(table.time <= last.time, or_(table.time < last.time, table.id < last.id)))
    found = list(connection.execute(query.order_by(table.time.desc(), table.id.desc()).limit(limit + 1)))
    rows = found[:limit]
    return rows, str(Cursor(rows[-1].id, rows[-1].time)) if len(found) > limit else None


def configuration(connection: Connection, text: str, now: datetime) -> int:
    """The version of a configuration; a new one if it was never seen."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    known = connection.execute(select(ConfigurationRow.id).where(ConfigurationRow.sha256 == digest)).scalar()
    if known is not None:
        return known
    row = {"sha256": digest, "text": text, "first_seen": now}
    return connection.execute(insert(ConfigurationRow).values(row).returning(ConfigurationRow.id)).scalar_one()


def configuration_text(connection: Connection, version: int) -> str:
    """The text of a version."""
    query = select(ConfigurationRow.text).where(ConfigurationRow.id == version)
    text = connection.execute(query).scalar() if 0 < version < 2**63 else None
    if text is None:
        raise NotFound(f"there is no configuration {version}")
    return text
