"""What the catalogue of a data directory is asked, and told."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from piccolo3.clock import SystemClock
from piccolo3.data import check, outcomes, rebuild
from piccolo3.data.catalogue import mark_exported
from piccolo3.errors import Conflict, NotFound
from piccolo3.store import BatchEnd, BatchRecord, CataloguedDirectory, DataDirectory

NOW = datetime(2026, 6, 21, 10, tzinfo=UTC)


def store(folder: Path) -> CataloguedDirectory:
    clock = SystemClock()
    return CataloguedDirectory(DataDirectory(folder, clock, clobber=False, split=True), clock)


def record_two(folder: Path) -> None:
    with store(folder) as opened:
        opened.create_run("tower")
        for result, reason in (("complete", None), ("failed", "interrupted")):
            record = BatchRecord(kind="record", requested_by="test", command={}, configuration=None, started=NOW)
            number = opened.begin_batch("tower", record)
            opened.end_batch("tower", number, BatchEnd(outcome=result, reason=reason, ended=NOW))


def test_outcomes_are_read_while_the_directory_is_in_use(tmp_path: Path) -> None:
    folder = tmp_path / "with space & %"
    record_two(folder)
    with store(folder):
        found = outcomes(folder, "tower")
    assert [(number, one.result, one.reason, one.kind) for number, one in found.items()] == [
        (0, "complete", None, "record"),
        (1, "failed", "interrupted", "record"),
    ]
    assert outcomes(folder, "mast") == {}


def test_without_a_catalogue_that_can_be_understood_there_are_none(tmp_path: Path) -> None:
    assert outcomes(tmp_path, "tower") == {}
    (tmp_path / "piccolo3.sqlite").write_bytes(b"no database" * 100)
    assert outcomes(tmp_path, "tower") == {}
    (tmp_path / "piccolo3.sqlite").unlink()
    sqlite3.connect(tmp_path / "piccolo3.sqlite").close()
    assert outcomes(tmp_path, "tower") == {}


def test_check_and_rebuild(data: Path) -> None:
    told: list[tuple[int, int]] = []
    found = check(data, progress=lambda done, total: told.append((done, total)))
    assert (found.files, found.indexed, found.sound) == (10, 10, True)
    assert told[-1][0] == 10
    assert check(data, deep=True).indexed == 0
    path = data / "tower" / "b000000_s000000_dark.pico"
    path.write_bytes(path.read_bytes()[:100])
    found = check(data)
    assert not found.sound
    assert rebuild(data).files == 10
    mark_exported(data, [("tower", "b000000_s000000_light.pico")])


def test_a_directory_in_use_or_mistyped_is_left_alone(data: Path) -> None:
    with store(data), pytest.raises(Conflict, match="in use"):
        check(data)
    with pytest.raises(NotFound):
        rebuild(data / "nowhere")
    assert not (data / "nowhere").exists()


def test_a_medium_that_can_not_be_written(tmp_path: Path) -> None:
    record_two(tmp_path / "data")
    shutil.copytree(tmp_path / "data", tmp_path / "stick")
    (tmp_path / "stick").chmod(0o555)
    (tmp_path / "stick" / "piccolo3.sqlite").chmod(0o444)
    try:
        assert outcomes(tmp_path / "stick", "tower")
    finally:
        (tmp_path / "stick").chmod(0o755)
