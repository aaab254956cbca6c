from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from piccolo3.errors import Busy, Conflict, InternalError, InvalidValue, NotFound, StoreError, Unavailable
from piccolo3.position import Position
from piccolo3.scheduling import (
    HaltChanged,
    JobRunChanged,
    JobsChanged,
    QuietChanged,
    RunResult,
    SchedulerRestarted,
    triggers,
)
from piccolo3.season import VirtualClock, run
from piccolo3.store.schedule import BySun, Every, Job, JobStatus, Once, Quiet, RunOutcome
from tests.schedule_world import NOON, World, play

MINUTE = timedelta(minutes=1)
TEN_MINUTES = Every(start=NOON, seconds=600)


def _started(world: World) -> list[tuple[int, float]]:
    """Jobs that were started, and when, in min after noon."""
    return [(number, round((when - NOON) / MINUTE, 3)) for number, when in world.rig.started]


# ---- one timer ----


@pytest.mark.parametrize("jobs", [1, 300])
def test_many_jobs_cost_no_more_wake_ups_than_one(jobs: int) -> None:
    async def scene(world: World) -> int:
        assert world.scheduler is not None
        for number in range(jobs):
            await world.add(Every(start=NOON + timedelta(days=9), seconds=3600 + number))
        await world.clock.asleep(60)
        before = world.scheduler.statistics.wake_ups
        await world.clock.asleep(3600)
        return world.scheduler.statistics.wake_ups - before

    assert play(scene) == 12  # it looks at the clock every 5 min


def test_without_jobs_it_sleeps_for_ever() -> None:
    async def scene(world: World) -> int:
        assert world.scheduler is not None
        await world.clock.asleep(86400)
        return world.scheduler.statistics.wake_ups

    assert play(scene) == 1


def test_hundreds_at_once_are_all_done_in_order() -> None:
    async def scene(world: World) -> list[int]:
        for _ in range(200):
            await world.add(Once(at=NOON + MINUTE), name=str(len(world.rig.takes)), takes=0.1, grace=3600)
        await world.clock.asleep(600)
        return [number for number, _ in world.rig.started]

    assert play(scene) == list(range(1, 201))


def test_jobs_begin_to_the_microsecond() -> None:
    async def scene(world: World) -> list[datetime]:
        await world.add(Every(start=NOON, seconds=7.25))
        await world.clock.asleep(3600)
        return [when for _, when in world.rig.started]

    starts = play(scene)
    assert len(starts) == 496
    late = [(when - NOON) % timedelta(seconds=7.25) for when in starts]
    assert max(late) <= timedelta(microseconds=10)


# ---- asking ----


def test_jobs_are_added_changed_and_deleted() -> None:
    async def scene(world: World) -> None:
        scheduler = world.scheduler
        assert scheduler is not None
        one = await world.add(TEN_MINUTES, name="one")
        two = await world.add(TEN_MINUTES, name="two")
        assert (one.id, two.id) == (1, 2)
        assert [job.id for job in scheduler.jobs] == [1, 2]
        assert scheduler.job(1) == one
        changed = await scheduler.change(world.make(Every(start=NOON, seconds=1200), name="first", id=1))
        assert changed.name == "first"
        assert [start.planned - NOON for start in scheduler.next(3)] == [10 * MINUTE, 20 * MINUTE, 20 * MINUTE]
        assert [start.job.id for start in scheduler.next(3)] == [2, 1, 2]
        await scheduler.delete(2)
        assert [job.name for job in scheduler.jobs] == ["first"]
        for ask in (scheduler.delete, scheduler.suspend, scheduler.unsuspend, scheduler.run_now):
            with pytest.raises(NotFound):
                await ask(2)
        with pytest.raises(NotFound):
            scheduler.job(7)
        with pytest.raises(InvalidValue):
            await scheduler.change(world.make(Once(at=NOON - MINUTE), id=1))
        with pytest.raises(InvalidValue):
            await world.add(Every(start=NOON, seconds=0))
        assert world.store.job(2).status is JobStatus.DELETED
        assert {event.job for event in world.events if isinstance(event, JobsChanged)} == {1, 2}

    play(scene)


def test_what_is_asked_twice_at_once_is_one_job() -> None:
    async def scene(world: World) -> None:
        jobs = await asyncio.gather(*(world.add(TEN_MINUTES, name="same") for _ in range(5)))
        assert {job.id for job in jobs} == {1}
        other = await world.add(TEN_MINUTES, name="same", parameters={"run": "other"})
        assert other.id == 2

    play(scene)


def test_what_the_disk_refuses_has_not_happened() -> None:
    async def scene(world: World) -> None:
        scheduler = world.scheduler
        assert scheduler is not None
        await world.add(TEN_MINUTES)
        world.disk = False
        asks: list[Callable[[], Awaitable[object]]] = [
            lambda: world.add(TEN_MINUTES, name="two"),
            lambda: scheduler.suspend(1),
            lambda: scheduler.delete(1),
            lambda: scheduler.change(world.make(TEN_MINUTES, id=1, name="other")),
            lambda: scheduler.set_quiet(Quiet(enabled=True)),
        ]
        for ask in asks:
            with pytest.raises(StoreError):
                await ask()
        assert [(job.id, job.name, job.status) for job in scheduler.jobs] == [(1, "", JobStatus.ACTIVE)]
        assert not scheduler.quiet.enabled

    play(scene)


def test_suspended_stays_suspended_and_goes_on_once() -> None:
    async def scene(world: World) -> None:
        scheduler = world.scheduler
        assert scheduler is not None
        await world.add(TEN_MINUTES)
        for _ in range(2):
            assert (await scheduler.suspend(1)).status is JobStatus.SUSPENDED
        assert not scheduler.next(5)
        await world.stopped(60)
        scheduler = world.scheduler
        assert scheduler is not None
        for _ in range(2):
            assert (await scheduler.unsuspend(1)).status is JobStatus.ACTIVE
        await world.until(NOON + 11 * MINUTE)
        assert _started(world) == [(1, 10)]

    play(scene)


def test_a_suspended_job_whose_time_has_passed_is_done_when_it_goes_on() -> None:
    async def scene(world: World) -> None:
        assert world.scheduler is not None
        await world.add(Once(at=NOON + MINUTE))
        await world.scheduler.suspend(1)
        await world.clock.asleep(120)
        await world.scheduler.unsuspend(1)
        await world.clock.asleep(1)
        assert not world.scheduler.jobs
        assert world.store.job(1).status is JobStatus.DONE
        assert not world.rig.started

    play(scene)


def test_a_job_that_is_changed_while_it_is_running_keeps_what_has_become_of_it() -> None:
    async def scene(world: World) -> None:
        assert world.scheduler is not None
        await world.add(TEN_MINUTES, name="one", takes=120)
        world.fails("one", Unavailable("no"))
        await world.until(NOON + 11 * MINUTE)
        await world.scheduler.change(world.make(TEN_MINUTES, name="other", id=1))
        await world.until(NOON + 13 * MINUTE)
        job = world.scheduler.job(1)
        assert (job.name, job.failures) == ("other", 1)
        assert world.store.job(1) == job

    play(scene)


# ---- run now ----


def test_run_now_says_what_has_begun() -> None:
    async def scene(world: World) -> None:
        scheduler = world.scheduler
        assert scheduler is not None
        await world.add(TEN_MINUTES, takes=30)
        begun = await scheduler.run_now(1)
        assert (begun.id, begun.job, begun.run, begun.batch, begun.outcome) == (1, 1, "tower", 1, None)
        running = scheduler.running
        assert running is not None
        assert running.job == 1
        with pytest.raises(Busy):
            await scheduler.run_now(1)
        await world.clock.asleep(60)
        assert scheduler.running is None
        assert (await scheduler.runs(1, limit=5, cursor=None)).entries[0].outcome is RunOutcome.COMPLETE

    play(scene)


def test_run_now_is_refused_as_the_rig_refuses_it_and_leaves_no_row() -> None:
    async def scene(world: World) -> None:
        scheduler = world.scheduler
        assert scheduler is not None
        await world.add(TEN_MINUTES)
        world.others_record(30)
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await scheduler.run_now(1)
        assert not world.rows
        await world.clock.asleep(60)
        scheduler.halt("stop")
        with pytest.raises(Conflict):
            await scheduler.run_now(1)

    play(scene)


@pytest.mark.parametrize(("error", "expected"), [(Unavailable("gone"), Unavailable), (KeyError("x"), InternalError)])
def test_run_now_fails_as_the_job_fails_before_it_begins(error: Exception, expected: type[Exception]) -> None:
    async def scene(world: World) -> None:
        assert world.scheduler is not None
        await world.add(TEN_MINUTES)

        async def refuse(job: Job, begun: object) -> RunResult:
            raise error

        world.rig.run = refuse  # type: ignore[method-assign]
        with pytest.raises(expected):
            await world.scheduler.run_now(1)
        await world.clock.asleep(1)
        assert [row.outcome for row in world.rows] == [RunOutcome.FAILED]

    play(scene)


# ---- it can't die ----


@pytest.mark.parametrize(
    "error",
    [RuntimeError("x"), KeyboardInterrupt(), SystemExit(3), asyncio.CancelledError(), StopIteration(), OSError()],
)
def test_whatever_a_job_raises_is_its_outcome(error: BaseException) -> None:
    async def scene(world: World) -> None:
        await world.add(TEN_MINUTES, name="bad")

        async def fail(job: Job, begun: Callable[[], None]) -> RunResult:
            begun()
            raise error

        world.rig.run = fail  # type: ignore[method-assign]
        await world.until(NOON + 21 * MINUTE)
        assert [row.outcome for row in world.rows] == [RunOutcome.FAILED] * 2

    play(scene)


def test_a_job_whose_times_can_not_be_told_harms_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    true_next = triggers.next_after

    def broken(when: object, *rest: object) -> object:
        if isinstance(when, Every) and when.seconds == 601:
            raise ZeroDivisionError("a bug")
        return true_next(when, *rest)  # type: ignore[arg-type]

    async def scene(world: World) -> None:
        assert world.scheduler is not None
        await world.add(Every(start=NOON, seconds=601), name="bad")
        await world.add(TEN_MINUTES, name="good")
        await world.until(NOON + 1 * MINUTE)
        monkeypatch.setattr(triggers, "next_after", broken)
        await world.until(NOON + timedelta(hours=2.1))
        assert {number for number, _ in world.rig.started} == {2}
        assert len(world.rig.started) == 12
        assert world.scheduler.statistics.restarts == 0
        bad = [row for row in world.rows if row.job == 1]
        assert {row.outcome for row in bad} == {RunOutcome.FAILED}
        assert len(bad) < 5  # it is not tried all the time
        assert [start.job.id for start in world.scheduler.next(3)] == [2, 2, 2]

    play(scene)


def test_a_scheduler_that_fails_again_and_again_is_restarted_less_and_less_often() -> None:
    async def scene(world: World) -> None:
        scheduler = world.scheduler
        assert scheduler is not None

        async def broken() -> float | None:
            raise RuntimeError("broken")

        scheduler._review = broken  # type: ignore[method-assign]
        scheduler.clock_stepped()
        await world.clock.asleep(3600)
        assert 50 < scheduler.statistics.restarts < 80
        assert sum(isinstance(event, SchedulerRestarted) for event in world.events) == scheduler.statistics.restarts

    play(scene)


# ---- the store ----


def test_without_a_disk_it_starts_and_takes_the_schedule_up_when_there_is_one() -> None:
    async def scene(world: World) -> None:
        await world.add(TEN_MINUTES)
        await world.down()
        world.disk = False
        scheduler = await world.up()
        assert not scheduler.jobs
        for ask in (scheduler.run_now, scheduler.suspend, scheduler.delete):
            with pytest.raises(Unavailable):
                await ask(1)
        scheduler.halt("by make_safe")
        await world.clock.asleep(300)
        world.disk = True
        await world.clock.asleep(60)
        assert [job.id for job in scheduler.jobs] == [1]
        assert scheduler.halted is not None  # what was halted meanwhile stays so
        await world.until(NOON + 15 * MINUTE)
        assert not world.rig.started
        halt = world.store.halt()
        assert halt is not None
        assert halt.reason == "by make_safe"
        await scheduler.resume()
        await world.until(NOON + 21 * MINUTE)
        assert _started(world) == [(1, 20)]

    play(scene)


def test_a_halt_that_the_disk_does_not_take_counts_at_once_and_is_kept_later() -> None:
    async def scene(world: World) -> None:
        scheduler = world.scheduler
        assert scheduler is not None
        await world.add(TEN_MINUTES)
        world.disk = False
        scheduler.halt("stop", "the operator")
        scheduler.halt("again")
        assert scheduler.halted is not None
        assert (scheduler.halted.reason, scheduler.halted.by) == ("stop", "the operator")
        with pytest.raises(StoreError):
            await scheduler.resume()
        assert scheduler.halted is not None
        world.disk = True
        await world.clock.asleep(120)
        await scheduler.resume()
        await scheduler.resume()
        assert world.store.halt() is None
        assert [event.halt is None for event in world.events if isinstance(event, HaltChanged)] == [False, True]

    play(scene)


def test_a_job_that_is_not_in_the_store_any_more_holds_nothing_up() -> None:
    async def scene(world: World) -> None:
        await world.add(TEN_MINUTES, name="lost")
        await world.add(TEN_MINUTES, name="found")
        del world.store._jobs[1]
        await world.until(NOON + 15 * MINUTE)
        assert [row.job for row in world.rows if row.outcome is RunOutcome.COMPLETE] == [2]

    play(scene)


def test_quiet_time_can_change_in_quiet_time() -> None:
    async def scene(world: World) -> None:
        scheduler = world.scheduler
        assert scheduler is not None
        await world.add(TEN_MINUTES)
        noon = NOON.timetz()
        await scheduler.set_quiet(Quiet(enabled=True, start=noon, end=noon.replace(hour=13)))
        await world.until(NOON + 25 * MINUTE)
        await scheduler.set_quiet(Quiet(enabled=False))
        assert [(row.planned - NOON, row.outcome, row.coalesced) for row in world.rows] == []
        await world.until(NOON + 31 * MINUTE)
        assert [((row.planned - NOON) / MINUTE, row.outcome, row.coalesced) for row in world.rows] == [
            (20, RunOutcome.QUIET, 1),
            (30, RunOutcome.COMPLETE, 0),
        ]
        assert sum(isinstance(event, QuietChanged) for event in world.events) == 2

    play(scene)


def test_rows_tell_what_happened_as_events_too() -> None:
    async def scene(world: World) -> None:
        assert world.scheduler is not None
        await world.add(TEN_MINUTES)
        await world.until(NOON + 11 * MINUTE)
        told = [event.run.outcome for event in world.events if isinstance(event, JobRunChanged)]
        assert told == [None, RunOutcome.COMPLETE]
        statistics = world.scheduler.statistics
        assert (statistics.started, statistics.late, statistics.missed) == (1, 0, 0)

    play(scene)


# ---- power ----


def test_power_is_switched_again_until_it_works() -> None:
    async def scene(world: World) -> None:
        scheduler, power = world.scheduler, world.power
        assert scheduler is not None
        assert power is not None
        quiet = Quiet(
            enabled=True,
            start=NOON.timetz(),
            end=NOON.timetz().replace(hour=13),
            power_off=True,
            power_delay=600,
        )
        power.error = Unavailable("not now")
        await scheduler.set_quiet(quiet)
        await world.until(NOON + 20 * MINUTE)
        power.error = None
        await world.until(NOON + 45 * MINUTE)
        power.error = ValueError("a bug")
        await world.until(NOON + 55 * MINUTE)
        power.error = None
        await world.until(NOON + 90 * MINUTE)
        times = [(word, round((when - NOON) / MINUTE)) for word, when in power.switched]
        assert [word for word, _ in times] == ["off", "on"]
        assert 20 <= times[0][1] <= 21
        assert 55 <= times[1][1] <= 56
        assert [level for level, message in world.notes if "could not be switched" in message] == ["warning"] * 2

    play(scene, warm_up=0)


def test_power_is_on_again_where_the_power_off_time_is_given_up() -> None:
    async def scene(world: World) -> None:
        scheduler, power = world.scheduler, world.power
        assert scheduler is not None
        assert power is not None
        quiet = Quiet(enabled=True, start=NOON.timetz(), end=NOON.timetz().replace(hour=20), power_off=True)
        await scheduler.set_quiet(quiet)
        await world.until(NOON + 30 * MINUTE)
        await world.stopped(60)  # one that starts in the power-off time switches off
        assert world.scheduler is not None
        await world.until(NOON + 60 * MINUTE)
        await world.scheduler.set_quiet(Quiet(enabled=False))
        await world.clock.asleep(1)
        assert [word for word, _ in power.switched] == ["off", "off", "on"]

    play(scene, warm_up=0)


# ---- position ----


def test_a_receiver_that_wanders_does_not_move_the_sun() -> None:
    async def scene(world: World) -> None:
        scheduler = world.scheduler
        assert scheduler is not None
        world.position = Position(latitude=51.5, longitude=0.0)
        scheduler.clock_stepped()
        await world.clock.asleep(1)
        await world.add(BySun(seconds=3600))
        before = scheduler.next(1)[0].planned
        for change, expected in ((0.01, True), (0.5, False)):
            world.position = Position(latitude=51.5, longitude=change)
            scheduler.clock_stepped()
            await world.clock.asleep(1)
            assert (scheduler.next(1)[0].planned == before) is expected

    play(scene)


# ---- clocks ----


def test_a_clock_that_was_in_the_future_when_a_job_was_made_holds_it_up_no_longer() -> None:
    async def scene(world: World) -> None:
        world.clock.step(86400 * 3000)
        await world.add(TEN_MINUTES)
        world.clock.step(-86400 * 3000)
        await world.until(NOON + 25 * MINUTE)
        assert [round(minute) for _, minute in _started(world)] == [10, 20]

    play(scene)


def test_a_machine_without_a_clock_waits_and_then_does_nothing_twice() -> None:
    async def scene(world: World) -> None:
        await world.add(Every(start=NOON + 5 * MINUTE, seconds=86400))
        await world.until(NOON + 7 * MINUTE)
        await world.down()
        world.trusted = False
        true, world.clock._epoch = world.clock._epoch, datetime(1970, 1, 1, tzinfo=UTC)
        scheduler = await world.up()
        await world.clock.asleep(60)
        assert scheduler.waiting_for_clock is True
        world.clock._epoch = true
        world.trusted = True
        scheduler.clock_stepped()
        await world.clock.asleep(60)
        assert [scheduler.waiting_for_clock] == [False]
        assert _started(world) == [(1, 5)]
        await world.until(NOON + timedelta(days=1, minutes=6))
        assert [round(minute) for _, minute in _started(world)] == [5, 1445]

    play(scene)


steps = st.sampled_from([-3e8, -4e7, -86400.0, -3601.0, -60.0, -3.0, 3.0, 60.0, 3601.0, 86400.0, 4e7, 3e8])


@settings(max_examples=12)
@given(
    st.lists(st.tuples(st.floats(0, 2000), steps, st.booleans()), max_size=8),
    st.lists(st.sampled_from([60.0, 600.0, 3600.0]), min_size=1, max_size=4, unique=True),
    st.floats(0.5, 100),
)
def test_however_the_clock_is_set_there_is_neither_a_storm_nor_a_stall(
    changes: list[tuple[float, float, bool]], intervals: list[float], takes: float
) -> None:
    async def scene(world: World) -> None:
        begin = world.clock.monotonic()
        starts: list[tuple[int, float]] = []
        rig_run = world.rig.run

        async def counted(job: Job, begun: object) -> RunResult:
            starts.append((job.id, world.clock.monotonic() - begin))
            return await rig_run(job, begun)  # type: ignore[arg-type]

        world.rig.run = counted  # type: ignore[method-assign]
        for number, seconds in enumerate(intervals):
            await world.add(
                Every(start=datetime(1901, 1, 1, tzinfo=UTC), seconds=seconds), name=f"{number}", takes=takes
            )
        for wait, step, tells in changes:
            await world.clock.asleep(wait)
            world.clock.step(step)
            if tells and world.scheduler is not None:
                world.scheduler.clock_stepped()
        quiet_from = world.clock.monotonic() - begin
        await world.clock.asleep(6000)
        whole = world.clock.monotonic() - begin
        for number, seconds in enumerate(intervals, start=1):
            mine = [when for job, when in starts if job == number]
            assert len(mine) <= whole / seconds + len(changes) + 1
            after = [when for when in mine if when >= quiet_from]
            # its turn comes at its next time, and the clock is looked at every 5 min
            assert after
            assert after[0] - quiet_from <= 1.5 * seconds + 300 + (len(intervals) + 1) * takes

    play(scene)


def test_stopping_leaves_nothing_behind() -> None:
    async def main() -> set[str]:
        world = World(clock)
        await world.up()
        await world.add(TEN_MINUTES, takes=300)
        world.others_record(30)
        await world.until(NOON + 11 * MINUTE)
        await world.down()
        return {task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()}

    clock = VirtualClock(NOON)
    assert run(clock, main()) == set()
