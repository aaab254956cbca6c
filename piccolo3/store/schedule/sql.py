"""The schedule in a database of its own, so that a catalogue that is made anew takes no job with it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import URL, Connection

from piccolo3.clock import Clock
from piccolo3.errors import InvalidValue, StoreError
from piccolo3.jsonvalue import JsonValue
from piccolo3.store.database import Database, Schema
from piccolo3.store.failures import DatabaseDamaged, shown
from piccolo3.store.schedule import rows
from piccolo3.store.schedule.coding import halt_as_dict, halt_from_dict, quiet_as_dict, quiet_from_dict
from piccolo3.store.schedule.copy import Copied, ScheduleCopy
from piccolo3.store.schedule.dates import in_utc, job_in_utc
from piccolo3.store.schedule.interface import ALIVE, ScheduleStore
from piccolo3.store.schedule.legacy import LEGACY_FILE, read_legacy
from piccolo3.store.schedule.models import HEAD, Base
from piccolo3.store.schedule.values import Halt, Job, JobRun, JobStatus, Quiet
from piccolo3.store.values import Page

__all__ = ["COPY_FILE", "MIGRATIONS", "SCHEDULE_FILE", "SqlSchedule"]

SCHEDULE_FILE = "schedule.sqlite"
COPY_FILE = "schedule.jsonl"
MIGRATIONS = Path(__file__).parent / "migrations"
_SCHEMA = Schema(what="the schedule", metadata=Base.metadata, version=HEAD, migrations=MIGRATIONS)
_QUIET, _HALT, _IMPORTED = "quiet", "halt", "imported"
_logger = logging.getLogger(__name__)
T = TypeVar("T")


class SqlSchedule(ScheduleStore):
    """The schedule of the data directory `folder`; `guard` raises StoreError where that must not be used.

    A damaged database is moved aside, and made anew from the copy beside it. `busy_timeout`: s to wait for other
    programs that use its file.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *,
        guard: Callable[[], None] = lambda: None,
        busy_timeout: float = 10.0,
        schema: Schema = _SCHEMA,
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._guard = guard
        url = URL.create("sqlite", database=str(folder / SCHEDULE_FILE))
        self._database = Database(url, clock, schema, busy_timeout=busy_timeout)
        self._copy = ScheduleCopy(folder / COPY_FILE)
        self._damage: DatabaseDamaged | None = None
        self._alive = 0

    @property
    def is_open(self) -> bool:
        return self._database.is_usable

    def open(self) -> tuple[str, ...]:
        self.close()
        self._guard()
        said: list[str] = []
        try:
            if self._damage is not None:
                raise self._damage
            self._open(said)
        except DatabaseDamaged as error:
            self._damage = error
            aside = self._database.move_aside()
            self._damage = None
            said = [f"the schedule was damaged: {error.message}; it is now {shown(aside or self._folder)}"]
            self._open(said)
        for sentence in said:
            _logger.warning("%s", sentence)
        return tuple(said)

    def _open(self, said: list[str]) -> None:
        self._database.open()
        try:
            with self._database.writing() as connection:
                _check(connection)
                if rows.find_setting(connection, _IMPORTED) is None:
                    said += self._fill(connection)
                self._write_copy(connection)
        except BaseException:
            self._database.close()
            raise

    def _fill(self, connection: Connection) -> list[str]:
        """A new database: what was before it, in the copy or in the old program's, comes into it."""
        copied = self._copy.read()
        said = [] if copied is None else _restore(connection, copied)
        if rows.find_setting(connection, _IMPORTED) is None:
            said += self._import(connection)
        return said

    def _import(self, connection: Connection) -> list[str]:
        path = self._folder / LEGACY_FILE
        now = self._clock.utcnow()
        try:
            found = read_legacy(path, now)
        except StoreError as error:
            return [f"the jobs of the old schedule could not be taken over: {error.message}"]  # next time, perhaps
        rows.save_setting(connection, _IMPORTED, {"file": None if found is None else LEGACY_FILE})
        if found is None:
            return []
        taken = {job.id for job in rows.find_jobs(connection, list(JobStatus))}
        for job in found.jobs:
            rows.add_job(connection, replace(job, id=0) if job.id in taken else job)
        _never_again(connection, found.last)
        rows.save_setting(connection, _QUIET, quiet_as_dict(found.quiet))
        return [f"{_counted(len(found.jobs))} taken over from {shown(path)}, which is kept", *found.problems]

    def _write_copy(self, connection: Connection) -> None:
        alive = rows.find_jobs(connection, ALIVE)
        settings = {key: rows.find_setting(connection, key) for key in (_QUIET, _HALT, _IMPORTED)}
        kept = {key: value for key, value in settings.items() if value is not None}
        self._alive = len(alive)
        self._copy.replace(alive, kept, rows.last_number(connection))

    def close(self) -> None:
        self._database.close()

    def jobs(self, status: Collection[JobStatus] = ALIVE) -> tuple[Job, ...]:
        return self._read(lambda connection: rows.find_jobs(connection, status))

    def job(self, number: int) -> Job:
        return self._read(lambda connection: rows.find_job(connection, number))

    def add(self, job: Job) -> Job:
        if job.id:
            raise InvalidValue(f"a new job has no number, not {job.id}")
        job = job_in_utc(job)
        added = replace(job, id=self._write(lambda connection: rows.add_job(connection, job)))
        self._alive += added.status in ALIVE
        self._copied(lambda: self._copy.add_job(added, self._alive))
        return added

    def change(self, job: Job) -> Job:
        job = job_in_utc(job)
        known = self._write(lambda connection: rows.change_job(connection, job))
        self._changed(known, job)
        return job

    def _changed(self, known: Job, job: Job) -> None:
        """Nothing is copied of what changes with each run."""
        self._alive += (job.status in ALIVE) - (known.status in ALIVE)
        if replace(known, failures=job.failures, reached=job.reached) != job:
            self._copied(lambda: self._copy.add_job(job, self._alive))

    def save_run(self, run: JobRun, job: Job | None = None) -> JobRun:
        run = in_utc(run)
        job = None if job is None else job_in_utc(job)

        def save(connection: Connection) -> tuple[int, Job | None]:
            known = None if job is None else rows.change_job(connection, job)
            return rows.save_run(connection, run), known

        number, known = self._write(save)
        if known is not None and job is not None:
            self._changed(known, job)
        return replace(run, id=number)

    def runs(self, job: int | None = None, *, limit: int = 50, cursor: str | None = None) -> Page[JobRun]:
        return self._read(lambda connection: rows.find_runs(connection, job, limit, cursor))

    def unfinished(self) -> tuple[JobRun, ...]:
        return self._read(rows.find_unfinished)

    def last_runs(self) -> Mapping[int, JobRun]:
        return self._read(rows.find_last_runs)

    def forget_runs(self, before: datetime) -> int:
        return self._write(lambda connection: rows.forget_runs(connection, before))

    def quiet(self) -> Quiet:
        return self._read(lambda connection: _setting(connection, _QUIET, quiet_from_dict)) or Quiet()

    def set_quiet(self, quiet: Quiet) -> None:
        self._set(_QUIET, quiet_as_dict(quiet))

    def halt(self) -> Halt | None:
        return self._read(lambda connection: _setting(connection, _HALT, halt_from_dict))

    def set_halt(self, halt: Halt | None) -> None:
        self._set(_HALT, halt_as_dict(halt))

    def _set(self, key: str, value: JsonValue) -> None:
        self._write(lambda connection: rows.save_setting(connection, key, value))
        self._copied(lambda: self._copy.add_setting(key, value, self._alive))

    def _copied(self, add: Callable[[], None]) -> None:
        """What is durable already goes into the copy, too."""
        if self._copy.complete:
            add()
        else:
            self._read(self._write_copy)

    def _read(self, function: Callable[[Connection], T]) -> T:
        return self._done(function, writing=False)

    def _write(self, function: Callable[[Connection], T]) -> T:
        return self._done(function, writing=True)

    def _done(self, function: Callable[[Connection], T], *, writing: bool) -> T:
        if not self._database.is_usable:
            self.close()
            raise StoreError(f"the schedule {self._database.name} is not open, or was taken away")
        try:
            with self._database.writing() if writing else self._database.reading() as connection:
                return function(connection)
        except DatabaseDamaged as error:
            self._damage = error
            self.close()
            raise


def _setting(connection: Connection, key: str, of_dict: Callable[[JsonValue], T]) -> T | None:
    found = rows.find_setting(connection, key)
    if found is None:
        return None
    try:
        return of_dict(found)
    except InvalidValue as error:
        raise DatabaseDamaged(f"the schedule is damaged: {key}: {error.message}") from error


def _check(connection: Connection) -> None:
    found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if found != "ok":
        raise DatabaseDamaged(f"the schedule is damaged: {found}")


def _restore(connection: Connection, copied: Copied) -> list[str]:
    for job in copied.jobs.values():
        rows.add_job(connection, job)
    for key, value in copied.settings.items():
        rows.save_setting(connection, key, value)
    _never_again(connection, copied.last)
    unreadable = f"; {copied.unreadable} lines of it could not be read" if copied.unreadable else ""
    return [f"{_counted(len(copied.jobs))} restored from the copy of the schedule{unreadable}"]


def _never_again(connection: Connection, last: int) -> None:
    """Numbers up to the last one are not given to new jobs."""
    if last > rows.last_number(connection):
        connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = 'jobs'")
        connection.exec_driver_sql("INSERT INTO sqlite_sequence (name, seq) VALUES ('jobs', ?)", (last,))


def _counted(jobs: int) -> str:
    return "1 job was" if jobs == 1 else f"{jobs} jobs were"
