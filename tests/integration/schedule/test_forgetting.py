"""What came of jobs is forgotten after a while, but never by a clock that can't be trusted."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from piccolo3.clock import ManualClock
from piccolo3.devices import Host
from piccolo3.season import VirtualClock, run
from piccolo3.season.jobs import instrument
from piccolo3.server.engine import Engine
from piccolo3.store.schedule import Every, Job, JobRun, RunOutcome, TaskKind
from piccolo3.store.schedule.sql import SqlSchedule

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
OLD, RECENT = NOW - timedelta(days=1500), NOW - timedelta(days=3)


class Computer(Host):
    """One whose clock becomes right when that is said."""

    right = False

    def clock_synchronised(self) -> bool | None:
        return self.right

    def boot_id(self) -> str | None:
        return "this one"


def prepare(folder: Path) -> None:
    schedule = SqlSchedule(folder, ManualClock(NOW))
    schedule.open()
    job = schedule.add(Job(task=TaskKind.DARK, when=Every(start=NOW + timedelta(days=9), seconds=86400.0), made=OLD))
    for planned in (OLD, RECENT, RECENT + timedelta(days=1)):  # the last one stays in any case
        schedule.save_run(JobRun(job=job.id, planned=planned, outcome=RunOutcome.MISSED, reason="it rained"))
    schedule.close()


@pytest.mark.parametrize("ahead", [0, 3650])
def test_old_runs_are_forgotten_when_the_clock_is_trusted(tmp_path: Path, ahead: int) -> None:
    prepare(tmp_path)
    clock, host = VirtualClock(NOW + timedelta(days=ahead)), Computer()

    async def planned() -> list[datetime]:
        page = await engine.planner.scheduler.runs(None, limit=50, cursor=None)
        return sorted(one.planned for one in page.entries)

    async def scenario() -> None:
        async with engine:
            await asyncio.sleep(600)
            assert OLD in await planned()
            assert RECENT in await planned()
            clock.step(-ahead * 86400.0)
            host.right = True
            engine.time_and_place.timekeeper.check()
            await asyncio.sleep(600)
            assert OLD not in await planned()
            assert RECENT in await planned()

    engine = Engine(instrument(1), tmp_path, clock, host=host)
    run(clock, scenario())
