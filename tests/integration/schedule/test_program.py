"""`piccolo3-schedule` with the whole daemon."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from piccolo3.cli import record, schedule
from tests.integration.schedule.support import Rig, run

Program = Callable[..., Awaitable[str]]


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str]) -> Callable[[Rig], Program]:
    def of(rig: Rig) -> Program:
        async def program(line: str, *more: str, status: int = 0) -> str:
            capsys.readouterr()
            argv = ["-u", rig.url, *line.split(), *more]
            done = await asyncio.to_thread(schedule.main, argv)
            out, err = capsys.readouterr()
            assert done == status, (out, err)
            return out if status == 0 else err

        return program

    return of


def test_a_season_is_set_up_and_changed(tmp_path: Path, program: Callable[[Rig], Program]) -> None:
    async def scenario(rig: Rig) -> None:
        do = program(rig)
        assert await do("list") == "there are no jobs\n"
        assert await do("next") == "nothing comes\n"
        assert await do("runs") == "nothing was due yet\n"
        said = await do("add --at 2199-01-01T00:00Z --run solstice --name", "the end")
        assert said == "job 1 (the end): at 2199-01-01 00:00:00+00:00; next: 2199-01-01 00:00:00+00:00\n"
        await do("add --every 10min --from-sunrise=-30min --to-sunset --run tower -n 3")
        await do("add --cron", "0 12 * * *", "--timezone", "Europe/London", "--task", "dark")
        job: Any = json.loads(await do("add --every 1h --json"))
        assert (job["id"], job["when"]["kind"]) == (4, "every")
        listed = await do("list")
        assert "3 sequences into tower" in listed
        assert "every 10 min from sunrise - 30 min to sunset" in listed
        assert len(listed.splitlines()) == 5
        await do("edit 1 --at 2198-01-01T00:00Z -n 7")
        shown = await do("show 1")
        assert "next" in shown
        assert "2198-01-01 00:00:00+00:00" in shown
        assert "sequences           7" in shown or "sequences        7" in shown
        await do("suspend 2 3")
        await do("delete 4")
        assert [row["status"] for row in json.loads(await do("list --json"))] == ["active", "suspended", "suspended"]
        assert "there is no job 4" in await do("unsuspend 3 4", status=1)
        starts = json.loads(await do("next -n 3 --json"))
        assert [start["job"] for start in starts] == [3, 3, 3]
        assert len((await do("next -n 3")).splitlines()) == 4
        assert "there is no job 9" in await do("show 9", status=1)
        assert "in the past" in await do("add --at 2020-01-01T00:00Z", status=1)

    run(tmp_path, scenario)


def test_a_job_is_run_and_everything_halted(tmp_path: Path, program: Callable[[Rig], Program]) -> None:
    async def scenario(rig: Rig) -> None:
        do = program(rig)
        await do("add --at 2199-01-01T00:00Z --run r")
        assert await do("run 1") == "job 1 has begun: batch 0 of r\n"
        await rig.client.schedule.last_run.wait_for(lambda last: last is not None and last.outcome is not None, 10)
        assert "complete" in await do("runs")
        (row,) = json.loads(await do("runs 1 --json"))
        assert (row["outcome"], row["run"], row["batch"]) == ("complete", "r", 0)
        await do("halt")
        assert "halted" in await do("run 1", status=1)
        await do("list")
        await do("resume")
        assert await rig.client.schedule.enabled()

    run(tmp_path, scenario, ready=True)


def test_quiet_time(tmp_path: Path, program: Callable[[Rig], Program]) -> None:
    async def scenario(rig: Rig) -> None:
        do = program(rig)
        assert "quiet time from 22:00 to 04:00 UTC is off" in await do("quiet")
        said = await do("quiet --on --start 21:30 --end 07:00+02:00 --power-off --power-delay 15min")
        assert "quiet time from 21:30 to 05:00 UTC is on" in said
        assert "off from 15 min after its begin" in said
        assert json.loads(await do("quiet --off --json")) == {
            "enabled": False,
            "start": "21:30:00+0000",
            "end": "05:00:00+0000",
            "power_off": True,
            "power_delay": 900,
        }

    run(tmp_path, scenario)


def test_tables_on_a_terminal(
    tmp_path: Path, program: Callable[[Rig], Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(rig: Rig) -> None:
        do = program(rig)
        await do("add --at 2199-01-01T00:00Z --run r --name", "[bold]x")
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
        monkeypatch.setenv("COLUMNS", "200")
        listed = await do("list")
        assert "[bold]x" in listed
        assert "|" not in listed

    run(tmp_path, scenario)


def test_piccolo3_record_leaves_batches_to_the_scheduler(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario(rig: Rig) -> None:
        argv = ["-u", rig.url, "-r", "r", "-n", "2", "--interval", "3600"]
        assert await asyncio.to_thread(record.main, argv) == 0
        assert capsys.readouterr().out == "scheduled\n"
        (job,) = [job async for job in rig.client.schedule.jobs()]
        assert (job.when["kind"], job.when["seconds"], job.parameters["sequences"]) == ("every", 3600.0, 2)
        assert await asyncio.to_thread(record.main, [*argv[:-1], "0.1"]) == 1
        assert "interval" in capsys.readouterr().err

    run(tmp_path, scenario)


def test_no_server(capsys: pytest.CaptureFixture[str]) -> None:
    assert schedule.main(["-u", "coap://[::1]:9", "list"]) == 1
    assert capsys.readouterr().err.startswith("piccolo3-schedule: ")
