"""Jobs that are done by the whole daemon, on a simulated rig."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from piccolo3.clock import Clock, SystemClock
from piccolo3.errors import Busy, Conflict, InvalidValue, Unavailable
from piccolo3.store.schedule import interface, rows
from tests.integration.schedule.support import FAR, SCHEDULER, Rig, daemon, run


async def last_run(rig: Rig, number: int = 1) -> dict[str, Any]:
    """What came of a job, when it has ended."""
    async with rig.client.observe(f"{SCHEDULER}/last_run") as runs:
        async for run_of_job in runs:
            if isinstance(run_of_job, dict) and run_of_job["job"] == number and run_of_job["outcome"] is not None:
                return run_of_job
    raise AssertionError


def soon(seconds: float = 0.3) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def test_a_job_is_recorded_when_it_is_due(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        client = rig.client
        await client.put("control/numSequences", 5)
        await client.put("control/record_sequence", "due", 2, at_time=soon())
        last = await last_run(rig)
        assert {name: last[name] for name in ("job", "outcome", "run", "batch", "late", "reason")} == {
            "job": 1,
            "outcome": "complete",
            "run": "due",
            "batch": 0,
            "late": False,
            "reason": None,
        }
        assert (rig.folder / "due" / "b000000_s000001_light.pico").exists()
        assert await client.get("data_dir/current_run") == "spectra"
        assert await client.get("control/numSequences") == 5
        assert await client.get(f"{SCHEDULER}/jobs") == []
        batches: Any = await client.put("data_dir/batches", "due")
        assert batches["batches"][0]["requested_by"] == "job 1"
        assert batches["batches"][0]["command"]["sequences"] == 2

    run(tmp_path, scenario, ready=True)


def test_run_now_and_two_at_once(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        client = rig.client
        await client.put(f"{SCHEDULER}/add", {"kind": "once", "at": FAR}, run="a")
        at = soon(0.5)
        for name in ("b", "c"):
            await client.put(f"{SCHEDULER}/add", {"kind": "once", "at": at}, run=name)
        begun: Any = await client.put(f"{SCHEDULER}/run_now", 1)
        assert (begun["run"], begun["batch"], begun["outcome"]) == ("a", 0, None)
        with pytest.raises(Busy):
            await client.put(f"{SCHEDULER}/run_now", 1)
        await last_run(rig, 3)
        page: Any = await client.put(f"{SCHEDULER}/runs")
        assert [(one["job"], one["outcome"]) for one in page["runs"]] == [
            (3, "complete"),
            (2, "complete"),
            (1, "complete"),
        ]
        jobs: Any = await client.get(f"{SCHEDULER}/jobs")
        assert [row[0] for row in jobs] == [1]

    run(tmp_path, scenario, ready=True)


def test_make_safe_halts_everything_until_it_is_enabled(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        client = rig.client
        await client.put("control/make_safe")
        await client.put(f"{SCHEDULER}/add", {"kind": "every", "seconds": 1}, run="a")
        assert await client.get(f"{SCHEDULER}/enabled") is False
        coming: Any = await client.get(f"{SCHEDULER}/next")
        assert "make_safe" in coming[0]["skipped"]
        with pytest.raises(Conflict):
            await client.put(f"{SCHEDULER}/run_now", 1)

    async def restarted(rig: Rig) -> None:
        client = rig.client
        halt: Any = await client.get(f"{SCHEDULER}/halt")
        assert halt["reason"] == "make_safe"
        assert halt["by"].startswith("coap [::1]")
        assert "no job is started since" in json.dumps(await client.get("sysinfo/health"))
        await client.put(f"{SCHEDULER}/enabled", True)
        assert await client.get(f"{SCHEDULER}/halt") is None
        assert "no job is started since" not in json.dumps(await client.get("sysinfo/health"))
        async with client.observe(f"{SCHEDULER}/last_run") as runs:
            async for value in runs:
                if isinstance(value, dict) and value["outcome"] == "complete":
                    break

    run(tmp_path, scenario)
    run(tmp_path, restarted, ready=True)


def test_damage_is_told_and_jobs_come_back(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        await rig.client.put("control/record_sequence", "r1", at_time=FAR)
        await rig.client.put("control/record_sequence", "r2", at_time=FAR)
        await rig.client.put(f"{SCHEDULER}/suspend", 2)
        await rig.client.put(f"{SCHEDULER}/quietStart", "20:00:00")

    async def damaged(rig: Rig) -> None:
        client = rig.client
        jobs: Any = await client.get(f"{SCHEDULER}/jobs")
        assert [(row[0], row[5]) for row in jobs] == [(1, "active"), (2, "suspended")]
        assert await client.get(f"{SCHEDULER}/quietStart") == "20:00:00+0000"
        await client.put(f"{SCHEDULER}/delete", 2)
        job: Any = await client.put(f"{SCHEDULER}/add", {"kind": "once", "at": FAR}, name="new")
        assert job["id"] == 3
        told = ""
        while "the schedule was damaged" not in told:
            await asyncio.sleep(0.01)
            told = json.dumps(await client.put("data_dir/events", limit=100))
        assert "2 jobs were restored" in told

    run(tmp_path, scenario)
    (tmp_path / "schedule.sqlite").write_bytes(b"damaged" * 999)
    run(tmp_path, damaged)


def test_a_schedule_that_can_not_be_read_at_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("piccolo3.scheduling.engine._LOAD", 0.05)

    async def scenario(rig: Rig) -> None:
        await rig.client.put("control/record_sequence", "r1", at_time=FAR)

    async def blocked(rig: Rig) -> None:
        client = rig.client
        with pytest.raises(Unavailable):
            await client.put("control/record_sequence", "r2", at_time=FAR)
        async with client.observe(f"{SCHEDULER}/jobs") as jobs:
            assert await anext(jobs) == []
            (tmp_path / "schedule.sqlite").rmdir()
            (tmp_path / "away").rename(tmp_path / "schedule.sqlite")
            told: Any = await anext(jobs)
            assert [row[0] for row in told] == [1]
        await client.put("control/record_sequence", "r2", at_time=FAR)

    run(tmp_path, scenario)
    (tmp_path / "schedule.sqlite").rename(tmp_path / "away")
    (tmp_path / "schedule.sqlite").mkdir()
    run(tmp_path, blocked)


def test_there_is_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (interface, rows):
        monkeypatch.setattr(module, "MOST_JOBS", 3)

    async def scenario(rig: Rig) -> None:
        for number in range(3):
            await rig.client.put("control/record_sequence", f"r{number}", at_time=FAR)
        with pytest.raises(Conflict, match="3 jobs"):
            await rig.client.put("control/record_sequence", "r3", at_time=FAR)
        with pytest.raises(Conflict):
            await rig.client.put(f"{SCHEDULER}/add", {"kind": "once", "at": FAR}, name="x")
        await rig.client.put("control/record_sequence", "r1", at_time=FAR)  # is there already
        await rig.client.put(f"{SCHEDULER}/delete", 1)
        await rig.client.put("control/record_sequence", "r3", at_time=FAR)

    run(tmp_path, scenario)


def test_an_interval_that_is_too_short_for_the_batch(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        with pytest.raises(InvalidValue, match="takes about"):
            await rig.client.put("control/record_sequence", "r", 10, delay=2, interval=15)
        await rig.client.put("control/record_sequence", "r", 10, delay=2, interval=60)

    run(tmp_path, scenario, ready=True)


def test_spectrometers_with_a_switch_are_off_in_the_power_off_time(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        client = rig.client
        now = datetime.now(UTC)
        await client.put(f"{SCHEDULER}/powerDelay", 0)
        await client.put(f"{SCHEDULER}/quietStart", (now - timedelta(hours=2)).strftime("%H:%M:%S"))
        await client.put(f"{SCHEDULER}/quietEnd", (now + timedelta(hours=2)).strftime("%H:%M:%S"))
        await client.put(f"{SCHEDULER}/powerOffEnabled", True)
        await client.put(f"{SCHEDULER}/quietTimeEnabled", True)
        await _reaches(rig, "S_switched", 2)
        assert await client.get("spectrometer/S_plain/status") == 6
        await client.put(f"{SCHEDULER}/quietTimeEnabled", False)
        await _reaches(rig, "S_switched", 6)

    instrument = """
[channels]
  [[shutter_1]]
    direction = upwelling
[spectrometers]
  [[switched]]
    driver = simulated
    power_switch = 5
  [[plain]]
    driver = simulated
"""
    run(tmp_path, scenario, instrument=instrument)


async def _reaches(rig: Rig, name: str, wanted: int) -> None:
    async with rig.client.observe(f"spectrometer/{name}/status") as statuses:
        async for status in statuses:
            if status == wanted:
                return


def test_a_clock_that_is_not_trusted_lets_jobs_wait(tmp_path: Path) -> None:
    async def scenario() -> None:
        clock: Clock = SystemClock()
        async with asyncio.timeout(20), daemon(tmp_path, clock, ready=True, trust="synchronised") as rig:
            if rig.application._engine.time_and_place.timekeeper.trusted:
                pytest.skip("the clock of this machine is synchronised")
            await rig.client.put("control/record_sequence", "r", at_time=soon(0.2))
            await asyncio.sleep(0.4)
            assert await rig.client.get(f"{SCHEDULER}/last_run") is None
            assert len(await rig.client.get(f"{SCHEDULER}/jobs")) == 1  # type: ignore[arg-type]

    asyncio.run(scenario())
