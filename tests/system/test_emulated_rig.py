"""The real daemon with the real drivers, on emulated spectrometers and pins."""

from __future__ import annotations

import asyncio
import subprocess
import time
import zlib
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path

import pytest

from emulators import EmulatedRig, InstrumentSpecification, ShutterSpecification
from piccolo3.client import Piccolo
from piccolo3.errors import DeviceError
from piccolo3.spectrum import loads
from piccolo3.status import SpectrometerStatus as Status
from soak.ports import free_port
from tests.system.support import SERVER, Daemon, wait_for_answer

FIRST, SECOND, WITH_SHUTTER = "QEP00001", "USB2P0001", "STS00001"
KINDS = {FIRST: "QEPRO", SECOND: "USB2000PLUS", WITH_SHUTTER: "STS"}
SWITCH = 21
INSTRUMENT = f"""
[channels]
  [[shutter_1]]
    direction = inside
    driver = spectrometer
    spectrometer = {WITH_SHUTTER}
[gpio]
  pin_factory = emulators.pins:EmulatedFactory
[spectrometers]
  [[{FIRST}]]
    power_switch = {SWITCH}
  [[{SECOND}]]
  [[{WITH_SHUTTER}]]
"""
ALONE = INSTRUMENT.replace(f"  [[{FIRST}]]\n    power_switch = {SWITCH}\n  [[{SECOND}]]\n", "")


@pytest.fixture
def rig() -> Iterator[EmulatedRig]:
    instruments = [
        InstrumentSpecification(
            serial_number=name, kind=kind, power_switch=SWITCH if name == FIRST else None, present=name != SECOND
        )
        for name, kind in KINDS.items()
    ]
    with EmulatedRig(instruments, [ShutterSpecification(direction="inside", driver="none")]) as rig:
        yield rig


@pytest.fixture
def start(rig: EmulatedRig, tmp_path: Path) -> Iterator[Callable[[str], Daemon]]:
    started: list[Daemon] = []

    def start_one(instrument: str) -> Daemon:
        (tmp_path / "piccolo.config").write_text(instrument)
        port = free_port()
        process = subprocess.Popen(
            [SERVER, "-o", str(tmp_path), "--port", str(port)],
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env=rig.environment,
        )
        started.append(Daemon(port, tmp_path, process))
        wait_for_answer(port, process)
        return started[-1]

    yield start_one
    for daemon in started:
        if daemon.process.poll() is None:
            daemon.process.terminate()
        try:
            daemon.process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            daemon.process.kill()
            daemon.process.communicate()
            pytest.fail("a daemon did not stop")


class Watch:
    """The states of spectrometers, with the times at which they were told."""

    def __init__(self, piccolo: Piccolo) -> None:
        self._piccolo = piccolo
        self.told: list[tuple[str, int, float]] = []
        self._changed = asyncio.Event()

    async def follow(self, name: str) -> None:
        async for status in self._piccolo.observe(f"spectrometer/S_{name}/status"):
            assert isinstance(status, int)
            self.told.append((name, status, time.monotonic()))
            self._changed.set()

    async def until(self, name: str, status: int, seconds: float = 15.0) -> float:
        """When (monotonic, s) it was told that the state is this one."""
        async with asyncio.timeout(seconds):
            while True:
                last = [item for item in self.told if item[0] == name][-1:]
                if last and last[0][1] == status:
                    return last[0][2]
                self._changed.clear()
                await self._changed.wait()


def test_states_are_true_within_a_second(rig: EmulatedRig, start: Callable[[str], Daemon]) -> None:
    daemon = start(INSTRUMENT)

    async def scenario() -> None:
        async with Piccolo(daemon.url) as piccolo, asyncio.TaskGroup() as tasks:
            watch = Watch(piccolo)
            following = [tasks.create_task(watch.follow(name)) for name in KINDS]
            for name in (FIRST, WITH_SHUTTER):
                await watch.until(name, Status.IDLE)
            await watch.until(SECOND, Status.DROPPED)  # not plugged in; the reason says so
            assert SECOND in str(await piccolo.get(f"spectrometer/S_{SECOND}/reason"))

            rig.plug_in(SECOND)
            plugged = time.monotonic()
            assert await watch.until(SECOND, Status.IDLE) - plugged < 6.0 + 2.0  # it is looked for every 5 s
            at = len(watch.told)
            states = [status for name, status, _ in watch.told[:at] if name == SECOND]
            assert states[-3:] == [Status.DROPPED, Status.CONNECTING, Status.IDLE]

            rig.unplug(SECOND)
            unplugged = time.monotonic()
            took = await watch.until(SECOND, Status.DROPPED) - unplugged
            assert took < 1.5
            rig.plug_in(SECOND)
            await watch.until(SECOND, Status.IDLE)

            await piccolo.put(f"spectrometer/S_{FIRST}/power_off")
            assert await watch.until(FIRST, Status.POWERED_OFF) - time.monotonic() < 1.0
            assert not rig.report(FIRST).attached
            await piccolo.put(f"spectrometer/S_{FIRST}/power_on")
            await watch.until(FIRST, Status.IDLE)
            assert rig.report(FIRST).attached
            for task in following:
                task.cancel()

    asyncio.run(scenario())


def test_the_shutter_inside_a_spectrometer(rig: EmulatedRig, start: Callable[[str], Daemon], tmp_path: Path) -> None:
    daemon = start(ALONE)
    daemon.wait_until_ready()
    daemon.wait_for("shutter/inside/status", lambda status: status == "closed")
    assert daemon.ask("shutter/inside/operations") == 1
    daemon.put(f"spectrometer/S_{WITH_SHUTTER}/current_time/inside", 20.0)
    daemon.put("control/record_sequence", run="gated", nsequence=3)
    daemon.wait_for("control/status", lambda status: str(status).startswith("idle"))
    outcome = daemon.ask("control/outcome")
    assert isinstance(outcome, dict)
    assert outcome["result"] == "complete", outcome
    exposed = {exposure.checksum: exposure.open_share["inside"] for exposure in rig.truth(WITH_SHUTTER)}
    for kind, number, share in (("light", 3, 1.0), ("dark", 2, 0.0)):
        files = sorted((tmp_path / "gated").glob(f"*_{kind}.pico"))
        assert len(files) == number
        for file in files:
            (spectrum,) = loads(file.read_text()).spectra
            assert exposed[zlib.crc32(spectrum.pixels.astype("<i4").tobytes())] == share


def test_an_abort_closes_the_shutter_inside_when_the_exposure_has_returned(
    rig: EmulatedRig, start: Callable[[str], Daemon]
) -> None:
    daemon = start(ALONE)
    daemon.wait_until_ready()
    daemon.wait_for("shutter/inside/status", lambda status: status == "closed")
    daemon.put(f"spectrometer/S_{WITH_SHUTTER}/current_time/inside", 1500.0)
    daemon.put("control/record_sequence", run="gated", nsequence=3)
    daemon.wait_for("shutter/inside/status", lambda status: status == "open")
    daemon.put("control/make_safe")
    daemon.wait_for("shutter/inside/status", lambda status: status == "closed", 5.0)  # after one read at most
    daemon.wait_for("control/status", lambda status: str(status).startswith("idle"))
    daemon.put("shutter/inside/open_shutter")
    rig.unplug(WITH_SHUTTER)
    daemon.wait_for("shutter/inside/status", lambda status: status == "unavailable", 3.0)
    assert f"spectrometer {WITH_SHUTTER}, DROPPED" in str(daemon.ask("shutter/inside/reason"))
    rig.plug_in(WITH_SHUTTER)  # where the shutter is open
    daemon.wait_for("shutter/inside/status", lambda status: status == "closed")
    moves = [entry.what.split()[-1] for entry in rig.log(WITH_SHUTTER) if entry.what.startswith("shutter")]
    assert [place for place, _ in groupby(moves)] == ["00", "01", "00", "01", "00"]


def test_a_shutter_inside_that_can_not_be_moved(rig: EmulatedRig, start: Callable[[str], Daemon]) -> None:
    daemon = start(ALONE)
    daemon.wait_until_ready()
    for kind in ("nack", "hang", "crash"):
        daemon.wait_for("shutter/inside/status", lambda status: status == "closed")
        rig.fault(WITH_SHUTTER, kind, on="shutter")
        begin = time.monotonic()
        with pytest.raises(DeviceError):
            daemon.put("shutter/inside/open_shutter")
        assert time.monotonic() - begin < 4.0
        if kind == "nack":  # which is an answer
            assert daemon.ask(f"spectrometer/S_{WITH_SHUTTER}/status") == Status.IDLE
            assert daemon.ask("shutter/inside/status") == "unavailable"
            assert "refuses" in str(daemon.ask("shutter/inside/reason"))
            daemon.put("shutter/inside/close_shutter")
    daemon.wait_for("shutter/inside/status", lambda status: status == "closed")
    assert daemon.ask("shutter/inside/reason") is None
    assert daemon.ask(f"spectrometer/S_{WITH_SHUTTER}/status") == Status.IDLE
