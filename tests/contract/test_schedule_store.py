"""What every store of a schedule does: the database, and the one in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta, timezone
from pathlib import Path

import pytest

from piccolo3.clock import ManualClock
from piccolo3.errors import Conflict, InvalidValue, NotFound, StoreError
from piccolo3.store.schedule import (
    ByCron,
    BySun,
    Every,
    Halt,
    Job,
    JobRun,
    JobStatus,
    Once,
    Quiet,
    RunOutcome,
    ScheduleStore,
    TaskKind,
    When,
    interface,
    rows,
)
from piccolo3.store.schedule import memory as memory_module
from piccolo3.store.schedule.memory import MemorySchedule
from piccolo3.store.schedule.sql import SqlSchedule

NOW = datetime(2026, 6, 21, 12, 0, 0, 250, tzinfo=UTC)
JOB = Job(
    task=TaskKind.RECORD,
    parameters={"run": "tower", "sequences": 3, "delay": 0.5, "mode": None, "name": "Bäume \U0001f333"},
    when=Every(start=NOW, seconds=600.0, end=NOW + timedelta(days=2)),
    name="noon",
    description="at the tower",
    grace=30.5,
    made=NOW,
    made_by="coap [::1]:40000",
)
WHENS: list[When] = [
    Once(at=NOW),
    Every(start=NOW, seconds=0.5),
    ByCron(expression="*/10 6-20 * * *", timezone="Europe/Berlin", start=NOW),
    BySun(seconds=300.0, rise_offset=-1800.0, set_offset=60.0),
    BySun(seconds=300.0, elevation=-6.5, start=NOW, end=NOW + timedelta(days=1)),
]


@dataclass
class Bench:
    """A store that is open; `again` is what a restart finds."""

    store: ScheduleStore
    again: Callable[[], ScheduleStore]
    survives: bool


@pytest.fixture(params=["sqlite", "memory"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    opened: list[ScheduleStore] = []

    def make() -> ScheduleStore:
        while opened:
            opened.pop().close()
        store = MemorySchedule() if request.param == "memory" else SqlSchedule(tmp_path, ManualClock(NOW))
        assert store.open() == ()
        opened.append(store)
        return store

    yield Bench(make(), make, survives=request.param != "memory")
    for store in opened:
        store.close()


@pytest.fixture
def store(bench: Bench) -> ScheduleStore:
    return bench.store


def few(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    for module in (interface, rows, memory_module):
        monkeypatch.setattr(module, "MOST_JOBS", most)


def test_a_job_comes_back_as_it_was_with_a_number(store: ScheduleStore) -> None:
    first, second = store.add(JOB), store.add(replace(JOB, name="other"))
    assert (first.id, second.id) == (1, 2)
    assert replace(first, id=0) == JOB
    assert store.jobs() == (first, second)
    assert store.job(2) == second


@pytest.mark.parametrize("when", WHENS)
def test_every_kind_of_time_comes_back(store: ScheduleStore, when: When) -> None:
    number = store.add(replace(JOB, when=when)).id
    assert store.job(number).when == when


@pytest.mark.parametrize("task", TaskKind)
def test_every_kind_of_task_comes_back(store: ScheduleStore, task: TaskKind) -> None:
    assert store.job(store.add(replace(JOB, task=task)).id).task is task


def test_dates_come_back_in_utc(store: ScheduleStore) -> None:
    zone = timezone(timedelta(hours=2))
    local = replace(JOB, when=Once(at=NOW.astimezone(zone)), made=NOW.astimezone(zone), reached=NOW.astimezone(zone))
    added = store.add(local)
    for job in (added, store.job(added.id)):
        assert isinstance(job.when, Once)
        assert [job.when.at.isoformat(), job.made.isoformat()] == [NOW.isoformat()] * 2
        assert job.reached is not None
        assert job.reached.tzinfo is UTC


def test_dates_without_offset_are_refused(store: ScheduleStore) -> None:
    naive = NOW.replace(tzinfo=None)
    for job in (replace(JOB, made=naive), replace(JOB, when=Once(at=naive)), replace(JOB, reached=naive)):
        with pytest.raises(InvalidValue, match="offset"):
            store.add(job)
    assert store.jobs() == ()


def test_a_new_job_must_not_bring_a_number(store: ScheduleStore) -> None:
    with pytest.raises(InvalidValue):
        store.add(replace(JOB, id=5))


def test_jobs_that_are_not_alive_are_only_listed_on_demand(store: ScheduleStore) -> None:
    jobs = [store.add(JOB) for _ in JobStatus]
    for job, status in zip(jobs, JobStatus, strict=True):
        store.change(replace(job, status=status))
    assert [job.status for job in store.jobs()] == [JobStatus.ACTIVE, JobStatus.SUSPENDED]
    assert [job.status for job in store.jobs([JobStatus.DONE])] == [JobStatus.DONE]
    assert store.job(4).status is JobStatus.DELETED


def test_a_job_changes(store: ScheduleStore) -> None:
    job = store.add(JOB)
    other = replace(
        job, name="evening", when=Once(at=NOW), parameters={"run": "x"}, failures=3, reached=NOW, grace=None
    )
    assert store.change(other) == other
    assert store.job(job.id) == other
    assert store.jobs() == (other,)


def test_a_deleted_job_stays_deleted(store: ScheduleStore) -> None:
    job = store.add(JOB)
    store.change(replace(job, status=JobStatus.DELETED))
    with pytest.raises(Conflict):
        store.change(job)
    assert store.jobs() == ()


def test_numbers_are_never_given_again(bench: Bench) -> None:
    store = bench.store
    for _ in range(3):
        job = store.add(JOB)
        store.change(replace(job, status=JobStatus.DELETED))
    if bench.survives:
        store = bench.again()
    assert store.add(JOB).id == 4


@pytest.mark.parametrize("number", [0, -1, 7, 2**63, 2**200])
def test_unknown_jobs(store: ScheduleStore, number: int) -> None:
    store.add(JOB)
    with pytest.raises(NotFound):
        store.job(number)
    with pytest.raises(NotFound):
        store.change(replace(JOB, id=number))
    with pytest.raises(NotFound):
        store.runs(number)
    with pytest.raises(NotFound):
        store.save_run(JobRun(job=number, planned=NOW))


def test_there_is_a_limit_for_jobs_that_are_alive(store: ScheduleStore, monkeypatch: pytest.MonkeyPatch) -> None:
    few(monkeypatch, 3)
    jobs = [store.add(JOB) for _ in range(3)]
    with pytest.raises(Conflict, match="3 jobs"):
        store.add(JOB)
    store.change(replace(jobs[0], status=JobStatus.SUSPENDED))
    with pytest.raises(Conflict):
        store.add(JOB)
    store.change(replace(jobs[0], status=JobStatus.DONE))
    assert store.add(JOB).id == 4


def run_of(job: Job, minute: int, outcome: RunOutcome | None = RunOutcome.COMPLETE) -> JobRun:
    return JobRun(job=job.id, planned=NOW + timedelta(minutes=minute), outcome=outcome)


def test_a_run_is_kept_and_completed(store: ScheduleStore) -> None:
    job = store.add(JOB)
    begun = store.save_run(JobRun(job=job.id, planned=NOW, started=NOW + timedelta(seconds=1), late=True))
    assert begun.id > 0
    assert store.unfinished() == (begun,)
    ended = replace(
        begun,
        ended=NOW + timedelta(minutes=1),
        outcome=RunOutcome.FAILED,
        reason="the disk was full",
        run="tower",
        batch=7,
        coalesced=2,
    )
    assert store.save_run(ended) == ended
    assert store.runs().entries == (ended,)
    assert store.unfinished() == ()


@pytest.mark.parametrize("outcome", RunOutcome)
def test_every_outcome_comes_back(store: ScheduleStore, outcome: RunOutcome) -> None:
    run = store.save_run(run_of(store.add(JOB), 0, outcome))
    assert store.last_runs() == {1: run}
    assert store.runs().entries[0].outcome is outcome


def test_a_run_and_its_job_change_together_or_not_at_all(store: ScheduleStore) -> None:
    job = store.add(JOB)
    with pytest.raises(NotFound):
        store.save_run(replace(run_of(job, 0), id=99), replace(job, failures=1))
    assert store.job(job.id).failures == 0
    with pytest.raises(NotFound):
        store.save_run(run_of(job, 0), replace(job, id=99))
    assert store.runs().entries == ()
    store.save_run(run_of(job, 0), replace(job, failures=1, reached=NOW))
    assert (store.job(job.id).failures, store.job(job.id).reached) == (1, NOW)


def test_runs_come_in_pages_the_last_first(store: ScheduleStore) -> None:
    one, other = store.add(JOB), store.add(JOB)
    runs = [store.save_run(run_of(one if minute % 2 else other, -minute)) for minute in range(7)]
    seen: list[JobRun] = []
    cursor = None
    while True:
        page = store.runs(limit=3, cursor=cursor)
        seen += page.entries
        cursor = page.cursor
        if cursor is None:
            break
        store.save_run(run_of(one, 100))  # does not disturb
    assert seen == runs[::-1]
    assert [run.planned for run in store.runs(other.id, limit=2).entries] == [runs[6].planned, runs[4].planned]


@pytest.mark.parametrize(("limit", "cursor"), [(0, None), (1001, None), (5, "x"), (5, "1_2"), (5, "")])
def test_bad_pages(store: ScheduleStore, limit: int, cursor: str | None) -> None:
    with pytest.raises(InvalidValue):
        store.runs(limit=limit, cursor=cursor)


def test_the_last_run_of_each_job(store: ScheduleStore) -> None:
    one, other, _ = store.add(JOB), store.add(JOB), store.add(JOB)
    store.save_run(run_of(one, 5))
    last = store.save_run(run_of(one, 3))
    only = store.save_run(run_of(other, 1))
    assert store.last_runs() == {one.id: last, other.id: only}


def test_old_runs_are_forgotten_but_the_last_of_each_job(store: ScheduleStore) -> None:
    one, other = store.add(JOB), store.add(JOB)
    for minute in range(5):
        store.save_run(run_of(one, minute))
    only = store.save_run(run_of(other, 0))
    assert store.forget_runs(NOW + timedelta(minutes=3)) == 3
    assert [run.planned.minute for run in store.runs(one.id).entries] == [4, 3]
    assert store.forget_runs(NOW + timedelta(days=3)) == 1
    assert store.runs(other.id).entries == (only,)


def test_numbers_of_runs_are_never_given_again(store: ScheduleStore) -> None:
    one, other = store.add(JOB), store.add(JOB)
    store.save_run(run_of(other, 0))
    first = store.save_run(run_of(one, 0))
    store.save_run(run_of(other, 1))
    store.forget_runs(NOW + timedelta(days=1))
    assert store.save_run(run_of(one, 1)).id > first.id + 1


def test_quiet_time(store: ScheduleStore) -> None:
    assert store.quiet() == Quiet()
    assert store.quiet() == Quiet(start=time(22, tzinfo=UTC), end=time(4, tzinfo=UTC), power_delay=600.0)
    other = Quiet(enabled=True, start=time(21, 30, 5, tzinfo=UTC), end=time(5, tzinfo=UTC), power_off=True)
    store.set_quiet(other)
    assert store.quiet() == other


def test_halt(store: ScheduleStore) -> None:
    assert store.halt() is None
    halt = Halt(since=NOW, reason="make_safe", by="coap [::1]:1")
    store.set_halt(halt)
    assert store.halt() == halt
    store.set_halt(None)
    assert store.halt() is None


def test_everything_survives_a_restart(bench: Bench) -> None:
    if not bench.survives:
        pytest.skip("it forgets everything")
    store = bench.store
    jobs = [store.add(replace(JOB, when=when, reached=NOW)) for when in WHENS]
    run = store.save_run(run_of(jobs[0], 0, None))
    quiet, halt = Quiet(enabled=True, power_delay=1.5), Halt(since=NOW, reason="because")
    store.set_quiet(quiet)
    store.set_halt(halt)
    again = bench.again()
    assert again.jobs() == tuple(jobs)
    assert again.unfinished() == (run,)
    assert (again.quiet(), again.halt()) == (quiet, halt)


def test_a_closed_store_is_of_no_use_until_it_is_opened_again(store: ScheduleStore) -> None:
    job = store.add(JOB)
    store.close()
    store.close()
    assert not store.is_open
    for call in (store.jobs, lambda: store.job(1), lambda: store.add(JOB), store.runs, store.quiet, store.halt):
        with pytest.raises(StoreError):
            call()
    assert store.open() == ()
    assert store.jobs() == (job,)
