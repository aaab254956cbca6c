"""The schedule by the client of this package, with and without await."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from piccolo3.client import sync
from piccolo3.client.schedule import When, by_cron, by_sun, every, once
from piccolo3.errors import InvalidValue, NotFound
from tests.integration.schedule.support import Rig, run

FAR = datetime(2199, 1, 1, tzinfo=UTC)
WHENS = [
    once(FAR),
    every(3600.0, FAR, FAR + timedelta(days=1)),
    by_cron("0 12 * * *", "Europe/London", end=FAR),
    by_sun(600.0, rise_offset=-60.0, set_offset=60.0),
    by_sun(600.0, elevation=20.0, start=FAR),
]


@pytest.mark.parametrize("when", [WHENS], ids=["all"])
def test_jobs(tmp_path: Path, when: list[When]) -> None:
    async def scenario(rig: Rig) -> None:
        schedule = rig.client.schedule
        for number, one in enumerate(when, start=1):
            job = await schedule.add(one, name=f"job {number}", sequences=number, run="r")
            assert (job.id, job.name, job.status, job.failures) == (number, f"job {number}", "active", 0)
            assert job.when == one
            assert job.parameters["sequences"] == number
            assert await schedule.job(number) == job
        assert [job.id async for job in schedule.jobs()] == [1, 2, 3, 4, 5]
        starts = await schedule.next(7)
        assert len(starts) == 7
        assert [start.time for start in starts] == sorted(start.time for start in starts)
        await schedule.suspend(3)
        assert (await schedule.job(3)).status == "suspended"
        await schedule.unsuspend(3)
        edited = await schedule.edit(3, every(60.0), name="new", grace=5.0)
        assert (edited.name, edited.grace, edited.when["kind"]) == ("new", 5.0, "every")
        assert edited.next is not None
        await schedule.delete(3)
        with pytest.raises(NotFound):
            await schedule.job(3)
        with pytest.raises(InvalidValue):
            await schedule.add(every(0))

    run(tmp_path, scenario)


def test_runs(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        schedule = rig.client.schedule
        await schedule.add(once(FAR), run="r")
        assert await schedule.last_run.get() is None
        for _ in range(3):
            begun = await schedule.run_now(1)
            last = await schedule.last_run.wait_for(
                lambda run, number=begun.id: run is not None and run.id == number and run.outcome is not None,  # type: ignore[misc]
                timeout=10,
            )
            assert last is not None
            assert (last.outcome, last.batch) == ("complete", begun.batch)
        assert [one.batch async for one in schedule.runs()] == [2, 1, 0]
        assert [one.batch async for one in schedule.runs(1, limit=2)] == [2, 1]

    run(tmp_path, scenario, ready=True)


def test_quiet_time_and_halt(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        schedule = rig.client.schedule
        assert await schedule.quiet_start.get() == time(22, tzinfo=UTC)
        await schedule.quiet_start.set(time(20, 30, tzinfo=UTC))
        assert await schedule.quiet_start.get() == time(20, 30, tzinfo=UTC)
        await schedule.power_delay.set(5)
        assert await schedule.power_delay.get() == 5
        assert (await schedule.enabled.get(), await schedule.halt.get()) == (True, None)
        await rig.client.control.make_safe()
        halt = await schedule.halt.get()
        assert halt is not None
        assert halt.reason == "make_safe"

    run(tmp_path, scenario)


def test_without_await(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        def talk() -> list[int]:
            with sync.Piccolo(rig.url) as piccolo:
                piccolo.schedule.add(once(FAR), name="a")
                piccolo.schedule.add(once(FAR), name="b")
                return [job.id for job in piccolo.schedule.jobs()]

        assert await asyncio.to_thread(talk) == [1, 2]

    run(tmp_path, scenario)
