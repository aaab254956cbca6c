"""A scheduler that starts nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from piccolo3.errors import NotFound
from piccolo3.events import Broker
from piccolo3.scheduling import Coming
from piccolo3.scheduling.events import HaltChanged, JobsChanged, QuietChanged
from piccolo3.store import Page
from piccolo3.store.schedule import Halt, Job, JobRun, JobStatus, Quiet
from piccolo3.store.schedule.memory import MemorySchedule

NOW = datetime(2026, 6, 21, 12, tzinfo=UTC)


class FakeSchedules:
    """Keeps what is asked for."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.store = MemorySchedule()
        self.store.open()
        self.halted: Halt | None = None
        self.coming: list[Coming] = []

    @property
    def jobs(self) -> Sequence[Job]:
        return self.store.jobs()

    @property
    def quiet(self) -> Quiet:
        return self.store.quiet()

    def job(self, number: int) -> Job:
        for job in self.jobs:
            if job.id == number:
                return job
        raise NotFound(f"there is no job {number}")

    async def add(self, job: Job) -> Job:
        return self._told(self.store.add(job))

    async def change(self, job: Job) -> Job:
        self.job(job.id)
        return self._told(self.store.change(job))

    def _told(self, job: Job) -> Job:
        self.broker.publish(JobsChanged(job=job.id))
        return job

    async def suspend(self, number: int) -> Job:
        return await self.change(replace(self.job(number), status=JobStatus.SUSPENDED))

    async def unsuspend(self, number: int) -> Job:
        return await self.change(replace(self.job(number), status=JobStatus.ACTIVE))

    async def delete(self, number: int) -> None:
        await self.change(replace(self.job(number), status=JobStatus.DELETED))

    async def run_now(self, number: int) -> JobRun:
        return self.store.save_run(JobRun(job=self.job(number).id, planned=NOW, started=NOW))

    async def runs(self, job: int | None, *, limit: int, cursor: str | None) -> Page[JobRun]:
        return self.store.runs(job, limit=limit, cursor=cursor)

    def next(self, limit: int) -> Sequence[Coming]:
        return self.coming[:limit]

    async def set_quiet(self, quiet: Quiet) -> None:
        self.store.set_quiet(quiet)
        self.broker.publish(QuietChanged(quiet=quiet))

    def halt(self, reason: str, by: str) -> None:
        self.halted = Halt(since=NOW, reason=reason, by=by)
        self.broker.publish(HaltChanged(halt=self.halted))

    async def resume(self) -> None:
        self.halted = None
        self.broker.publish(HaltChanged(halt=None))
