"""What the daemon measures of itself."""

from __future__ import annotations

import asyncio
import csv
import sqlite3
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from piccolo3.client import Piccolo
from piccolo3.jsonvalue import JsonValue
from tests.system.support import INSTRUMENT, Daemon

SECTION = "[housekeeping]\ninterval = 1\n[[memory]]\nwarn = 0\n[[clock_synchronised]]\nwarn = never\n"


def test_samples_and_health(start: Callable[..., Daemon], tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "piccolo.config").write_text(INSTRUMENT + SECTION)
    daemon = start()
    health = daemon.wait_for("sysinfo/health", lambda value: isinstance(value, Mapping) and bool(value["sentences"]))
    assert isinstance(health, Mapping)
    assert health["status"] in {"warn", "alarm"}
    assert any("% of the memory are in use" in sentence for sentence in health["sentences"])

    async def ask() -> JsonValue:
        async with Piccolo(daemon.url) as rig:
            assert await rig.sysinfo.health() == await rig.get("sysinfo/health")
            return await rig.sysinfo.housekeeping()

    sample = asyncio.run(ask())
    assert isinstance(sample, Mapping)
    assert isinstance(sample["values"], Mapping)
    assert "detector_temperature/dummy_A" in sample["values"]
    assert "shutter_operations/upwelling" in sample["values"]
    wait_for_rows(folder, 2)
    assert daemon.put("data_dir/all_runs") == ["spectra"]
    assert daemon.stop()[0] == 0
    (table,) = (folder / ".housekeeping").glob("*.csv")
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    with sqlite3.connect(folder / "piccolo3.sqlite") as database:
        (samples,) = database.execute("SELECT count(*) FROM housekeeping").fetchone()
        events = database.execute("SELECT source, level FROM events WHERE kind = 'health'").fetchall()
    database.close()
    assert samples == len(rows)
    assert ("memory", "warning") in events
    assert all(float(row["memory"]) > 0 for row in rows)


def wait_for_rows(folder: Path, number: int) -> None:
    until = time.monotonic() + 20
    while sum(len(table.read_text().splitlines()) - 1 for table in folder.glob(".housekeeping/*.csv")) < number:
        assert time.monotonic() < until
        time.sleep(0.05)
