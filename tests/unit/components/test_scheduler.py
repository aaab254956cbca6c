"""Jobs as clients ask for them: what is resolved, refused and shown."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from piccolo3.components import Component, Control, Resource, resolve
from piccolo3.components.jobs import JobMaker
from piccolo3.components.resource import Kind
from piccolo3.config import RecipeConfig
from piccolo3.errors import InvalidValue, NotFound, PiccoloError, Unavailable
from piccolo3.jsonvalue import JsonValue
from piccolo3.position import Position
from piccolo3.recording import BatchSettings, RunChanged, SettingsChanged
from piccolo3.scheduling import Coming, JobRunChanged
from piccolo3.store.schedule import Every, JobRun, Once, Quiet, RunOutcome, TaskKind
from piccolo3.wire import MAX_OBSERVABLE
from piccolo3.workers import SpectrometerGroup, TriggerWorker
from tests.unit.components.fake_schedules import FakeSchedules
from tests.unit.recording import bench as recording

FAR = "2199-01-01T00:00:00+00:00"
DEFAULTS = {
    "run": "spectra",
    "sequences": 1,
    "autointegration": -1,
    "delay": 0.0,
    "target": 80.0,
    "mode": "classic",
    "averages": 1,
    "burst": False,
    "triggered": False,
    "recipe": None,
    "integration_times": {},
}


@dataclass
class Bench:
    """Control with a real recorder, whose clock stands still, and a scheduler that starts nothing."""

    engine: recording.Bench
    control: Component
    schedules: FakeSchedules
    position: list[Position]

    def resource(self, path: str) -> Resource:
        found = resolve(self.control, path.split("/"))
        assert found is not None, path
        return found

    async def get(self, path: str) -> JsonValue:
        return await self.resource(path).get()

    async def put(self, path: str, *arguments: JsonValue, **named: JsonValue) -> Any:
        resource = self.resource(path)
        if resource.kind is Kind.COMMAND:
            return await resource.call(arguments, named)
        return await resource.set(arguments, named)

    def now(self, seconds: float = 0.0) -> str:
        return (self.engine.clock.utcnow() + timedelta(seconds=seconds)).isoformat()


def run(scenario: Callable[[Bench], Awaitable[None]]) -> None:
    async def whole(engine: recording.Bench) -> None:
        schedules = FakeSchedules(engine.broker)
        position: list[Position] = []
        trigger = TriggerWorker(None, engine.clock, engine.broker, lambda *_: None)
        control = Control(
            engine.recorder,
            SpectrometerGroup([], engine.clock),
            trigger,
            engine.broker,
            engine.clock,
            schedules=schedules,
            maker=JobMaker(engine.recorder, engine.clock, lambda: position[0] if position else None),
        )
        bench = Bench(engine, control, schedules, position)
        await scenario(bench)
        assert not any(isinstance(event, SettingsChanged | RunChanged) for event in engine.events)
        assert engine.recorder.run == "spectra"
        assert not engine.recorder.busy

    recipe = RecipeConfig(name="noon", sequences=5, target=60.0, run="noon run")
    recording.run(whole, recipes=[recipe])


async def refused(asking: Awaitable[object], error: type[PiccoloError] = InvalidValue) -> str:
    with pytest.raises(error) as caught:
        await asking
    assert type(caught.value) is error
    return str(caught.value)


# ---- as old clients ask ----


def test_a_batch_for_later_is_a_job_and_changes_nothing() -> None:
    async def scenario(bench: Bench) -> None:
        before = bench.engine.recorder.settings
        assert await bench.put("record_sequence", "r1", 3, 2, 1.5, 70, FAR) is None
        assert await bench.get("scheduler/jobs") == [
            [1, ["record", ["r1", 3, 2, 1.5, 70.0]], "2199-01-01T00:00:00+00:00", None, None, "active"]
        ]
        job = bench.schedules.job(1)
        assert job.when == Once(at=datetime(2199, 1, 1, tzinfo=UTC))
        wanted = {"run": "r1", "sequences": 3, "autointegration": 2, "delay": 1.5, "target": 70.0}
        assert job.parameters == {**DEFAULTS, **wanted}
        assert bench.engine.recorder.settings == before

    run(scenario)


def test_what_is_null_is_taken_from_the_settings_of_that_moment() -> None:
    async def scenario(bench: Bench) -> None:
        recorder = bench.engine.recorder
        recorder._settings = BatchSettings(sequences=7, delay=2.5, mode="dark_each")
        await bench.put("record_sequence", at_time=FAR, target=33)
        recorder._settings = BatchSettings(sequences=9)
        expected = {"sequences": 7, "delay": 2.5, "mode": "dark_each", "target": 33.0, "run": "spectra"}
        assert bench.schedules.job(1).parameters == {**DEFAULTS, **expected}

    run(scenario)


def test_intervals_begin_now_or_at_their_time() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.put("record_sequence", interval=3600)
        await bench.put("record_sequence", at_time="2020-01-01 00:00", interval=3600, end_time=FAR)
        first, second = bench.schedules.jobs
        assert isinstance(first.when, Every)
        assert 0 < (first.when.start - bench.engine.clock.utcnow()).total_seconds() <= 1
        assert first.made < first.when.start
        assert second.when == Every(
            start=datetime(2020, 1, 1, tzinfo=UTC), seconds=3600.0, end=datetime(2199, 1, 1, tzinfo=UTC)
        )
        rows = await bench.get("scheduler/jobs")
        assert isinstance(rows, list)
        assert rows[1] == [
            2,
            ["record", ["spectra", 1, -1, 0.0, 80.0]],
            "2020-01-01T00:00:00+00:00",
            "2199-01-01T00:00:00+00:00",
            3600.0,
            "active",
        ]

    run(scenario)


def test_offsets_are_honoured() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.put("record_sequence", at_time="2030-06-21T14:00:00+02:00")
        await bench.put("record_sequence", at_time="2030-06-21T14:00:00")
        one, other = (job.when for job in bench.schedules.jobs)
        assert one == Once(at=datetime(2030, 6, 21, 12, tzinfo=UTC))
        assert other == Once(at=datetime(2030, 6, 21, 14, tzinfo=UTC))

    run(scenario)


BAD_OLD: list[dict[str, JsonValue]] = [
    {"at_time": "2020-01-01T00:00:00Z"},
    {"at_time": "yesterday"},
    {"at_time": ""},
    {"at_time": FAR, "end_time": "2198-01-01T00:00:00Z"},
    {"at_time": FAR, "interval": 3600, "end_time": "2198-01-01T00:00:00Z"},
    {"interval": 3600, "end_time": "2020-01-01T00:00:00Z"},
    {"end_time": FAR},
    {"interval": 0},
    {"interval": -5},
    {"interval": 1e-9},
    {"interval": 1e12},
    {"at_time": FAR, "nsequence": 0},
    {"at_time": FAR, "target": 5},
    {"at_time": FAR, "run": "../x"},
    {"at_time": FAR, "recipe": "moon"},
]


@pytest.mark.parametrize("wanted", BAD_OLD)
def test_what_makes_no_sense_is_refused(wanted: dict[str, JsonValue]) -> None:
    async def scenario(bench: Bench) -> None:
        assert await refused(bench.put("record_sequence", **wanted))
        assert bench.schedules.jobs == ()

    run(scenario)


def test_a_batch_that_takes_longer_than_its_interval_is_refused() -> None:
    async def scenario(bench: Bench) -> None:
        message = await refused(bench.put("record_sequence", nsequence=10, delay=60, interval=300))
        assert "takes about 60" in message
        await bench.put("record_sequence", nsequence=10, delay=60, interval=900)
        message = await refused(bench.put("scheduler/edit", 1, nsequence=20))
        assert "every 900 s" in message
        await refused(bench.put("scheduler/edit", 1, {"kind": "every", "seconds": 300}))
        await bench.put("scheduler/edit", 1, {"kind": "every", "seconds": 1300}, nsequence=20)

    run(scenario)


@pytest.mark.parametrize(("path", "task"), [("power_on", TaskKind.POWER_ON), ("power_off", TaskKind.POWER_OFF)])
def test_spectrometers_are_switched_every_day(path: str, task: TaskKind) -> None:
    async def scenario(bench: Bench) -> None:
        await bench.put(path, "2026-01-01T20:00:00+01:00")
        job = bench.schedules.job(1)
        assert (job.task, job.ignores_quiet_time, dict(job.parameters)) == (task, True, {})
        row = [1, [path], "2026-01-01T19:00:00+00:00", None, 86400.0, "active"]
        assert await bench.get("scheduler/jobs") == [row]
        await refused(bench.put(path, "at eight"))

    run(scenario)


def test_suspend_unsuspend_delete() -> None:
    async def scenario(bench: Bench) -> None:
        heard: list[JsonValue] = []
        await bench.put("record_sequence", at_time=FAR)
        jobs = bench.resource("scheduler/jobs")
        jobs.subscribe(lambda: heard.append(bench.control.find("scheduler").jobs))  # type: ignore[union-attr]
        row = [1, ["record", ["spectra", 1, -1, 0.0, 80.0]], FAR, None, None]
        for path, expected in (
            ("suspend", [[*row, "suspended"]]),
            ("unsuspend", [[*row, "active"]]),
            ("delete", []),
        ):
            await bench.put(f"scheduler/{path}", 1)
            assert await bench.get("scheduler/jobs") == expected
            assert heard[-1] == expected
        assert len(heard) == 3
        for path in ("suspend", "unsuspend", "delete", "run_now", "edit"):
            await refused(bench.put(f"scheduler/{path}", 1), NotFound)
            await refused(bench.put(f"scheduler/{path}", 99), NotFound)

    run(scenario)


def test_quiet_time_as_old_clients_set_it() -> None:
    async def scenario(bench: Bench) -> None:
        assert await bench.get("scheduler/quietStart") == "22:00:00+0000"
        assert await bench.get("scheduler/quietEnd") == "04:00:00+0000"
        delay = await bench.get("scheduler/powerDelay")
        assert (delay, type(delay)) == (600, int)
        for value, expected in (
            ("21:30:00", "21:30:00+0000"),
            ("21:30:00+0200", "19:30:00+0000"),
            ("01:00:00+02:00", "23:00:00+0000"),
        ):
            await bench.put("scheduler/quietStart", value)
            assert await bench.get("scheduler/quietStart") == expected
        await bench.put("scheduler/quietEnd", "05:00:00-0100")
        await bench.put("scheduler/quietTimeEnabled", "True")
        await bench.put("scheduler/powerOffEnabled", True)
        await bench.put("scheduler/powerDelay", "5")
        assert bench.schedules.quiet == Quiet(
            enabled=True, start=time(23, tzinfo=UTC), end=time(6, tzinfo=UTC), power_off=True, power_delay=5.0
        )
        await bench.put("scheduler/quietTimeEnabled", "False")
        assert await bench.get("scheduler/quietTimeEnabled") is False
        for path, bad in (
            ("quietStart", "21"),
            ("quietStart", "25:00:00"),
            ("quietEnd", 5),
            ("quietTimeEnabled", "yes"),
            ("powerOffEnabled", 1),
            ("powerDelay", -1),
            ("powerDelay", "rubbish"),
            ("powerDelay", 1e9),
        ):
            await refused(bench.put(f"scheduler/{path}", bad))

    run(scenario)


# ---- as new clients ask ----


def test_a_job_is_added_and_shown() -> None:
    async def scenario(bench: Bench) -> None:
        when = {"kind": "cron", "expression": "0 12 * * *", "timezone": "Europe/London"}
        item = await bench.put(
            "scheduler/add", when, name="noon", description="text", nsequence=4, grace=60, ignore_quiet_time=True
        )
        now = bench.engine.clock.utcnow()
        assert item["parameters"] == {**DEFAULTS, "sequences": 4}
        assert item["when"] == {**when, "start": None, "end": None}
        shown = {name: item[name] for name in ("id", "task", "name", "description", "status", "grace", "failures")}
        assert shown == {
            "id": 1,
            "task": "record",
            "name": "noon",
            "description": "text",
            "status": "active",
            "grace": 60.0,
            "failures": 0,
        }
        assert item["made"] == now.isoformat()
        assert item["next"] == "2026-06-22T11:00:00+00:00"
        assert await bench.get("scheduler/job/1") == item
        assert await bench.put("scheduler/list") == {"jobs": [item], "cursor": None}

    run(scenario)


@pytest.mark.parametrize("task", TaskKind)
def test_every_task_can_be_a_job(task: TaskKind) -> None:
    async def scenario(bench: Bench) -> None:
        item = await bench.put("scheduler/add", {"kind": "once", "at": FAR}, task=task.value)
        assert item["task"] == task.value
        rows = await bench.get("scheduler/jobs")
        assert isinstance(rows, list)
        expected: dict[TaskKind, JsonValue] = {
            TaskKind.RECORD: ["record", ["spectra", 1, -1, 0.0, 80.0]],
            TaskKind.DARK: ["record_dark", ["spectra"]],
            TaskKind.AUTO: ["auto", [80.0]],
            TaskKind.POWER_ON: ["power_on"],
            TaskKind.POWER_OFF: ["power_off"],
        }
        assert rows[0][1] == expected[task]

    run(scenario)


def test_a_recipe_is_resolved_when_the_job_is_made() -> None:
    async def scenario(bench: Bench) -> None:
        item = await bench.put("scheduler/add", {"kind": "once", "at": FAR}, recipe="noon", target=50)
        expected = {"recipe": "noon", "run": "noon run", "sequences": 5, "target": 50.0}
        assert item["parameters"] == {**DEFAULTS, **expected}
        await bench.put("record_sequence", at_time=FAR, recipe="noon")
        assert bench.schedules.job(2).parameters["recipe"] == "noon"

    run(scenario)


def test_a_job_by_the_sun_needs_a_place() -> None:
    async def scenario(bench: Bench) -> None:
        when: JsonValue = {"kind": "sun", "seconds": 600, "elevation": 20}
        message = await refused(bench.put("scheduler/add", when), Unavailable)
        assert "where the rig is" in message
        bench.position.append(Position(latitude=55.9, longitude=-3.2))
        item = await bench.put("scheduler/add", when)
        assert item["when"]["elevation"] == 20.0
        assert item["next"] is not None

    run(scenario)


BAD_WHEN: list[JsonValue] = [
    None,
    5,
    "noon",
    {},
    {"kind": "weekly"},
    {"kind": "once"},
    {"kind": "once", "at": None},
    {"kind": "once", "at": "2199-01-01T00:00:00"},
    {"kind": "once", "at": "2020-01-01T00:00:00Z"},
    {"kind": "once", "at": FAR, "seconds": 5},
    {"kind": "every"},
    {"kind": "every", "seconds": "x"},
    {"kind": "every", "seconds": None},
    {"kind": "every", "seconds": 0},
    {"kind": "every", "seconds": -1},
    {"kind": "every", "seconds": 0.5},
    {"kind": "every", "seconds": 1e10},
    {"kind": "every", "seconds": True},
    {"kind": "every", "seconds": 60, "end": "2020-01-01T00:00:00Z"},
    {"kind": "every", "seconds": 60, "start": FAR, "end": "2198-01-01T00:00:00Z"},
    {"kind": "every", "seconds": 60, "start": "2199-01-01"},
    {"kind": "cron", "expression": "every noon"},
    {"kind": "cron", "expression": "0 12 31 2 *"},
    {"kind": "cron", "expression": "0 12 * * *", "timezone": "Mars/Olympus"},
    {"kind": "cron", "expression": "0 12 * * *", "timezone": None},
    {"kind": "cron", "expression": "0 12 * * *", "end": "2026-06-21T12:30:00Z"},
    {"kind": "sun", "seconds": 60, "elevation": 91},
    {"kind": "sun", "seconds": 60, "rise_offset": 1e6},
]


@pytest.mark.parametrize("when", BAD_WHEN)
def test_times_that_make_no_sense_are_refused(when: JsonValue) -> None:
    async def scenario(bench: Bench) -> None:
        bench.position.append(Position(latitude=55.9, longitude=-3.2))
        assert await refused(bench.put("scheduler/add", when))
        assert bench.schedules.jobs == ()

    run(scenario)


@pytest.mark.parametrize(
    "wanted",
    [
        {"task": "dance"},
        {"task": "power_off", "run": "r"},
        {"task": "auto", "nsequence": 3},
        {"task": "dark", "mode": "deled"},
        {"name": "x" * 65},
        {"description": "x" * 401},
        {"grace": -1},
        {"run": "a/b"},
        {"nsequence": 0},
        {"recipe": "moon"},
        {"colour": "red"},
    ],
)
def test_other_nonsense_is_refused(wanted: dict[str, JsonValue]) -> None:
    async def scenario(bench: Bench) -> None:
        assert await refused(bench.put("scheduler/add", {"kind": "once", "at": FAR}, **wanted))
        assert bench.schedules.jobs == ()

    run(scenario)


def test_an_edit_changes_what_is_given_only() -> None:
    async def scenario(bench: Bench) -> None:
        before = await bench.put("scheduler/add", {"kind": "once", "at": FAR}, name="a", nsequence=4, grace=5)
        bench.engine.recorder._settings = BatchSettings(sequences=9, target=20.0)
        after = await bench.put("scheduler/edit", 1, name="b", delay=2)
        assert after == {**before, "name": "b", "parameters": {**before["parameters"], "delay": 2.0}}
        other: dict[str, JsonValue] = {"kind": "every", "start": FAR, "seconds": 60.0, "end": None}
        after = await bench.put("scheduler/edit", 1, other, ignore_quiet_time=True)
        assert (after["when"], after["ignores_quiet_time"], after["name"]) == (other, True, "b")
        assert after["parameters"]["sequences"] == 4
        after = await bench.put("scheduler/edit", 1, recipe="noon")
        assert {key: after["parameters"][key] for key in ("recipe", "sequences", "run")} == {
            "recipe": "noon",
            "sequences": 5,
            "run": "spectra",
        }
        for wrong in ({"nsequence": 0}, {"when": {"kind": "once", "at": "2020-01-01T00:00:00Z"}}, {"recipe": "moon"}):
            await refused(bench.put("scheduler/edit", 1, **wrong))
        assert await bench.get("scheduler/job/1") == after

    run(scenario)


def test_a_suspended_job_can_be_edited_after_its_time() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.put("scheduler/add", {"kind": "once", "at": bench.now(60)})
        bench.engine.clock.advance(120)
        item = await bench.put("scheduler/edit", 1, name="missed")
        assert (item["name"], item["next"]) == ("missed", None)

    run(scenario)


def test_many_jobs_come_in_pages() -> None:
    async def scenario(bench: Bench) -> None:
        for number in range(7):
            await bench.put("scheduler/add", {"kind": "once", "at": FAR}, name=str(number))
        page = await bench.put("scheduler/list", limit=3)
        assert ([job["id"] for job in page["jobs"]], page["cursor"]) == ([1, 2, 3], 3)
        page = await bench.put("scheduler/list", page["cursor"], 4)
        assert ([job["id"] for job in page["jobs"]], page["cursor"]) == ([4, 5, 6, 7], None)
        await refused(bench.put("scheduler/list", limit=101))

    run(scenario)


def test_runs() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.put("scheduler/add", {"kind": "once", "at": FAR})
        begun = await bench.put("scheduler/run_now", 1)
        assert (begun["job"], begun["outcome"]) == (1, None)
        page = await bench.put("scheduler/runs", 1)
        assert page == {"runs": [begun], "cursor": None}
        await refused(bench.put("scheduler/runs", 7), NotFound)
        await refused(bench.put("scheduler/runs", limit=0))

    run(scenario)


def test_the_last_run_is_told_in_one_datagram() -> None:
    async def scenario(bench: Bench) -> None:
        assert await bench.get("scheduler/last_run") is None
        now = bench.engine.clock.utcnow()
        last = JobRun(
            id=5,
            job=1,
            planned=now,
            started=now,
            ended=now,
            outcome=RunOutcome.FAILED,
            reason="\U0001f333" * 500,
            run="\U0001f333" * 64,
            batch=9,
        )
        heard: list[bool] = []
        bench.resource("scheduler/last_run").subscribe(lambda: heard.append(True))
        bench.engine.broker.publish(JobRunChanged(run=last))
        item = await bench.get("scheduler/last_run")
        assert heard == [True]
        assert isinstance(item, dict)
        assert (item["id"], item["outcome"]) == (5, "failed")
        assert len(json.dumps(item)) <= MAX_OBSERVABLE

    run(scenario)


def test_what_comes_next_fits_into_one_datagram() -> None:
    async def scenario(bench: Bench) -> None:
        assert await bench.get("scheduler/next") == []
        name = "\U0001f333" * 64
        await bench.put("scheduler/add", {"kind": "once", "at": FAR}, name=name)
        job = bench.schedules.job(1)
        start = bench.engine.clock.utcnow()
        bench.schedules.coming = [
            Coming(job=job, planned=start + timedelta(minutes=n), skipped="quiet time" if n % 2 else None)
            for n in range(10)
        ]
        few, all_of_them = await bench.get("scheduler/next"), await bench.put("scheduler/starts", 8)
        assert isinstance(few, list)
        assert len(few) == 1
        assert len(json.dumps(few)) <= MAX_OBSERVABLE
        assert len(all_of_them) == 8
        assert all_of_them[1] == {
            "time": (start + timedelta(minutes=1)).isoformat(),
            "job": 1,
            "name": name,
            "task": "record",
            "skipped": "quiet time",
        }
        bench.schedules.coming = [replace(one, job=replace(job, name="")) for one in bench.schedules.coming]
        few = await bench.get("scheduler/next")
        assert isinstance(few, list)
        assert len(few) == 5

    run(scenario)


def test_everything_can_be_halted() -> None:
    async def scenario(bench: Bench) -> None:
        assert (await bench.get("scheduler/enabled"), await bench.get("scheduler/halt")) == (True, None)
        await bench.put("scheduler/enabled", False)
        assert await bench.get("scheduler/enabled") is False
        halt = await bench.get("scheduler/halt")
        assert isinstance(halt, dict)
        assert set(halt) == {"since", "reason", "by"}
        await bench.put("scheduler/enabled", "True")
        assert (await bench.get("scheduler/enabled"), await bench.get("scheduler/halt")) == (True, None)

    run(scenario)
