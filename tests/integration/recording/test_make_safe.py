"""make_safe over CoAP when the driver of a shutter hangs: an answer at once that says so, and all others closed."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import pytest

from piccolo3 import config
from piccolo3.client import Piccolo
from piccolo3.clock import SystemClock
from piccolo3.devices.simulated import SimulatedShutter
from piccolo3.server.application import Application
from piccolo3.status import ShutterStatus
from soak.ports import free_port
from tests.system.support import INSTRUMENT

AT_ONCE = 0.8  # s, of which a shutter that hangs is given half a second


class Hanging:
    """The driver of the shutter of `direction` hangs from `hang` on until it is `let_go`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, direction: str) -> None:
        self._hangs = threading.Event()
        self._go = threading.Event()
        move = SimulatedShutter._move

        def moving(shutter: SimulatedShutter, status: ShutterStatus) -> None:
            if self._hangs.is_set() and shutter._config.direction == direction:
                self._go.wait(10)
            move(shutter, status)

        monkeypatch.setattr(SimulatedShutter, "_move", moving)

    def hang(self) -> None:
        self._hangs.set()

    def let_go(self) -> None:
        self._hangs.clear()
        self._go.set()


def configuration(folder: Path, port: int) -> config.Configuration:
    (folder / "piccolo.cfg").write_text(
        f"[datadir]\ndatadir = {folder / 'data'}\n[coap]\naddress = ::1\nport = {port}\n"
    )
    (folder / "data").mkdir()
    (folder / "data" / "piccolo.config").write_text(INSTRUMENT)
    return config.load(folder / "piccolo.cfg")


async def until(rig: Piccolo, path: str, expected: object) -> None:
    async with asyncio.timeout(10):
        while await rig.get(path) != expected:  # noqa: ASYNC110 - a test that looks on
            await asyncio.sleep(0.005)


@pytest.mark.alone
@pytest.mark.parametrize("open_one", ["downwelling", "upwelling"])
def test_make_safe_with_a_shutter_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_one: str) -> None:
    """In a long light exposure of one channel; that of downwelling hangs."""
    hanging = Hanging(monkeypatch, "downwelling")
    port = free_port()

    async def scenario(rig: Piccolo) -> None:
        await until(rig, "spectrometer/S_dummy_A/status", 6)
        await until(rig, "spectrometer/S_dummy_B/status", 6)
        for serial in ("A", "B"):
            await rig.put(f"spectrometer/S_dummy_{serial}/max_time", 10000)
            await rig.put(f"spectrometer/S_dummy_{serial}/current_time/{open_one}", 400)
        await rig.control.record_sequence(run="r")
        await until(rig, "control/status", f"{open_one} light")
        await until(rig, f"shutter/{open_one}/status", "open")
        hanging.hang()
        before = time.monotonic()
        await rig.control.make_safe()
        assert time.monotonic() - before < AT_ONCE
        assert "downwelling" in str((await rig.control.progress()).last_error)
        assert await rig.get("shutter/upwelling/status") == "closed"
        # the other one moves on, whatever that one does
        await until(rig, "control/status", "idle")
        outcome = await rig.control.outcome()
        assert outcome is not None
        assert outcome.result == "aborted"
        hanging.let_go()
        await rig.control.make_safe()
        await until(rig, "shutter/downwelling/status", "closed")
        await until(rig, "spectrometer/S_dummy_A/status", 6)
        await until(rig, "spectrometer/S_dummy_B/status", 6)
        await rig.control.record_dark("r")
        await until(rig, "control/status", "idle")

    async def whole() -> None:
        async with Application(configuration(tmp_path, port), SystemClock()), Piccolo(f"coap://[::1]:{port}") as rig:
            try:
                await scenario(rig)
            finally:
                hanging.let_go()

    asyncio.run(whole())
