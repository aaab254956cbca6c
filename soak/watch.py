"""What the daemon says of its spectrometers, all the time, and how long it takes to say something."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from piccolo3.client import Piccolo
from piccolo3.errors import PiccoloError
from piccolo3.status import SpectrometerStatus

__all__ = ["Watch", "watched"]

Status = SpectrometerStatus
_RUNNING = (Status.IDLE, Status.RECORDING, Status.AUTOINTEGRATING)
_INTERVAL = 1.0  # s between two questions


class Watch:
    """The state of each spectrometer, with the moments (monotonic, s) when it was lost and came back last."""

    def __init__(self, serials: Sequence[str]) -> None:
        self.states: dict[str, Status | None] = dict.fromkeys(serials)
        self.lost: dict[str, float] = dict.fromkeys(serials, 0.0)
        self.back: dict[str, float] = dict.fromkeys(serials, 0.0)
        self.latencies: list[float] = []
        self.silences = 0
        self._changed = asyncio.Event()

    @property
    def all_running(self) -> bool:
        """Whether all are connected."""
        return all(state in _RUNNING for state in self.states.values())

    def running(self, serial: str) -> bool:
        """Whether this one is connected."""
        return self.states[serial] in _RUNNING

    async def until(self, wanted: Callable[[], bool], seconds: float) -> bool:
        """Wait until it is so, at most so long; whether it is."""
        deadline = time.monotonic() + seconds
        while not wanted():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), min(left, 0.25))
            except TimeoutError:
                continue
        return True

    async def observe(self, rig: Piccolo, serial: str) -> None:
        """Follow one of them, for ever."""
        while True:
            try:
                async with rig.observe(("spectrometer", f"S_{serial}", "status")) as states:
                    async for state in states:
                        self._is(serial, Status(int(str(state))))
            except PiccoloError:
                self.silences += 1
                await asyncio.sleep(_INTERVAL)

    async def question(self, rig: Piccolo) -> None:
        """Ask it something every second, for ever, and note how long the answer took."""
        while True:
            await asyncio.sleep(_INTERVAL)
            begin = time.monotonic()
            try:
                await rig.control.status()
                self.latencies.append(time.monotonic() - begin)
            except PiccoloError:
                self.silences += 1

    def _is(self, serial: str, state: Status) -> None:
        was_running = self.running(serial)
        self.states[serial] = state
        if was_running and not self.running(serial):
            self.lost[serial] = time.monotonic()
        elif not was_running and self.running(serial):
            self.back[serial] = time.monotonic()
        self._changed.set()


@asynccontextmanager
async def watched(rig: Piccolo, serials: Sequence[str]) -> AsyncIterator[Watch]:
    """Watch these while the block lasts."""
    watch = Watch(serials)
    tasks = [asyncio.create_task(watch.observe(rig, serial)) for serial in serials]
    tasks.append(asyncio.create_task(watch.question(rig)))
    try:
        yield watch
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def named(states: Mapping[str, Status | None]) -> str:
    """The states as text."""
    return ", ".join(f"{serial} {'unknown' if state is None else state.name}" for serial, state in states.items())
