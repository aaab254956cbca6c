"""The scheduler with 1000 active jobs: how late starts are, what it costs while nothing is due."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from benchmarks import servers
from benchmarks.daemon import until_idle
from benchmarks.result import Result
from piccolo3.client import Piccolo
from piccolo3.clock import SystemClock
from piccolo3.events import Broker
from piccolo3.scheduling import Begun, RunResult, Scheduler
from piccolo3.store.schedule import Every, Job, Once, RunOutcome, ScheduleStore, TaskKind
from piccolo3.store.schedule.sql import SqlSchedule
from piccolo3.workers import Worker

__all__ = ["idle", "lateness"]

JOBS = 1000
STARTS = 200  # of them, in the time that is looked at
SPACING = 0.05  # s
MOST_LATE = 3.0  # times as late as a timer
LEAST = 2.0  # ms that a timer is taken to be late by, at least: less is up to the machine
WATCH = 60.0  # s
MOST_IDLE = 1.25  # times the daemon without jobs
T = TypeVar("T")


class _Rig:
    """Does nothing, at once; notes when."""

    busy = False

    def __init__(self, clock: SystemClock) -> None:
        self._clock = clock
        self.late: list[float] = []

    async def idle(self) -> None:
        """It always is."""

    async def run(self, job: Job, begun: Begun) -> RunResult:
        """Note how late (ms) it is."""
        if isinstance(job.when, Once):
            self.late.append((self._clock.utcnow() - job.when.at) / timedelta(milliseconds=1))
        begun()
        return RunResult(outcome=RunOutcome.COMPLETE)


@asynccontextmanager
async def _scheduler(clock: SystemClock, rig: _Rig) -> AsyncIterator[Scheduler]:
    """One on a database, in a thread, as in the daemon."""
    worker = Worker("schedule")
    with tempfile.TemporaryDirectory() as folder:
        store = SqlSchedule(Path(folder), clock)

        async def ask(function: Callable[[ScheduleStore], T], /) -> T:
            await worker.idle()
            return await worker.run(lambda: function(store))

        worker.start()
        await worker.run(store.open)
        scheduler = Scheduler(ask, rig, clock, Broker(), lambda *_, **__: None)
        await scheduler.start()
        try:
            yield scheduler
        finally:
            await scheduler.stop()
            await worker.idle()
            await worker.run(store.close)
            await worker.stop(1.0)


async def _bare(clock: SystemClock, moments: list[datetime]) -> list[float]:
    """How late (ms) timers of the event loop are."""
    late = []
    for moment in moments:
        await asyncio.sleep((moment - clock.utcnow()).total_seconds())
        late.append((clock.utcnow() - moment) / timedelta(milliseconds=1))
    return late


async def lateness() -> list[Result]:
    """How late 200 starts are with 1000 active jobs, and timers between them."""
    clock = SystemClock()
    rig = _Rig(clock)
    async with _scheduler(clock, rig) as scheduler:
        before = clock.monotonic()
        for number in range(JOBS - STARTS):
            far = Every(start=clock.utcnow() + timedelta(days=1, seconds=number), seconds=3600)
            await scheduler.add(Job(task=TaskKind.DARK, when=far, made=clock.utcnow()))
        each = (clock.monotonic() - before) / (JOBS - STARTS)
        begin = clock.utcnow() + timedelta(seconds=2 + 2 * each * STARTS)
        moments = [begin + timedelta(seconds=number * SPACING) for number in range(STARTS)]
        for moment in moments:
            await scheduler.add(Job(task=TaskKind.DARK, when=Once(at=moment), made=clock.utcnow()))
        timers = await _bare(clock, [moment + timedelta(seconds=SPACING / 2) for moment in moments])
        while len(rig.late) < STARTS:
            await asyncio.sleep(0.1)
    results = []
    for name, share in (("median", 0.5), ("99 %", 0.99)):
        found, reference = (sorted(late)[int(STARTS * share)] for late in (rig.late, timers))
        ratio = found / max(reference, LEAST)
        results.append(
            Result(
                f"late start with {JOBS} jobs, {name}",
                f"{found:.2f} ms",
                ratio,
                f"bare timer ({reference:.2f} ms, at least {LEAST:g} ms)",
                f"<= {MOST_LATE:g}",
                met=ratio <= MOST_LATE,
            )
        )
    return results


@dataclass(frozen=True)
class _Use:
    processor: float  # s of the processor in a minute
    wake_ups: float  # per min


async def _use(server: servers.Server) -> _Use:
    """What the process of the daemon itself takes."""

    def now() -> tuple[float, int]:
        tasks = list(Path(f"/proc/{server.process.pid}/task").iterdir())
        seconds = sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
        return seconds, sum(int(_field(task / "status", "voluntary_ctxt_switches")) for task in tasks)

    begin, before = time.monotonic(), now()
    await asyncio.sleep(WATCH)
    minutes, after = (time.monotonic() - begin) / 60, now()
    return _Use((after[0] - before[0]) / minutes, (after[1] - before[1]) / minutes)


def _field(path: Path, name: str) -> str:
    return next(line.split()[1] for line in path.read_text().splitlines() if line.startswith(f"{name}:"))


async def _add(rig: Piccolo, jobs: int) -> None:
    for number in range(jobs):
        hour, minute = number // 60, number % 60
        await rig.put(
            "control/record_sequence", run="bench", at_time=f"2190-01-01T{hour:02}:{minute:02}:00Z", interval=3600
        )


async def idle() -> list[Result]:
    """What the daemon takes for a minute in which nothing is due, with 1000 jobs and without."""
    async with servers.daemon() as one, servers.daemon() as other:
        for server, jobs in ((one, 0), (other, JOBS)):
            async with Piccolo(server.url) as rig:
                await until_idle(rig)
                await _add(rig, jobs)
        await asyncio.sleep(3)
        without, with_jobs = await asyncio.gather(_use(one), _use(other))
    processor = with_jobs.processor / without.processor
    wake_ups = with_jobs.wake_ups / without.wake_ups
    return [
        Result(
            f"idle with {JOBS} jobs, processor",
            f"{with_jobs.processor / 60:.2%}",
            processor,
            f"without jobs ({without.processor / 60:.2%})",
            f"<= {MOST_IDLE:g}",
            met=processor <= MOST_IDLE,
        ),
        Result(
            f"idle with {JOBS} jobs, wake-ups",
            f"{with_jobs.wake_ups:.0f} /min",
            wake_ups,
            f"without jobs ({without.wake_ups:.0f} /min)",
            f"<= {MOST_IDLE:g}",
            met=wake_ups <= MOST_IDLE,
        ),
    ]
