from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from piccolo3.clock import ManualClock
from piccolo3.devices.interface import Shutter
from piccolo3.errors import DeviceError
from piccolo3.status import ShutterStatus
from piccolo3.store import CataloguedDirectory, DataDirectory, StateFile
from piccolo3.workers import Operations, State, Writer


class FakeShutter(Shutter):
    def __init__(self) -> None:
        self.broken = False
        self.released = False

    @property
    def status(self) -> ShutterStatus:
        return ShutterStatus.UNAVAILABLE if self.broken else ShutterStatus.OPEN

    def open(self) -> None:
        if self.broken:
            raise DeviceError("no pins")

    def close(self) -> None:
        self.open()

    def release(self) -> None:
        self.released = True


class Bench:
    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.file = StateFile(folder / "state.json", self.clock)
        self.writer = Writer(
            CataloguedDirectory(DataDirectory(folder, self.clock, clobber=False, split=True), self.clock)
        )
        self.state = State(self.file, self.writer)
        self.shutter = FakeShutter()

    def operations(self) -> Operations:
        return Operations([("shutter_1", "up", self.shutter)], self.state)

    def saved(self) -> object:
        return self.file.get("shutter_operations")


def test_counts_what_succeeds_and_says_what_fails(tmp_path: Path) -> None:
    async def run() -> None:
        bench = Bench(tmp_path)
        operations = bench.operations()
        up = operations["up"]
        assert (list(operations), len(operations), up.operations, up.reason) == (["up"], 1, 0, None)
        up.open()
        up.close()
        bench.shutter.broken = True
        with pytest.raises(DeviceError):
            up.open()
        assert (up.operations, up.reason) == (2, "no pins")
        assert up.status is ShutterStatus.UNAVAILABLE
        bench.shutter.broken = False
        up.close()
        assert (up.operations, up.reason) == (3, None)
        up.release()
        assert bench.shutter.released

    asyncio.run(run())


def test_the_numbers_of_a_life_survive_and_are_written_rarely(tmp_path: Path) -> None:
    async def run() -> None:
        bench = Bench(tmp_path)
        await bench.writer.start()
        bench.state.put("shutter_operations", {"shutter_1": 50, "shutter_9": 7})
        await bench.state.flush()
        operations = bench.operations()
        for _ in range(49):
            await asyncio.to_thread(operations["up"].open)
        await bench.state.flush()
        assert bench.saved() == {"shutter_1": 50, "shutter_9": 7}
        await asyncio.to_thread(operations["up"].open)  # the hundredth
        await asyncio.sleep(0)
        await bench.state.flush()
        assert bench.saved() == {"shutter_1": 100, "shutter_9": 7}
        operations["up"].open()
        operations.save()
        await bench.state.flush()
        assert bench.operations()["up"].operations == 101
        await bench.writer.stop()

    asyncio.run(run())


@pytest.mark.parametrize("damaged", [None, 5, {"shutter_1": "many"}, {"shutter_1": -3}])
def test_damaged_numbers_begin_anew(tmp_path: Path, damaged: object) -> None:
    async def run() -> None:
        bench = Bench(tmp_path)
        bench.state._known["shutter_operations"] = damaged  # type: ignore[assignment]
        assert bench.operations()["up"].operations == 0

    asyncio.run(run())
