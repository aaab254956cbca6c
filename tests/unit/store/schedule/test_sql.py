"""The schedule in its database: damage, the copy, and what the original program left."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, insert

from piccolo3.clock import ManualClock
from piccolo3.errors import StoreError
from piccolo3.store.database.upgrade import upgrade
from piccolo3.store.schedule import Every, Halt, Job, JobRun, JobStatus, Once, Quiet, TaskKind
from piccolo3.store.schedule.copy import ScheduleCopy
from piccolo3.store.schedule.models import HEAD, Base, JobRow
from piccolo3.store.schedule.rows import _values
from piccolo3.store.schedule.sql import COPY_FILE, MIGRATIONS, SCHEDULE_FILE, SqlSchedule

NOW = datetime(2026, 6, 21, 12, tzinfo=UTC)
JOB = Job(task=TaskKind.RECORD, parameters={"run": "r"}, when=Every(start=NOW, seconds=600.0), name="noon", made=NOW)
OLD = """
CREATE TABLE settings ("key" VARCHAR NOT NULL, value VARCHAR, PRIMARY KEY ("key"));
CREATE TABLE quiettime (label VARCHAR NOT NULL, datetime DATETIME, PRIMARY KEY (label));
CREATE TABLE jobs (id INTEGER NOT NULL, job VARCHAR, start_time DATETIME, next_time DATETIME, end_time DATETIME,
  interval DATETIME, "ignoreQuietTime" BOOLEAN, status VARCHAR(9), PRIMARY KEY (id),
  CHECK ("ignoreQuietTime" IN (0, 1)),
  CONSTRAINT piccoloschedulerstatus CHECK (status IN ('active', 'done', 'suspended', 'deleted')));
"""
RECORD = json.dumps(["record", ["r1", 1, -1, 0.0, 80.0]])
OLD_JOBS = [
    [1, RECORD, "2199-01-01 00:00:00.000000", "2199-01-01 00:00:00.000000", None, None, 0, "deleted"],
    [2, RECORD, "2199-01-01 00:00:00.000000", "2199-01-01 00:00:00.000000", None, None, 0, "active"],
    [
        4,
        RECORD,
        "2026-06-20 00:00:00.000000",
        "2026-06-21 13:00:00.000000",
        "2026-07-02 00:00:00.000000",
        "1970-01-01 01:00:00.000000",
        0,
        "suspended",
    ],
    [
        5,
        '["power_off"]',
        "2026-06-20 22:00:00.000000",
        "2026-06-21 22:00:00.000000",
        None,
        "1970-01-02 00:00:00.000000",
        1,
        "active",
    ],
    [6, '["make_coffee"]', "2199-01-01 00:00:00.000000", None, None, None, 0, "active"],
    [7, RECORD, "2199-01-01 00:00:00.000000", None, None, "1970-01-01 00:00:00.000000", 0, "active"],
    [8, RECORD, None, None, None, None, 0, "active"],
    [9, RECORD, "2020-01-01 00:00:00.000000", "2020-01-01 00:00:00.000000", None, None, 0, "done"],
]


def write_old(folder: Path, jobs: list[list[object]] | None = None, delay: str = "300") -> Path:
    path = folder / "scheduler.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(OLD)
        settings = [("quiet_time_enabled", "True"), ("power_off_enabled", "False"), ("power_delay", delay)]
        connection.executemany("INSERT INTO settings VALUES (?, ?)", settings)
        times = [("start", "2026-11-21 21:30:00.000000"), ("end", "2026-11-22 05:00:00.000000")]
        connection.executemany("INSERT INTO quiettime VALUES (?, ?)", times)
        connection.executemany("INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", OLD_JOBS if jobs is None else jobs)
    return path


class Bench:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = ManualClock(NOW)
        self.store = SqlSchedule(folder, self.clock)
        self.said: Sequence[str] = ()

    def __enter__(self) -> SqlSchedule:
        self.said = self.store.open()
        return self.store

    def __exit__(self, *_: object) -> None:
        self.store.close()

    @property
    def file(self) -> Path:
        return self.folder / SCHEDULE_FILE

    @property
    def copy(self) -> Path:
        return self.folder / COPY_FILE


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def damage(path: Path) -> None:
    path.write_bytes(b"this is no database" * 500)


def test_what_is_durable_is_synced(bench: Bench) -> None:
    with bench as store:
        store.add(JOB)
        with store._database.reading() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL


def test_the_migrations_lead_to_the_tables(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'x.sqlite'}")
    with engine.begin() as connection:
        upgrade(connection, "head", MIGRATIONS)
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Base.metadata) == []
        assert context.get_current_revision() == HEAD
    engine.dispose()


def test_a_damaged_database_is_made_anew_from_the_copy(bench: Bench) -> None:
    halt, quiet = Halt(since=NOW, reason="why"), Quiet(enabled=True, start=time(20, 15, tzinfo=UTC))
    with bench as store:
        jobs = [store.add(replace(JOB, name=f"job {number}")) for number in range(4)]
        jobs[0] = store.change(replace(jobs[0], status=JobStatus.SUSPENDED, name="renamed"))
        store.change(replace(jobs[1], status=JobStatus.DONE))
        store.change(replace(jobs[3], status=JobStatus.DELETED))
        store.set_quiet(quiet)
        store.set_halt(halt)
    damage(bench.file)
    with bench as store:
        assert any("damaged" in sentence for sentence in bench.said)
        assert any("2 jobs were restored" in sentence for sentence in bench.said)
        assert store.jobs() == (jobs[0], jobs[2])
        assert (store.quiet(), store.halt()) == (quiet, halt)
        assert store.add(JOB).id == 5
        assert store.runs().entries == ()
    assert len(list(bench.folder.glob("schedule.sqlite.damaged-*"))) == 1


def test_without_a_copy_a_damaged_database_is_empty(bench: Bench) -> None:
    with bench as store:
        store.add(JOB)
    damage(bench.file)
    bench.copy.unlink()
    with bench as store:
        assert len(bench.said) == 1
        assert store.jobs() == ()


def test_damage_that_shows_itself_in_use(bench: Bench) -> None:
    with bench as store:
        job = store.add(JOB)
        with closing(sqlite3.connect(bench.file)) as connection, connection:
            connection.execute("UPDATE jobs SET timing = 'rubbish'")
        with pytest.raises(StoreError):
            store.jobs()
        assert not store.is_open
        assert any("restored" in sentence for sentence in store.open())
        assert store.jobs() == (job,)


@pytest.mark.parametrize("value", ["5", '{"start": 7}', '{"start": "noon"}', "[]"])
def test_a_setting_that_nobody_can_have_written(bench: Bench, value: str) -> None:
    quiet = Quiet(enabled=True)
    with bench as store:
        store.set_quiet(quiet)
        with closing(sqlite3.connect(bench.file)) as connection, connection:
            connection.execute("UPDATE settings SET value = ? WHERE key = 'quiet'", (value,))
        with pytest.raises(StoreError):
            store.quiet()
        store.open()
        assert store.quiet() == quiet


def test_a_database_that_is_gone_is_restored(bench: Bench) -> None:
    with bench as store:
        job = store.add(JOB)
        bench.file.unlink()
        assert not store.is_open
        with pytest.raises(StoreError, match="taken away"):
            store.jobs()
        store.open()
        assert store.jobs() == (job,)


def test_the_copy_is_right_again_after_a_start(bench: Bench) -> None:
    with bench as store:
        job = store.add(JOB)
    bench.copy.write_text("rubbish\n")
    with bench:
        assert not bench.said
    copied = ScheduleCopy(bench.copy).read()
    assert copied is not None
    assert copied.jobs == {1: job}


def test_a_copy_that_was_cut_off_loses_its_last_line_only(bench: Bench) -> None:
    with bench as store:
        jobs = [store.add(JOB) for _ in range(3)]
    bench.copy.write_bytes(bench.copy.read_bytes()[:-20])
    bench.file.unlink()
    with bench as store:
        assert store.jobs() == (*jobs[:2],)
        assert any("could not be read" in sentence for sentence in bench.said)


def test_a_copy_that_can_not_be_written_holds_nothing_up(bench: Bench) -> None:
    with bench as store:
        store.add(JOB)
        bench.copy.unlink()
        bench.copy.mkdir()
        store.add(JOB)
        store.add(JOB)
        bench.copy.rmdir()
        jobs = (*store.jobs(), store.add(JOB))
    bench.file.unlink()
    with bench as store:
        assert store.jobs() == jobs


def test_runs_do_not_make_the_copy_grow(bench: Bench) -> None:
    with bench as store:
        job = store.add(JOB)
        size = bench.copy.stat().st_size
        for minute in range(5):
            planned = NOW + timedelta(minutes=minute)
            store.save_run(JobRun(job=job.id, planned=planned), replace(job, reached=planned, failures=minute))
        assert bench.copy.stat().st_size == size
        store.save_run(JobRun(job=job.id, planned=NOW), replace(job, status=JobStatus.DONE))
        assert bench.copy.stat().st_size > size
    bench.file.unlink()
    with bench as store:
        assert store.jobs() == ()


def test_the_copy_does_not_grow_for_ever(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("piccolo3.store.schedule.copy._SPARE", 10)
    with bench as store:
        job = store.add(JOB)
        for number in range(50):
            job = store.change(replace(job, name=f"name {number}"))
        assert len(bench.copy.read_text().splitlines()) < 20
    bench.file.unlink()
    with bench as store:
        assert store.jobs() == (job,)


def test_a_disk_that_must_not_be_used(tmp_path: Path) -> None:
    def refuse() -> None:
        raise StoreError("not mounted")

    store = SqlSchedule(tmp_path / "data", ManualClock(NOW), guard=refuse)
    with pytest.raises(StoreError, match="not mounted"):
        store.open()
    assert not store.is_open
    assert list(tmp_path.iterdir()) == []


def test_a_newer_schedule_is_left_alone(bench: Bench) -> None:
    with bench as store:
        store.add(JOB)
    with closing(sqlite3.connect(bench.file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer version"):
        bench.store.open()
    assert not list(bench.folder.glob("*.damaged-*"))


def test_the_old_schedule_is_taken_over_once(bench: Bench) -> None:
    path = write_old(bench.folder)
    before = path.read_bytes()
    with bench as store:
        jobs = store.jobs()
        assert [job.id for job in jobs] == [2, 4, 5]
        once, every, power = jobs
        assert once.when == Once(at=datetime(2199, 1, 1, tzinfo=UTC))
        assert once.parameters == {
            "run": "r1",
            "sequences": 1,
            "autointegration": -1,
            "delay": 0.0,
            "target": 80.0,
            "mode": "classic",
            "averages": 1,
            "burst": False,
            "triggered": False,
        }
        start, end = datetime(2026, 6, 20, tzinfo=UTC), datetime(2026, 7, 2, tzinfo=UTC)
        assert every.when == Every(start=start, seconds=3600.0, end=end)
        assert every.status is JobStatus.SUSPENDED
        assert every.reached == datetime(2026, 6, 21, 12, tzinfo=UTC)
        assert power.task is TaskKind.POWER_OFF
        assert power.ignores_quiet_time
        assert power.reached == datetime(2026, 6, 20, 22, tzinfo=UTC)
        quiet = store.quiet()
        assert quiet == Quiet(
            enabled=True, start=time(21, 30, tzinfo=UTC), end=time(5, tzinfo=UTC), power_off=False, power_delay=300.0
        )
        assert store.add(JOB).id == 10
        assert "3 jobs were taken over" in bench.said[0]
        assert len(bench.said) == 4  # with one for each that makes no sense
        store.change(replace(once, status=JobStatus.DELETED))
    assert path.read_bytes() == before
    with bench as store:
        assert not bench.said
        assert [job.id for job in store.jobs()] == [4, 5, 10]
    bench.file.unlink()
    with bench as store:  # from the copy, not from the old one once more
        assert [job.id for job in store.jobs()] == [4, 5, 10]


@pytest.mark.parametrize("delay", ["1.5", "rubbish", "-3", "inf"])
def test_an_old_power_delay(bench: Bench, delay: str) -> None:
    write_old(bench.folder, [], delay)
    with bench as store:
        assert store.quiet().power_delay == (1.5 if delay == "1.5" else 600.0)
        assert len(bench.said) == (1 if delay == "1.5" else 2)


def test_an_old_schedule_that_is_none_is_tried_again(bench: Bench) -> None:
    path = bench.folder / "scheduler.sqlite"
    path.write_bytes(b"rubbish" * 1000)
    with bench as store:
        assert len(bench.said) == 1
        assert store.jobs() == ()
    path.unlink()
    write_old(bench.folder)
    with bench as store:
        assert len(store.jobs()) == 3


def test_ten_thousand_jobs_are_no_trouble(bench: Bench) -> None:
    with bench as store:
        with store._database.writing() as connection:
            connection.execute(insert(JobRow), [_values(JOB)] * 9_999)
        store.add(JOB)
        with pytest.raises(Exception, match="10000 jobs"):
            store.add(JOB)
    with bench as store:
        assert len(store.jobs()) == 10_000
