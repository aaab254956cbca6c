"""The page about the tables of the schedule."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from piccolo3.clock import ManualClock
from piccolo3.store.schedule import Job, JobRun, Once, RunOutcome, TaskKind
from piccolo3.store.schedule.models import Base
from piccolo3.store.schedule.reference import reference
from piccolo3.store.schedule.sql import SCHEDULE_FILE, SqlSchedule

ROOT = Path(__file__).parents[4]
NOW = datetime(2026, 6, 21, 12, tzinfo=UTC)


def test_the_page_is_that_of_the_tables() -> None:
    written = (ROOT / "docs" / "reference" / "schedule.md").read_text(encoding="utf-8")
    assert written == reference(), "run `make docs`"


def test_everything_is_explained() -> None:
    for table in Base.metadata.sorted_tables:
        assert f"## `{table.name}`" in reference()
        explained = [column.doc or column.primary_key for column in table.columns]
        assert all(explained), table.name


def test_the_examples_find_something(tmp_path: Path) -> None:
    store = SqlSchedule(tmp_path, ManualClock(NOW))
    store.open()
    job = store.add(Job(task=TaskKind.DARK, when=Once(at=NOW), made=NOW, name="x"))
    store.save_run(JobRun(job=job.id, planned=NOW, outcome=RunOutcome.FAILED, reason="why"))
    store.close()
    examples = re.findall(r"```sql\n(.*?)```", reference(), re.DOTALL)
    assert len(examples) == 2
    with closing(sqlite3.connect(tmp_path / SCHEDULE_FILE)) as connection:
        month, failed = (connection.execute(example).fetchall() for example in examples)
    assert month == [("2026-06", "failed", 1, 0, 0)]
    assert failed == [(1, "x", "2026-06-21 12:00:00.000000", "failed", "why")]
