"""Lets the faults of the world happen to one life of the rig. For a process of its own: it changes what that sees."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import stat
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import NoReturn

from piccolo3.devices.simulated import SpectrometerFaults
from piccolo3.season.box import Recordings
from piccolo3.season.clock import VirtualClock
from piccolo3.season.faults import Fault, FaultKind
from piccolo3.season.world import Life, World

__all__ = ["CUT", "Injection"]

CUT = 77  # the exit status of a process that a power cut has ended
_LONGEST = 60.0  # s that a power cut waits for a write


class Injection:
    """The faults of one life; call `begin` in its event loop, before anything else, and `attach` what can be unplugged.

    Files are never synced: what was written is there after the end of a process. It is the order of writes that is
    looked at, and the syncs are where a power cut can come between two of them.
    """

    def __init__(self, world: World, life: Life, clock: VirtualClock, box: Recordings) -> None:
        self._world = world
        self._life = life
        self._clock = clock
        self._box = box
        self._plugs: Sequence[SpectrometerFaults] = ()
        self._clock_set: Callable[[], None] = lambda: None
        self._gone: set[int] = set()
        self._writes_left: int | None = None
        self._is_full = False
        self._room = resource.getrlimit(resource.RLIMIT_FSIZE)
        self._write, self._statvfs = os.write, os.statvfs
        self.trusted = life.untrusted <= 0
        self.stopped: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def begin(self) -> None:
        """Let everything happen in its time."""
        os.fsync = self._synced  # type: ignore[assignment]
        os.write = self._written  # type: ignore[assignment]
        os.statvfs = self._free  # type: ignore[assignment]
        if not self.trusted:
            self._at(self._life.boot + self._life.untrusted, self._set_right, self._life.boot)
        for fault in self._world.faults:
            if fault.kind is FaultKind.CLOCK_STEP and fault.start > self._life.boot:
                self._at(fault.start, self._step, fault)
            elif fault.kind is FaultKind.DISK_FULL and fault.end > self._life.boot:
                self._at(fault.start, self._fill, True)
                self._at(fault.end, self._fill, False)
            elif fault.kind is FaultKind.RESTART and fault.start > self._life.boot:
                self._at(fault.start, self._stop, fault)
            elif fault.kind is FaultKind.SPECTROMETER_GONE and fault.end > self._life.boot:
                self._at(fault.start, self._unplug, fault, True)
                self._at(fault.end, self._unplug, fault, False)
        if self._life.cut is not None:
            self._at(self._life.cut.start, self._cut, self._life.cut)

    def attach(self, plugs: Sequence[SpectrometerFaults], clock_set: Callable[[], None]) -> None:
        """These are the plugs of the spectrometers, in the order of the list; who is told when the clock is set.

        The kernel tells that at once.
        """
        self._plugs = plugs
        self._clock_set = clock_set
        self._pull()

    async def until_stopped(self, over: asyncio.Future[None]) -> float | None:
        """Wait until somebody stops the daemon, or it is `over`; how long (s) it is stopped then, None for good."""
        either: set[asyncio.Future[None] | asyncio.Future[float]] = {over, self.stopped}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not self.stopped.done():
            return None
        seconds = self.stopped.result()
        self.stopped = asyncio.get_running_loop().create_future()
        return seconds

    def _at(self, moment: float, function: Callable[..., None], *arguments: object) -> None:
        if moment < self._world.seconds:
            asyncio.get_running_loop().call_at(max(0.0, moment - self._life.boot), function, *arguments)

    def _stop(self, fault: Fault) -> None:
        self._box.note("stopped")
        if not self.stopped.done():
            self.stopped.set_result(fault.duration)

    # ---- the clock ----

    def _true(self) -> timedelta:
        return timedelta(seconds=self._box.now)

    def _step(self, fault: Fault) -> None:
        self._box.note("clock stepped", by=fault.amount)
        self._clock.step(fault.amount)
        self.trusted = False
        self._clock_set()
        self._at(fault.end, self._set_right, fault.start)

    def _set_right(self, since: float) -> None:
        self._clock.set_utc(self._world.begin + self._true())
        self.trusted = True
        self._box.note("clock set right", since=since)
        self._clock_set()

    # ---- the disk ----

    def _fill(self, full: bool) -> None:
        self._box.note("disk full" if full else "disk has room")
        self._is_full = full
        # for what writes without asking Python: the database
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, self._room[1]) if full else self._room)

    def _written(self, descriptor: int, data: bytes) -> int:
        if self._is_full and stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self._write(descriptor, data)

    def _free(self, path: str | bytes | os.PathLike[str] | int) -> os.statvfs_result:
        found = self._statvfs(path)
        if not self._is_full:
            return found
        values = list(found)
        values[3] = values[4] = 0  # f_bfree, f_bavail
        return os.statvfs_result(values)

    # ---- the plugs ----

    def _unplug(self, fault: Fault, out: bool) -> None:
        self._box.note("unplugged" if out else "plugged in", places=list(fault.places))
        (self._gone.update if out else self._gone.difference_update)(fault.places)
        self._pull()

    def _pull(self) -> None:
        for place, plug in enumerate(self._plugs):
            if plug.unplugged != (place in self._gone):
                plug.unplugged = place in self._gone

    # ---- the power ----

    def _cut(self, cut: Fault) -> None:
        if cut.writes is None:
            self._end()
        self._writes_left = cut.writes
        asyncio.get_running_loop().call_later(_LONGEST, self._end)

    def _synced(self, descriptor: int) -> None:
        if self._writes_left is not None:
            if not self._writes_left:
                self._end()
            self._writes_left -= 1

    def _end(self) -> NoReturn:
        self._box.note("power cut")
        os._exit(CUT)
