"""Spectra out of the catalogue, at a cost that does not depend on how many there are.

A page starts where the one before ended (no counting from the beginning), and follows an index that has the order
wanted. What the index can't tell is looked at one by one, but at no more than `SCANNED` spectra for a page: one with
rare properties may end early, and goes on from there.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, or_, select
from sqlalchemy.orm import aliased

from piccolo3.errors import InvalidValue, NotFound, StoreError
from piccolo3.spectrum import Flag, Spectrum
from piccolo3.store.catalogue.blob import decode
from piccolo3.store.catalogue.models import BatchRow, ContentRow, FileRow, LatestRow, RunRow, SpectrumRow
from piccolo3.store.cursor import Cursor
from piccolo3.store.values import Order, Page, SpectrumEntry, SpectrumQuery

__all__ = ["SCANNED", "latest", "query", "spectrum"]

SCANNED = 5000
_Where = list[ColumnElement[bool]]
_Row = type[SpectrumRow]


def _entries(of: _Row = SpectrumRow) -> Select[*tuple[Any, ...]]:
    return (
        select(
            of.id,
            RunRow.name.label("run"),
            BatchRow.number.label("batch"),
            of.sequence,
            FileRow.name.label("file"),
            of.serial_number,
            of.model,
            of.direction,
            of.dark,
            of.dark_id,
            of.start,
            of.end,
            of.integration_time,
            of.peak,
            of.saturated_pixels,
            of.flags,
            of.temperature,
            of.simulated,
        )
        .join(FileRow, FileRow.id == of.file_id)
        .join(BatchRow, BatchRow.id == of.batch_id)
        .join(RunRow, RunRow.id == of.run_id)
    )


def _entry(row: Row[Any]) -> SpectrumEntry:
    return SpectrumEntry(**{**row._mapping, "flags": Flag(row.flags)})  # noqa: SLF001 - the public way to all columns


def query(connection: Connection, wanted: SpectrumQuery) -> Page[SpectrumEntry]:
    """A page of spectra."""
    indexed = _indexed(connection, wanted)
    if indexed is None:
        return Page(())
    timed = wanted.order is Order.TIME
    if wanted.cursor is not None:
        indexed.append(_after(Cursor.parse(wanted.cursor, timed=timed)))
    near = select(SpectrumRow).where(*indexed).order_by(*_order(SpectrumRow, timed=timed))
    has_rest = bool(_not_indexed(SpectrumRow, wanted))
    # a subquery with a limit keeps databases from taking another index, for what is left to look at
    scanned = aliased(SpectrumRow, near.limit(SCANNED if has_rest else wanted.limit + 1).subquery())
    among = _entries(scanned).where(*_not_indexed(scanned, wanted)).order_by(*_order(scanned, timed=timed))
    found = connection.execute(among.limit(wanted.limit + 1))
    entries = tuple(map(_entry, found))
    if len(entries) > wanted.limit:
        last = entries[wanted.limit - 1]
        return Page(entries[: wanted.limit], str(Cursor(last.id, last.start if timed else None)))
    return Page(entries, _end_of_scan(connection, near, timed=timed) if has_rest else None)


def _order(of: _Row, *, timed: bool) -> tuple[ColumnElement[Any], ...]:
    return (of.start.desc(), of.id.desc()) if timed else (of.id.desc(),)


def _end_of_scan(connection: Connection, near: Select[*tuple[Any, ...]], *, timed: bool) -> str | None:
    """Where to go on after the last spectrum that was looked at; None if that was the last there is."""
    ids = near.with_only_columns(SpectrumRow.id, SpectrumRow.start)
    last = connection.execute(ids.limit(2).offset(SCANNED - 1)).all()
    return str(Cursor(last[0].id, last[0].start if timed else None)) if len(last) == 2 else None


def _after(cursor: Cursor) -> ColumnElement[bool]:
    if cursor.time is None:
        return SpectrumRow.id < cursor.id
    # the first part alone lets the index be used, also where a database does not see through the second
    return and_(SpectrumRow.start <= cursor.time, or_(SpectrumRow.start < cursor.time, SpectrumRow.id < cursor.id))


def _indexed(connection: Connection, wanted: SpectrumQuery) -> _Where | None:
    """The conditions that an index serves together with the order; None where nothing can be found."""
    where: _Where = []
    if wanted.run is not None:
        run = connection.execute(select(RunRow.id).where(RunRow.name == wanted.run)).scalar()
        if run is None:
            return None
        if wanted.batch is None:
            where.append(SpectrumRow.run_id == run)
        else:
            numbered = select(BatchRow.id).where(BatchRow.run_id == run, BatchRow.number == wanted.batch)
            batch = connection.execute(numbered).scalar()
            if batch is None:
                return None
            where.append(SpectrumRow.batch_id == batch)
    elif wanted.serial_number is not None and wanted.order is Order.TIME:
        where.append(SpectrumRow.serial_number == wanted.serial_number)
    if wanted.order is Order.TIME:
        where += _times(SpectrumRow, wanted)
    return where


def _times(of: _Row, wanted: SpectrumQuery) -> _Where:
    where: _Where = []
    if wanted.since is not None:
        where.append(of.start >= wanted.since)
    if wanted.until is not None:
        where.append(of.start < wanted.until)
    return where


def _not_indexed(of: _Row, wanted: SpectrumQuery) -> _Where:
    """The conditions that have to be looked at one by one."""
    where: _Where = []
    if wanted.serial_number is not None and (wanted.run is not None or wanted.order is not Order.TIME):
        where.append(of.serial_number == wanted.serial_number)
    if wanted.order is not Order.TIME:
        where += _times(of, wanted)
    if wanted.direction is not None:
        where.append(of.direction == wanted.direction)
    if wanted.dark is not None:
        where.append(of.dark == wanted.dark)
    if wanted.any_flags is not None:
        where.append(of.flags.bitwise_and(int(wanted.any_flags)) != 0)
    if wanted.no_flags is not None:
        where.append(of.flags.bitwise_and(int(wanted.no_flags)) == 0)
    return where


def latest(connection: Connection) -> tuple[SpectrumEntry, ...]:
    """The last spectrum of each spectrometer, channel and kind."""
    found = connection.execute(_entries().join(LatestRow, LatestRow.spectrum_id == SpectrumRow.id))
    return tuple(sorted(map(_entry, found), key=lambda entry: (entry.serial_number, entry.direction, entry.dark)))


def spectrum(connection: Connection, spectrum_id: int) -> Spectrum:
    """A spectrum with all metadata."""
    if not 0 < spectrum_id < 2**63:
        raise NotFound(f"there is no spectrum {spectrum_id}")
    content = select(ContentRow.pixels, ContentRow.details).where(ContentRow.spectrum_id == spectrum_id)
    row = connection.execute(content).one_or_none()
    if row is None:
        known = connection.execute(select(SpectrumRow.id).where(SpectrumRow.id == spectrum_id)).scalar()
        raise NotFound(f"there is no spectrum {spectrum_id}" + ("" if known is None else " any more"))
    try:
        return Spectrum(decode(bytes(row.pixels)), row.details)
    except InvalidValue as error:
        raise StoreError(f"spectrum {spectrum_id} in the catalogue is damaged: {error.message}") from error
