"""The door to the store: what is asked is awaited, and what has happened is kept as soon as the store takes it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from piccolo3.clock import Clock
from piccolo3.errors import Conflict, NotFound, PiccoloError
from piccolo3.scheduling.needs import AsksStore
from piccolo3.store.schedule import Halt, Job, JobRun, ScheduleStore

__all__ = ["Keeper", "Row"]

T = TypeVar("T")
_MOST = 10_000  # rows that wait for the disk; beyond that the oldest are forgotten
_PAUSE, _LONGEST_PAUSE = 5.0, 60.0  # s between attempts
_SETTLE, _STOP = 1.0, 1.5  # s
_logger = logging.getLogger(__name__)


class Row:
    """A run of a job, as it is now. Its number is known when it was kept for the first time."""

    def __init__(self, run: JobRun) -> None:
        self.run = run

    def change(self, **changes: object) -> None:
        """What is known by now."""
        self.run = replace(self.run, **changes)  # type: ignore[arg-type]


class Keeper:
    """Asks the store one thing at a time. `job_of` is a job as it is now, None where there is none any more.

    What happens never waits for the store: a disk that is full or hangs keeps no job from being started.
    """

    def __init__(self, ask: AsksStore, clock: Clock, job_of: Callable[[int], Job | None]) -> None:
        self._ask = ask
        self._clock = clock
        self._job_of = job_of
        self._lock = asyncio.Lock()
        self._rows: dict[Row, None] = {}
        self._jobs: dict[int, Job] = {}
        self._halts: list[Halt | None] = []
        self._pumping: asyncio.Task[None] | None = None
        self._refused = False

    def __len__(self) -> int:
        """How much waits for the store."""
        return len(self._rows) + len(self._jobs) + len(self._halts)

    async def ask(self, function: Callable[[ScheduleStore], T]) -> T:
        """What the store answers."""
        async with self._lock:
            return await self._ask(function)

    def keep_row(self, row: Row) -> None:
        """Keep a run, with its job."""
        self._rows.pop(row, None)
        self._rows[row] = None
        while len(self._rows) > _MOST:
            del self._rows[next(iter(self._rows))]
        self._pump()

    def keep_job(self, job: Job) -> None:
        """Keep a job as it is, also where it is not one of the others any more."""
        self._jobs[job.id] = job
        self._pump()

    def keep_halt(self, halt: Halt | None) -> None:
        """Keep whether everything is halted."""
        self._halts = [halt]
        self._pump()

    async def set_halt(self, halt: Halt | None) -> None:
        """Keep it now."""
        self._halts = []
        await self.ask(lambda store: store.set_halt(halt))

    async def settle(self) -> None:
        """Wait until all is kept, but not for long."""
        if self._pumping is not None and not self._refused:
            await asyncio.wait({self._pumping}, timeout=_SETTLE)

    async def stop(self) -> None:
        """Give the store a moment for what is waiting."""
        if self._pumping is not None:
            await asyncio.wait({self._pumping}, timeout=_STOP)
            self._pumping.cancel()

    def _pump(self) -> None:
        if self._pumping is None or self._pumping.done():
            self._pumping = asyncio.create_task(self._keep_all(), name="keep the schedule")

    async def _keep_all(self) -> None:
        pause = _PAUSE
        while len(self):
            try:
                await self._keep_one()
            except PiccoloError as error:
                if not self._refused:
                    _logger.warning("the schedule is not kept for now: %s", error)
                self._refused = True
            except Exception:
                _logger.exception("the schedule is not kept by an error in the program")
                self._refused = True
            else:
                self._refused, pause = False, _PAUSE
                continue
            await self._clock.asleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _keep_one(self) -> None:
        async with self._lock:
            if self._halts:
                halt = self._halts[0]
                await self._ask(lambda store: store.set_halt(halt))
                self._halts = [] if self._halts == [halt] else self._halts
            elif self._rows:
                await self._keep_first_row()
            elif self._jobs:
                number, job = next(iter(self._jobs.items()))
                await self._change(self._job_of(number) or job)
                self._forget(job)

    async def _keep_first_row(self) -> None:
        row = next(iter(self._rows))
        run = row.run
        job = self._job_of(run.job) or self._jobs.get(run.job)
        try:
            kept = await self._ask(lambda store: store.save_run(run, job))
        except (Conflict, NotFound):  # the job was deleted, or is not in the schedule that came back after a fault
            try:
                kept = await self._ask(lambda store: store.save_run(run, None))
            except (Conflict, NotFound):
                _logger.warning("a run of job %d is not kept, for there is no such job", run.job)
                kept = run
        if row.run is run:
            self._rows.pop(row, None)
        row.change(id=kept.id)
        if job is not None:
            self._forget(job)

    def _forget(self, job: Job) -> None:
        """It is kept, unless it has changed meanwhile."""
        if self._jobs.get(job.id) is job:
            del self._jobs[job.id]

    async def _change(self, job: Job) -> None:
        try:
            await self._ask(lambda store: store.change(job))
        except (Conflict, NotFound):
            _logger.debug("job %d is not there any more", job.id)
