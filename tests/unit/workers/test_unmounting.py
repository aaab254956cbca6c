"""The device that carries the data can be taken out while the daemon runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from piccolo3.clock import ManualClock
from piccolo3.errors import StoreError, Unavailable
from piccolo3.store import CataloguedDirectory, DataDirectory, StateFile
from piccolo3.store.mount import Mount
from piccolo3.workers import State, Writer


class Stick(Mount):
    """A device whose mount point is a directory; unmounting moves it away, unless a file on it is open."""

    def __init__(self, point: Path) -> None:
        super().__init__("/dev/stick", point, self._never)
        self.away = point.with_name("away")

    def _never(self, command: Sequence[str]) -> str | None:
        raise AssertionError(command)

    def is_mounted(self) -> bool:
        return not self.away.exists()

    def mount(self) -> str:
        self.point.rmdir()
        self.away.rename(self.point)
        return "mounting"

    def unmount(self) -> str:
        for entry in Path("/proc/self/fd").iterdir():
            try:
                if entry.readlink().is_relative_to(self.point):
                    raise Unavailable("target is busy")
            except FileNotFoundError:
                continue
        self.point.rename(self.away)
        self.point.mkdir()
        return "unmounting"


def run(tmp_path: Path, scenario: Callable[[Writer, Stick], Awaitable[None]]) -> None:
    point = tmp_path / "mnt"
    point.mkdir()

    async def main() -> None:
        writer = Writer(
            CataloguedDirectory(DataDirectory(point / "data", ManualClock(), clobber=False, split=True), ManualClock())
        )
        await writer.start()
        try:
            await scenario(writer, Stick(point))
        finally:
            assert await writer.stop()

    asyncio.run(main())


def test_the_directory_lets_go_of_the_device(tmp_path: Path) -> None:
    async def scenario(writer: Writer, stick: Stick) -> None:
        await writer.create_run("tower")
        assert await writer.unmount(stick) == "unmounting"
        with pytest.raises(StoreError, match="not open"):
            await writer.create_run("lost")
        assert list(stick.point.iterdir()) == []
        assert await writer.mount(stick) == "mounting"
        assert [r.name for r in await writer.runs()] == ["tower"]

    run(tmp_path, scenario)


def test_a_device_that_stays_is_used_further(tmp_path: Path) -> None:
    async def scenario(writer: Writer, stick: Stick) -> None:
        with (stick.point / "somebody").open("w"), pytest.raises(Unavailable, match="busy"):
            await writer.unmount(stick)
        await writer.create_run("tower")

    run(tmp_path, scenario)


def test_settings_wait_for_the_device(tmp_path: Path) -> None:
    async def scenario(writer: Writer, stick: Stick) -> None:
        path = stick.point / "data" / "state.json"
        state = State(StateFile(path, ManualClock()), writer)
        await writer.unmount(stick)
        state.put("n", 1)
        await state.flush()
        assert list(stick.point.iterdir()) == []
        await writer.mount(stick)
        await state.flush()
        assert StateFile(path, ManualClock()).get("n") == 1

    run(tmp_path, scenario)
