"""Jobs and runs as rows of the tables, and the statements that write and find them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from piccolo3.errors import Conflict, InvalidValue, NotFound
from piccolo3.jsonvalue import JsonValue
from piccolo3.store.cursor import parse_id
from piccolo3.store.schedule.coding import when_as_dict, when_from_dict
from piccolo3.store.schedule.interface import ALIVE, MOST_JOBS, too_many
from piccolo3.store.schedule.models import JobRow, RunRow, SettingRow
from piccolo3.store.schedule.values import Job, JobRun, JobStatus, RunOutcome, TaskKind, When
from piccolo3.store.values import Page, check_limit

__all__ = [
    "add_job",
    "change_job",
    "find_job",
    "find_jobs",
    "find_last_runs",
    "find_runs",
    "find_setting",
    "find_unfinished",
    "forget_runs",
    "last_number",
    "save_run",
    "save_setting",
]

_LARGEST = 2**63
_ALIVE = [status.value for status in ALIVE]


def find_jobs(connection: Connection, status: Collection[JobStatus]) -> tuple[Job, ...]:
    """Jobs by their numbers."""
    wanted = JobRow.status.in_([one.value for one in status])
    return tuple(map(_job, connection.execute(select(JobRow.__table__).where(wanted).order_by(JobRow.id))))


def find_job(connection: Connection, number: int) -> Job:
    """One job; NotFound."""
    row = None
    if 0 < number < _LARGEST:
        row = connection.execute(select(JobRow.__table__).where(JobRow.id == number)).one_or_none()
    if row is None:
        raise NotFound(f"there is no job {number}", job=number)
    return _job(row)


def add_job(connection: Connection, job: Job) -> int:
    """Keep a job, under its number if it has one; returns its number. Conflict where there are too many."""
    alive = select(func.count()).select_from(JobRow).where(JobRow.status.in_(_ALIVE))
    if job.status in ALIVE and connection.execute(alive).scalar_one() >= MOST_JOBS:
        raise too_many()
    values = _values(job) if job.id == 0 else {"id": job.id, **_values(job)}
    return connection.execute(insert(JobRow).values(values).returning(JobRow.id)).scalar_one()


def change_job(connection: Connection, job: Job) -> Job:
    """Keep another job in the place of that one, which is returned; NotFound, Conflict if it is deleted."""
    known = find_job(connection, job.id)
    if known.status is JobStatus.DELETED:
        raise Conflict(f"job {job.id} is deleted", job=job.id)
    if known != job:
        connection.execute(update(JobRow).where(JobRow.id == job.id).values(_values(job)))
    return known


def last_number(connection: Connection) -> int:
    """The highest number of a job."""
    return connection.execute(select(func.max(JobRow.id))).scalar() or 0


def _values(job: Job) -> dict[str, object]:
    return {
        "task": job.task.value,
        "parameters": dict(job.parameters),
        "timing": when_as_dict(job.when),
        "name": job.name,
        "description": job.description,
        "status": job.status.value,
        "grace": job.grace,
        "ignores_quiet_time": job.ignores_quiet_time,
        "made": job.made,
        "made_by": job.made_by,
        "failures": job.failures,
        "reached": job.reached,
    }


def _job(row: Row[Any]) -> Job:
    return Job(
        id=row.id,
        task=TaskKind(row.task),
        parameters=row.parameters,
        when=_when(row.timing),
        name=row.name,
        description=row.description,
        status=JobStatus(row.status),
        grace=row.grace,
        ignores_quiet_time=row.ignores_quiet_time,
        made=row.made,
        made_by=row.made_by,
        failures=row.failures,
        reached=row.reached,
    )


def _when(value: JsonValue) -> When:
    try:
        return when_from_dict(value)
    except InvalidValue as error:
        raise ValueError(error.message) from error  # nobody can have written that


def save_run(connection: Connection, run: JobRun) -> int:
    """Keep a run; its number. NotFound where there is no such run, or job."""
    find_job(connection, run.job)
    values = {
        "job_id": run.job,
        "planned": run.planned,
        "started": run.started,
        "ended": run.ended,
        "outcome": None if run.outcome is None else run.outcome.value,
        "reason": run.reason,
        "run": run.run,
        "batch": run.batch,
        "late": run.late,
        "coalesced": run.coalesced,
    }
    if run.id == 0:
        return connection.execute(insert(RunRow).values(values).returning(RunRow.id)).scalar_one()
    found = 0
    if 0 < run.id < _LARGEST:
        found = connection.execute(update(RunRow).where(RunRow.id == run.id).values(values)).rowcount
    if not found:
        raise NotFound(f"there is no run {run.id} of a job", run=run.id)
    return run.id


def find_runs(connection: Connection, job: int | None, limit: int, cursor: str | None) -> Page[JobRun]:
    """A page of runs, those that were kept last first."""
    check_limit(limit)
    query = select(RunRow.__table__).order_by(RunRow.id.desc()).limit(limit + 1)
    if job is not None:
        find_job(connection, job)
        query = query.where(RunRow.job_id == job)
    before = parse_id(cursor)
    if before is not None:
        query = query.where(RunRow.id < before)
    found = tuple(map(_run, connection.execute(query)))
    entries = found[:limit]
    return Page(entries, str(entries[-1].id) if len(found) > limit else None)


def find_unfinished(connection: Connection) -> tuple[JobRun, ...]:
    """Runs without an outcome."""
    query = select(RunRow.__table__).where(RunRow.outcome.is_(None)).order_by(RunRow.id)
    return tuple(map(_run, connection.execute(query)))


def find_last_runs(connection: Connection) -> Mapping[int, JobRun]:
    """The last run of each job."""
    query = select(RunRow.__table__).where(RunRow.id.in_(_last_of_each())).order_by(RunRow.job_id)
    return {run.job: run for run in map(_run, connection.execute(query))}


def forget_runs(connection: Connection, before: datetime) -> int:
    """Delete runs that were planned before, but for the last of each job."""
    old = RunRow.planned < before
    return connection.execute(delete(RunRow).where(old, RunRow.id.not_in(_last_of_each()))).rowcount


def _last_of_each() -> Any:
    return select(func.max(RunRow.id)).group_by(RunRow.job_id)


def _run(row: Row[Any]) -> JobRun:
    return JobRun(
        id=row.id,
        job=row.job_id,
        planned=row.planned,
        started=row.started,
        ended=row.ended,
        outcome=None if row.outcome is None else RunOutcome(row.outcome),
        reason=row.reason,
        run=row.run,
        batch=row.batch,
        late=row.late,
        coalesced=row.coalesced,
    )


def find_setting(connection: Connection, key: str) -> JsonValue:
    """What was kept of it; None if nothing was."""
    found: JsonValue = connection.execute(select(SettingRow.value).where(SettingRow.key == key)).scalar()  # type: ignore[assignment]
    return found


def save_setting(connection: Connection, key: str, value: JsonValue) -> None:
    """Keep it."""
    connection.execute(delete(SettingRow).where(SettingRow.key == key))
    connection.execute(insert(SettingRow).values(key=key, value=value))
