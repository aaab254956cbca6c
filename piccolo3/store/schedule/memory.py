"""A schedule without a disk: for tests, and for simulations. It forgets everything at the end of the process."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from piccolo3.errors import Conflict, InvalidValue, NotFound, StoreError
from piccolo3.store.paging import numbered
from piccolo3.store.schedule.dates import in_utc, job_in_utc
from piccolo3.store.schedule.interface import ALIVE, MOST_JOBS, ScheduleStore, too_many
from piccolo3.store.schedule.values import Halt, Job, JobRun, JobStatus, Quiet
from piccolo3.store.values import Page

__all__ = ["MemorySchedule"]


class MemorySchedule(ScheduleStore):
    """Keeps everything in memory."""

    def __init__(self) -> None:
        self._open = False
        self._jobs: dict[int, Job] = {}
        self._runs: dict[int, JobRun] = {}
        self._last_run = 0
        self._quiet = Quiet()
        self._halt: Halt | None = None

    @property
    def is_open(self) -> bool:
        return self._open

    def open(self) -> tuple[str, ...]:
        self._open = True
        return ()

    def close(self) -> None:
        self._open = False

    def _check(self) -> None:
        if not self._open:
            raise StoreError("the schedule is not open")

    def jobs(self, status: Collection[JobStatus] = ALIVE) -> tuple[Job, ...]:
        self._check()
        return tuple(job for job in self._jobs.values() if job.status in status)

    def job(self, number: int) -> Job:
        self._check()
        if number not in self._jobs:
            raise NotFound(f"there is no job {number}", job=number)
        return self._jobs[number]

    def add(self, job: Job) -> Job:
        if job.id:
            raise InvalidValue(f"a new job has no number, not {job.id}")
        if job.status in ALIVE and len(self.jobs()) >= MOST_JOBS:
            raise too_many()
        self._check()
        number = len(self._jobs) + 1
        self._jobs[number] = replace(job_in_utc(job), id=number)
        return self._jobs[number]

    def change(self, job: Job) -> Job:
        if self.job(job.id).status is JobStatus.DELETED:
            raise Conflict(f"job {job.id} is deleted", job=job.id)
        self._jobs[job.id] = job_in_utc(job)
        return self._jobs[job.id]

    def save_run(self, run: JobRun, job: Job | None = None) -> JobRun:
        self.job(run.job)
        if run.id and run.id not in self._runs:
            raise NotFound(f"there is no run {run.id} of a job", run=run.id)
        run = in_utc(run)
        if job is not None:
            self.change(job)
        if not run.id:
            self._last_run += 1
            run = replace(run, id=self._last_run)
        self._runs[run.id] = run
        return run

    def runs(self, job: int | None = None, *, limit: int = 50, cursor: str | None = None) -> Page[JobRun]:
        self._check()
        if job is not None:
            self.job(job)
        return numbered([run for run in self._runs.values() if job in (None, run.job)], _number, limit, cursor)

    def unfinished(self) -> tuple[JobRun, ...]:
        self._check()
        return tuple(run for run in sorted(self._runs.values(), key=_number) if run.outcome is None)

    def last_runs(self) -> Mapping[int, JobRun]:
        self._check()
        return {run.job: run for run in sorted(self._runs.values(), key=_number)}

    def forget_runs(self, before: datetime) -> int:
        last = {run.id for run in self.last_runs().values()}
        old = [run.id for run in self._runs.values() if run.planned < before and run.id not in last]
        for number in old:
            del self._runs[number]
        return len(old)

    def quiet(self) -> Quiet:
        self._check()
        return self._quiet

    def set_quiet(self, quiet: Quiet) -> None:
        self._check()
        self._quiet = quiet

    def halt(self) -> Halt | None:
        self._check()
        return self._halt

    def set_halt(self, halt: Halt | None) -> None:
        self._check()
        self._halt = halt if halt is None else in_utc(halt)


def _number(run: JobRun) -> int:
    return run.id
