"""Data files in the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, select, update

from piccolo3.store.catalogue.models import ContentRow, FileRow, LatestRow, RunRow, SpectrumRow
from piccolo3.store.cursor import parse_id
from piccolo3.store.failures import DatabaseDamaged
from piccolo3.store.values import FileEntry, FileState, Page, check_limit

__all__ = [
    "check_database",
    "count",
    "exported",
    "forget_contents",
    "has_spectra",
    "known",
    "listed",
    "make_stale",
    "mark_exported",
    "names",
    "page",
    "runs",
    "set_state",
    "total_size",
]

TROUBLED = (FileState.CHANGED, FileState.DAMAGED, FileState.MISSING)
_THERE = (FileState.SOUND, FileState.CHANGED, FileState.DAMAGED, FileState.STALE)
_COLUMNS = (
    FileRow.id,
    RunRow.name.label("run"),
    FileRow.name,
    FileRow.size,
    FileRow.modified_ns,
    FileRow.sha256,
    FileRow.state,
    FileRow.problem,
    FileRow.exported,
    FileRow.recorded,
)


def _entries(run: str | None) -> Select[*tuple[Any, ...]]:
    query = select(*_COLUMNS).join(RunRow, RunRow.id == FileRow.run_id)
    return query if run is None else query.where(RunRow.name == run)


def page(connection: Connection, run: str | None, limit: int, cursor: str | None, *, troubled: bool) -> Page[FileEntry]:
    """Files, those that came last first."""
    check_limit(limit)
    query = _entries(run)
    if troubled:
        query = query.where(FileRow.state.in_(TROUBLED))
    if (before := parse_id(cursor)) is not None:
        query = query.where(FileRow.id < before)
    found = connection.execute(query.order_by(FileRow.id.desc()).limit(limit + 1)).all()
    entries = tuple(
        FileEntry(
            id=row.id,
            run=row.run,
            name=row.name,
            size=row.size,
            sha256=row.sha256,
            state=FileState(row.state),
            problem=row.problem,
            exported=row.exported,
        )
        for row in found[:limit]
    )
    return Page(entries, str(entries[-1].id) if len(found) > limit else None)


def names(connection: Connection, run: str) -> list[str]:
    """The names of the files of a run that are there, in descending order."""
    query = (
        select(FileRow.name)
        .join(RunRow, RunRow.id == FileRow.run_id)
        .where(RunRow.name == run, FileRow.state.in_(_THERE))
    )
    return sorted(connection.execute(query).scalars(), reverse=True)


def known(connection: Connection, run: str, names: Sequence[str]) -> dict[str, Row[Any]]:
    """What is known of some files of a run."""
    return {row.name: row for row in connection.execute(_entries(run).where(FileRow.name.in_(names)))}


def listed(connection: Connection, run: str, after: int, most: int) -> Sequence[Row[Any]]:
    """Some files of a run, those with the numbers after this one."""
    return connection.execute(_entries(run).where(FileRow.id > after).order_by(FileRow.id).limit(most)).all()


def count(connection: Connection) -> int:
    """How many files there are."""
    return connection.execute(select(func.count()).select_from(FileRow)).scalar_one()


def has_spectra(connection: Connection, file_id: int) -> bool:
    """Whether there are spectra of a file."""
    return (
        connection.execute(select(SpectrumRow.id).where(SpectrumRow.file_id == file_id).limit(1)).scalar() is not None
    )


def check_database(connection: Connection) -> None:
    """Look through all of a SQLite file. Raises DatabaseDamaged where something does not fit together."""
    if connection.dialect.name == "sqlite":
        found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        if found != "ok":
            raise DatabaseDamaged(f"the catalogue is damaged: {found}")


def set_state(
    connection: Connection,
    file_id: int,
    state: FileState,
    problem: str | None = None,
    *,
    size: int | None = None,
    modified_ns: int | None = None,
) -> None:
    """Note how a file was found; size and time of change where they are not what they were."""
    values: dict[str, object] = {"state": state, "problem": problem}
    if size is not None and modified_ns is not None:
        values |= {"size": size, "modified_ns": modified_ns}
    connection.execute(update(FileRow).where(FileRow.id == file_id).values(values))


def make_stale(connection: Connection) -> None:
    """Forget all spectra; the files have to be read again."""
    for table in (LatestRow, ContentRow, SpectrumRow):
        connection.execute(delete(table))
    connection.execute(update(FileRow).where(FileRow.state != FileState.REMOVED).values(state=FileState.STALE))


def mark_exported(connection: Connection, files: Iterable[tuple[str, str]], now: datetime) -> None:
    """Note that files (run, name) were exported."""
    for run, name in files:
        of_run = select(RunRow.id).where(RunRow.name == run).scalar_subquery()
        where = (FileRow.run_id == of_run) & (FileRow.name == name) & (FileRow.state == FileState.SOUND)
        connection.execute(update(FileRow).where(where).values(exported=now))


def exported(connection: Connection, before: datetime | None, after: int, most: int) -> Sequence[Row[Any]]:
    """Some sound files that were exported (and recorded `before`), those with the numbers after this one."""
    query = _entries(None).where(FileRow.exported.is_not(None), FileRow.state == FileState.SOUND, FileRow.id > after)
    if before is not None:
        query = query.where(FileRow.recorded < before)
    return connection.execute(query.order_by(FileRow.id).limit(most)).all()


def total_size(connection: Connection) -> int:
    """Bytes of all files that are there."""
    there = select(func.coalesce(func.sum(FileRow.size), 0)).where(FileRow.state.in_(_THERE))
    return int(connection.execute(there).scalar_one())


def forget_contents(connection: Connection, file_id: int) -> None:
    """Note that a file was removed, and what is in its spectra with it."""
    of_file = select(SpectrumRow.id).where(SpectrumRow.file_id == file_id)
    connection.execute(delete(ContentRow).where(ContentRow.spectrum_id.in_(of_file)))
    set_state(connection, file_id, FileState.REMOVED)


def runs(connection: Connection) -> list[str]:
    """The names of all runs."""
    return list(connection.execute(select(RunRow.name)).scalars())
