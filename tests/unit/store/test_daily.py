from __future__ import annotations

import csv
import errno
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from piccolo3.clock import ManualClock
from piccolo3.errors import StoreError
from piccolo3.store import HOUSEKEEPING_FOLDER, DailyTables, DataDirectory, Sample

NOON = datetime(2026, 6, 21, 12, tzinfo=UTC)


def sample(hours: float = 0, **values: float | str | None) -> Sample:
    return Sample(time=NOON + timedelta(hours=hours), values=values)


def rows(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


def test_a_table_for_each_day(tmp_path: Path) -> None:
    tables = DailyTables(tmp_path / "tables")
    tables.append(["a", "b"], [sample(a=1, b=None), sample(1, a=2.5, b="x, y"), sample(12, a=3)])
    tables.append(["a", "b"], [sample(13, a=4)])
    assert rows(tmp_path / "tables/2026-06-21.csv") == [
        ["time", "a", "b"],
        ["2026-06-21T12:00:00+00:00", "1", ""],
        ["2026-06-21T13:00:00+00:00", "2.5", "x, y"],
    ]
    assert [row[1] for row in rows(tmp_path / "tables/2026-06-22.csv")] == ["a", "3", "4"]


def test_other_columns_go_to_another_table(tmp_path: Path) -> None:
    for columns in (["a"], ["a", "b"], ["a"], ["a", "b"]):
        DailyTables(tmp_path / "t").append(columns, [sample(a=1, b=2)])
    assert len(rows(tmp_path / "t/2026-06-21.csv")) == 3
    assert len(rows(tmp_path / "t/2026-06-21_2.csv")) == 3


@pytest.mark.parametrize("torn", ["2026-06-21T12:3", "2026-06-21T12:30:00+00:00,"])
def test_a_torn_row_is_removed(tmp_path: Path, torn: str) -> None:
    tables = DailyTables(tmp_path / "t")
    tables.append(["a"], [sample(a=1)])
    path = tmp_path / "t/2026-06-21.csv"
    with path.open("a") as file:
        file.write(torn)
    tables.append(["a"], [sample(1, a=2)])
    assert [row[1] for row in rows(path)] == ["a", "1", "2"]


@pytest.mark.parametrize("torn", ["", "time", "time,a"])
def test_a_torn_header_is_written_again(tmp_path: Path, torn: str) -> None:
    folder = tmp_path / "t"
    folder.mkdir()
    (folder / "2026-06-21.csv").write_text(torn)
    DailyTables(folder).append(["a"], [sample(a=1)])
    assert [row[1] for row in rows(folder / "2026-06-21.csv")] == ["a", "1"]


def test_a_full_disk_leaves_no_half_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = DailyTables(tmp_path / "t")
    tables.append(["a"], [sample(a=1)])
    before = (tmp_path / "t/2026-06-21.csv").read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="the disk is full"):
        tables.append(["a"], [sample(1, a=2)])
    assert (tmp_path / "t/2026-06-21.csv").read_bytes() == before


def test_its_folder_is_no_run(tmp_path: Path) -> None:
    with DataDirectory(tmp_path, ManualClock(), clobber=False, split=True) as directory:
        DailyTables(tmp_path / HOUSEKEEPING_FOLDER).append(["a"], [sample(a=1)])
        assert directory.runs() == []
        assert not directory.run_exists(HOUSEKEEPING_FOLDER)


def test_without_the_directory_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="vanished"):
        DailyTables(tmp_path / "gone" / "t").append(["a"], [sample(a=1)])
    assert not list(tmp_path.iterdir())
