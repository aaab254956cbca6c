"""The daemon with a GPS receiver and a clock that nobody keeps right. It never sets the clock of this machine."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path

from piccolo3.client import Piccolo
from piccolo3.devices import Host
from piccolo3.spectrum import loads
from tests.fake_gpsd import SKY, FakeGpsd, tpv
from tests.system.support import INSTRUMENT, Daemon

SECTIONS = """
[site]
latitude = 10.5
longitude = -20.25
altitude = 30
[clock]
trust = synchronised
[gps]
gpsd = 127.0.0.1:{port}
max_age = 5
"""


def write(folder: Path, more: str) -> None:
    folder.mkdir()
    (folder / "piccolo.config").write_text(INSTRUMENT + more)


async def wait_for(rig: Piccolo, path: str, wanted: Callable[[Mapping[str, object]], bool]) -> Mapping[str, object]:
    async with asyncio.timeout(30):
        async for value in rig.observe(path):
            if isinstance(value, Mapping) and wanted(value):
                return value
    raise AssertionError


def test_position_and_time_by_gps_are_in_every_spectrum(start: Callable[..., Daemon], tmp_path: Path) -> None:
    folder = tmp_path / "data"

    async def test() -> None:
        async with FakeGpsd() as gpsd:
            write(folder, SECTIONS.format(port=gpsd.port))
            daemon = await asyncio.to_thread(start)
            await asyncio.to_thread(daemon.wait_until_ready)
            async with Piccolo(daemon.url, timeout=20) as rig:
                await gpsd.watched()
                found = await wait_for(rig, "sysinfo/position", lambda value: value["gps"] == "no fix")
                assert (found["source"], found["latitude"], found["altitude"]) == ("configuration", 10.5, 30.0)
                talking = asyncio.create_task(talk(gpsd))
                found = await wait_for(rig, "sysinfo/position", lambda value: value["source"] == "gps")
                assert (found["latitude"], found["longitude"], found["satellites"]) == (55.9, -3.2, 9)
                clock = await wait_for(rig, "sysinfo/clock_status", lambda value: bool(value["trusted"]))
                assert clock["synchronised"] is True
                assert clock["source"] == ("ntp" if Host().clock_synchronised() else "gps")
                await rig.put("control/record_sequence", "with_fix")
                await wait_for(rig, "control/outcome", lambda value: value["run"] == "with_fix")
                talking.cancel()
                found = await wait_for(rig, "sysinfo/position", lambda value: value["gps"] != "fix")
                found = await wait_for(rig, "sysinfo/position", lambda value: value["source"] == "configuration")
                assert (await rig.get("sysinfo/clock_status"))["trusted"] is True  # type: ignore[index,call-overload]
                await rig.put("control/record_sequence", "without_fix")
                await wait_for(rig, "control/outcome", lambda value: value["run"] == "without_fix")
            assert (await asyncio.to_thread(daemon.stop))[0] == 0

    asyncio.run(asyncio.wait_for(test(), 55))
    for run, source in (("with_fix", "gps"), ("without_fix", "configuration")):
        files = list((folder / run).rglob("*.pico")) + list((folder / "spectra" / run).rglob("*.pico"))
        assert files
        for file in files:
            for spectrum in loads(file.read_bytes()).spectra:
                metadata = spectrum.metadata
                assert metadata["PositionSource"] == source
                assert metadata["Clock"] in {"gps", "ntp"}
                assert metadata["Latitude"] == (55.9 if source == "gps" else 10.5)
                assert ("GpsMode" in metadata) is (source == "gps")
                if source == "gps":
                    assert (metadata["GpsMode"], metadata["GpsSatellites"], metadata["GpsHdop"]) == (3, 9, 0.8)
    with sqlite3.connect(folder / "piccolo3.sqlite") as database:
        events = database.execute("SELECT level, details FROM events WHERE kind = 'clock' ORDER BY id").fetchall()
    database.close()
    trusted = [json.loads(details).get("trusted") for _, details in events]
    assert trusted[-1] is True


async def talk(gpsd: FakeGpsd) -> None:
    """One report after the other, as fast as receivers do at best."""
    while True:
        gpsd.say(SKY, tpv())
        await asyncio.sleep(0.1)


def test_a_clock_that_nobody_keeps_right(start: Callable[..., Daemon], tmp_path: Path) -> None:
    folder = tmp_path / "data"
    write(folder, "[clock]\ntrust = synchronised\n")
    daemon = start()
    daemon.wait_until_ready()
    status = daemon.ask("sysinfo/clock_status")
    assert isinstance(status, Mapping)
    right = Host().clock_synchronised() is True
    assert (status["trusted"], status["source"], status["always"]) == (right, "ntp" if right else "none", False)
    daemon.put("control/record_dark", "dark")
    daemon.wait_for("control/outcome", lambda value: isinstance(value, Mapping) and value["run"] == "dark")
    assert daemon.stop()[0] == 0
    found = [spectrum for file in folder.rglob("*.pico") for spectrum in loads(file.read_bytes()).spectra]
    assert found
    assert {spectrum.metadata["Clock"] for spectrum in found} == {"ntp" if right else "unsynchronised"}
    assert not any("Latitude" in spectrum.metadata for spectrum in found)


def test_without_any_of_it_the_demo_rig_goes_on(start: Callable[..., Daemon]) -> None:
    daemon = start()
    status, position = daemon.ask("sysinfo/clock_status"), daemon.ask("sysinfo/position")
    assert isinstance(status, Mapping)
    assert isinstance(position, Mapping)
    assert (status["trusted"], status["always"]) == (True, True)
    assert (position["source"], position["gps"]) == ("simulation", "off")
