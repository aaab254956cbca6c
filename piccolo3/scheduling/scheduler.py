"""The scheduler: jobs are asked for here, and started when they are due."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from piccolo3.errors import Busy, Conflict, InvalidValue, NotFound
from piccolo3.scheduling import triggers
from piccolo3.scheduling.engine import Engine
from piccolo3.scheduling.events import HaltChanged, JobsChanged, QuietChanged
from piccolo3.scheduling.planning import Coming
from piccolo3.store import Page
from piccolo3.store.schedule import Halt, Job, JobRun, JobStatus, Quiet, RunOutcome

__all__ = ["Scheduler"]

_MOST_COMING = 1000
_AT_ONCE = 20
_ESSENCE = ("name", "when", "task", "parameters", "description", "grace", "ignores_quiet_time")


class Scheduler(Engine):
    """All methods belong to the event loop's thread.

    What is asked for is kept by the store when it returns, or refused: NotFound, InvalidValue, Conflict, StoreError,
    and Unavailable before the schedule could be read.
    """

    # ---- what is ----

    @property
    def jobs(self) -> Sequence[Job]:
        """Those that are active or suspended, by their numbers."""
        return self._agenda.jobs

    @property
    def quiet(self) -> Quiet:
        """Quiet time."""
        return self._agenda.quiet

    @property
    def halted(self) -> Halt | None:
        """Why no job is started; None where they are."""
        return self._halt

    @property
    def waiting_for_clock(self) -> bool:
        """Whether jobs wait because the clock can't be trusted."""
        return self._untrusted is not None

    @property
    def running(self) -> JobRun | None:
        """What is being done."""
        current = self._conductor.current
        return None if current is None else current.row.run

    def job(self, number: int) -> Job:
        """One of `jobs`; NotFound."""
        return self._agenda.job(number)

    def next(self, limit: int) -> Sequence[Coming]:
        """The next starts of everything, by time and number; what falls into one quiet time is told once for a job."""
        found = self._agenda.coming(min(limit, _MOST_COMING), self._clock.utcnow())
        if self._halt is None:
            return found
        return [replace(start, skipped=f"halted: {self._halt.reason}") for start in found]

    async def runs(self, job: int | None, *, limit: int, cursor: str | None) -> Page[JobRun]:
        """What came of them, the last first."""
        return await self._keeper.ask(lambda store: store.runs(job, limit=limit, cursor=cursor))

    # ---- jobs ----

    async def add(self, job: Job) -> Job:
        """Take up a new job; one that is the same as another one that is alive is that other one."""
        self._ready()
        self._check(job)
        async with self._changing:
            for other in self._agenda.jobs:
                if _is_same(job, other):
                    return other
            kept = await self._keeper.ask(lambda store: store.add(job))
            self._put(kept)
            return kept

    async def change(self, job: Job) -> Job:
        """Another job in the place of the one of that number; its times up to now are dealt with if they are others."""
        self._ready()
        before = self._agenda.job(job.id)
        if job.when != before.when:
            self._check(job)
            job = replace(job, reached=self._now())
        else:
            job = replace(job, reached=before.reached)
        return await self._change(job)

    async def suspend(self, number: int) -> Job:
        """Start a job no more, until `unsuspend`; one that is suspended stays so."""
        return await self._set_status(number, JobStatus.SUSPENDED)

    async def unsuspend(self, number: int) -> Job:
        """Start it again, from its next time on."""
        return await self._set_status(number, JobStatus.ACTIVE)

    async def delete(self, number: int) -> None:
        """Forget a job; what it is doing is done to its end."""
        self._ready()
        async with self._changing:
            job = replace(self._agenda.job(number), status=JobStatus.DELETED)
            await self._keeper.ask(lambda store: store.change(job))
            self._agenda.drop(number)
        self._broker.publish(JobsChanged(job=number))
        self._wake.set()

    async def run_now(self, number: int) -> JobRun:
        """Start it now, beside its times; returns when it has begun. Busy, Conflict where all is halted, its errors."""
        self._ready()
        job = self._agenda.job(number)
        if self._halt is not None:
            raise Conflict(f"all jobs are halted: {self._halt.reason}")
        if self._conductor.current is not None:
            raise Busy(f"job {self._conductor.current.job.id} is running")
        now = self._now()
        performance = self._conductor.perform(job, self._book.open(job, now, 1, now), None)
        await asyncio.shield(performance.begun)
        await self._keeper.settle()
        return performance.row.run

    # ---- all of them ----

    async def set_quiet(self, quiet: Quiet) -> None:
        """Another quiet time."""
        self._ready()
        await self._keeper.ask(lambda store: store.set_quiet(quiet))
        now = self._now()
        if self._halt is None and not self._untrusted:
            for job in self._agenda.active:  # what fell into the old one is dealt with
                self._guarded(job.id, now, self._end_quiet)
        self._agenda.quiet = quiet
        self._plan_all(now)
        self._broker.publish(QuietChanged(quiet=quiet))
        self._wake.set()

    def halt(self, reason: str, by: str = "") -> None:
        """Start no job any more, from this call on; it is kept as soon as the disk takes it."""
        if self._halt is not None:
            return
        self._halt = Halt(since=self._clock.utcnow(), reason=reason, by=by)
        self._keeper.keep_halt(self._halt)
        self._notes("scheduler", f"no job is started any more: {reason}", level="warning", source="scheduler")
        self._broker.publish(HaltChanged(halt=self._halt))
        self._wake.set()

    async def resume(self) -> None:
        """Start jobs again, from their next times on."""
        self._ready()
        halt = self._halt
        if halt is None:
            return
        await self._keeper.set_halt(None)
        if self._halt is not halt:
            return  # halted anew meanwhile
        now = self._now()
        if not self._untrusted:
            await self._miss(now, f"halted: {halt.reason}")
        self._halt = None
        self._notes("scheduler", "jobs are started again", source="scheduler")
        self._broker.publish(HaltChanged(halt=None))
        self._wake.set()

    # ---- how ----

    def _check(self, job: Job) -> None:
        triggers.check(job.when)
        now = self._clock.utcnow()
        if triggers.is_over(job.when, now, self._agenda.position):
            raise InvalidValue(f"there is no time left for it: it is {now.isoformat(timespec='seconds')} already")

    def _put(self, job: Job) -> None:
        self._agenda.put(job, self._now())
        self._broker.publish(JobsChanged(job=job.id))
        self._wake.set()

    async def _set_status(self, number: int, status: JobStatus) -> Job:
        self._ready()
        job = self._agenda.job(number)
        if job.status is status:
            return job
        return await self._change(replace(job, status=status, reached=self._now()))

    async def _change(self, job: Job) -> Job:
        async with self._changing:
            kept = await self._keeper.ask(lambda store: store.change(job))
            now = self._agenda.get(job.id)
            if now is None:
                raise NotFound(f"there is no job {job.id} any more")
            # it may have been done meanwhile
            kept = replace(kept, failures=now.failures, reached=_later(kept.reached, now.reached))
            self._put(kept)
            self._finish_over(kept.id, self._now())
            return kept

    async def _miss(self, now: datetime, reason: str) -> None:
        for count, job in enumerate(self._agenda.active, start=1):
            due = self._agenda.due(job.id, now)
            if due.planned is not None:
                self._book.skip(job, due.planned, due.times, RunOutcome.MISSED, reason)
            if due.quiet is not None:
                self._book.skip(job, due.quiet, due.quiet_times, RunOutcome.QUIET, "quiet time")
            self._settle(job.id, now)
            if not count % _AT_ONCE:
                await asyncio.sleep(0)

    def _end_quiet(self, job: Job, now: datetime) -> None:
        if self._agenda.due(job.id, now).quiet is not None:
            self._look_at(job, now)


def _is_same(one: Job, other: Job) -> bool:
    """Whether they do the same at the same times, whoever asked for them, and whatever has become of them."""
    return all(getattr(one, name) == getattr(other, name) for name in _ESSENCE)


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((moment for moment in (one, other) if moment is not None), default=None)
