"""Runs and batches in the catalogue."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from piccolo3.errors import NotFound
from piccolo3.store.catalogue.models import BatchRow, RunRow, SpectrumRow
from piccolo3.store.cursor import parse_id
from piccolo3.store.values import INTERRUPTED, UNKNOWN_BATCH, BatchEnd, BatchInfo, BatchRecord, Page, check_limit

__all__ = [
    "batch_id",
    "begin",
    "close_interrupted",
    "end",
    "last_number",
    "newest_run",
    "page",
    "ranks",
    "run_id",
    "touch_run",
]

# what is done for each sequence is put together once
_NEXT_RANK = select(func.coalesce(func.max(RunRow.rank), 0) + 1).scalar_subquery()
_TOUCH = update(RunRow).where(RunRow.name == bindparam("of")).values(rank=_NEXT_RANK).returning(RunRow.id)
_OF_NUMBER = select(BatchRow.id).where(BatchRow.run_id == bindparam("run"), BatchRow.number == bindparam("number"))


def run_id(connection: Connection, name: str) -> int | None:
    """The number of a run, None if the catalogue does not know it."""
    return connection.execute(select(RunRow.id).where(RunRow.name == name)).scalar()


def touch_run(connection: Connection, name: str, now: datetime) -> int:
    """The number of a run, which is the newest from now on; it is made if need be."""
    found = connection.execute(_TOUCH, {"of": name}).scalar()
    if found is None:
        row = {"name": name, "created": now, "rank": _NEXT_RANK}
        found = connection.execute(insert(RunRow).values(row).returning(RunRow.id)).scalar_one()
    return found


def ranks(connection: Connection) -> dict[str, int]:
    """The ranks of all runs."""
    return {row.name: row.rank for row in connection.execute(select(RunRow.name, RunRow.rank))}


def newest_run(connection: Connection) -> str | None:
    """The run that was changed last."""
    return connection.execute(select(RunRow.name).order_by(RunRow.rank.desc()).limit(1)).scalar()


def last_number(connection: Connection, run: str) -> int:
    """The highest number of a batch of a run, -1 if there is none."""
    numbers = select(func.max(BatchRow.number)).join(RunRow, RunRow.id == BatchRow.run_id).where(RunRow.name == run)
    highest = connection.execute(numbers).scalar()
    return -1 if highest is None else highest


def batch_id(connection: Connection, run: int, number: int, started: datetime) -> int:
    """The number in the catalogue of a batch; one that nobody has announced is made."""
    found = connection.execute(_OF_NUMBER, {"run": run, "number": number}).scalar()
    if found is not None:
        return found
    return _insert(connection, run, number, BatchRecord(kind=UNKNOWN_BATCH, started=started))


def begin(connection: Connection, run: str, number: int, record: BatchRecord, now: datetime) -> None:
    """A batch begins."""
    _insert(connection, touch_run(connection, run, now), number, record)


def _insert(connection: Connection, run: int, number: int, record: BatchRecord) -> int:
    values = {
        "run_id": run,
        "number": number,
        "kind": record.kind,
        "requested_by": record.requested_by,
        "command": dict(record.command),
        "configuration_id": record.configuration,
        "started": record.started,
    }
    return connection.execute(insert(BatchRow).values(values).returning(BatchRow.id)).scalar_one()


def end(connection: Connection, run: str, number: int, end: BatchEnd) -> None:
    """A batch ends. NotFound where it never began."""
    of_run = select(RunRow.id).where(RunRow.name == run).scalar_subquery()
    where = (BatchRow.run_id == of_run) & (BatchRow.number == number)
    is_number = 0 <= number < 2**63
    if not is_number or connection.execute(update(BatchRow).where(where).values(_end_values(end))).rowcount == 0:
        raise NotFound(f"there is no batch {number} in the run {run!r}")


def _end_values(end: BatchEnd) -> dict[str, object]:
    return {
        "ended": end.ended,
        "outcome": end.outcome,
        "reason": end.reason,
        "lost": list(end.lost),
        "lost_spectra": end.lost_spectra,
        "sequences_done": end.sequences_done,
    }


def close_interrupted(connection: Connection, running: Collection[tuple[str, int]]) -> list[tuple[str, int]]:
    """Close all batches that began and did not end, but for those `running`: run and number of each."""
    columns = (BatchRow.id, BatchRow.number, BatchRow.started, RunRow.name)
    found = connection.execute(
        select(*columns)
        .join(RunRow, RunRow.id == BatchRow.run_id)
        .where(BatchRow.outcome.is_(None), BatchRow.kind != UNKNOWN_BATCH)
    ).all()
    closed = [row for row in found if (row.name, row.number) not in running]
    for row in closed:
        last = select(func.max(SpectrumRow.start), func.max(SpectrumRow.sequence)).where(SpectrumRow.batch_id == row.id)
        ended, sequence = connection.execute(last).one()
        end = BatchEnd(
            outcome="failed",
            reason=INTERRUPTED,
            ended=max(row.started, ended or row.started),
            sequences_done=0 if sequence is None else sequence + 1,
        )
        connection.execute(update(BatchRow).where(BatchRow.id == row.id).values(_end_values(end)))
    return [(row.name, row.number) for row in closed]


def page(connection: Connection, run: str | None, limit: int, cursor: str | None) -> Page[BatchInfo]:
    """Batches, the last begun first."""
    check_limit(limit)
    query = (
        select(BatchRow.__table__, RunRow.name.label("run"))
        .select_from(BatchRow)
        .join(RunRow, RunRow.id == BatchRow.run_id)
    )
    if run is not None:
        query = query.where(RunRow.name == run)
    if (before := parse_id(cursor)) is not None:
        query = query.where(BatchRow.id < before)
    found = connection.execute(query.order_by(BatchRow.id.desc()).limit(limit + 1)).all()
    entries = tuple(_info(row) for row in found[:limit])
    return Page(entries, str(entries[-1].id) if len(found) > limit else None)


def _info(row: Row[tuple[object, ...]]) -> BatchInfo:
    end = None
    if row.outcome is not None:
        end = BatchEnd(
            outcome=row.outcome,
            ended=row.ended or row.started,
            reason=row.reason,
            lost=tuple(row.lost or ()),
            lost_spectra=row.lost_spectra,
            sequences_done=row.sequences_done,
        )
    record = BatchRecord(
        kind=row.kind,
        started=row.started,
        requested_by=row.requested_by,
        command=row.command or {},
        configuration=row.configuration_id,
    )
    return BatchInfo(id=row.id, run=row.run, number=row.number, record=record, end=end)
