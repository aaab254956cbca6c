"""A time that passes only where nothing else is left to do.

Threads take turns: one runs at a time, while the event loop waits, and gives its turn up when it sleeps or is done.
When all of them sleep, time jumps to whatever comes first, a thread that wakes up or a timer of the loop. So nothing
ever waits for the clock of the machine, and the same things happen in the same order each time.
"""

from __future__ import annotations

import asyncio
import heapq
import math
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from piccolo3.clock import Clock, Sleeper

__all__ = ["VirtualClock"]

_NS = 1_000_000_000
_SHORTEST = 1000  # ns: nothing that sleeps wakes up earlier than that, so that time always passes
_PATIENCE = 60.0  # s of the machine that a thread may compute
_HURRY = 100  # rounds of a loop that never waits, after which a thread has its turn nevertheless


@dataclass(slots=True, eq=False)
class _Turn:
    """One thread; `go` is released to let it run."""

    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))


@dataclass(slots=True, eq=False)
class _Nap:
    """A thread that sleeps."""

    turn: _Turn
    over: bool = False


class _VirtualSleeper(Sleeper):
    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._nap: _Nap | None = None
        self._cancelled = False

    def sleep(self, seconds: float) -> bool:
        if self._cancelled:
            return False
        if seconds > 0:
            self._nap = self._clock.nap(seconds)
            if self._nap is not None:
                self._clock.dream(self._nap)
        return not self._cancelled

    def cancel(self) -> None:
        self._cancelled = True
        if self._nap is not None:
            self._clock.wake(self._nap)


class VirtualClock(Clock):
    """The time of one computer since it was switched on; `utc` is what its wall clock says then.

    It belongs to the thread that makes it, which is that of the event loop.
    """

    def __init__(self, utc: datetime) -> None:
        self._now = 0  # ns
        self._epoch = utc
        self._loop_thread = threading.get_ident()
        self._ready: deque[_Turn] = deque()
        self._naps: list[tuple[int, int, _Nap]] = []
        self._count = 0
        self._holder: _Turn | None = None
        self._rested = threading.Semaphore(0)
        self._posted = False
        self._hurried = 0

    # ---- what everybody asks ----

    def monotonic(self) -> float:
        return self._now / _NS

    def utcnow(self) -> datetime:
        return self._epoch + timedelta(microseconds=self._now // 1000)

    def sleeper(self) -> Sleeper:
        return _VirtualSleeper(self)

    async def asleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    # ---- what sets it ----

    def step(self, seconds: float) -> None:
        """Step the time of day; `monotonic` goes on."""
        self._epoch += timedelta(seconds=seconds)

    def set_utc(self, utc: datetime) -> None:
        """Set the time of day, as `date -s` does."""
        self._epoch = utc.astimezone(UTC) - timedelta(microseconds=self._now // 1000)

    # ---- threads ----

    def in_turn(self, job: Callable[[], None]) -> Callable[[], None]:
        """What a thread has to call instead of `job`, so that it runs when it is its turn."""
        turn = _Turn()
        self._ready.append(turn)

        def taken() -> None:
            turn.go.acquire()
            self._holder = turn
            try:
                job()
            finally:
                self._rested.release()

        return taken

    def nap(self, seconds: float) -> _Nap | None:
        """Have whoever runs sleep; None where that was the loop's thread, for which time passes at once."""
        length = max(_SHORTEST, math.ceil(seconds * _NS))
        if threading.get_ident() == self._loop_thread:
            self._now += length
            return None
        if self._holder is None:
            raise RuntimeError("a thread sleeps that has no turn")
        nap = _Nap(self._holder)
        self._count += 1
        heapq.heappush(self._naps, (self._now + length, self._count, nap))
        return nap

    def dream(self, nap: _Nap) -> None:
        """Give the turn up until somebody gives it back; in the thread that sleeps."""
        self._rested.release()
        nap.turn.go.acquire()
        self._holder = nap.turn
        nap.over = True

    def wake(self, nap: _Nap) -> None:
        """End a nap before its time; by whoever runs."""
        if not nap.over:
            nap.over = True
            self._ready.append(nap.turn)

    # ---- the loop ----

    def post(self) -> None:
        """There is something to do for the loop."""
        self._posted = True

    def rest(self, seconds: float | None) -> None:
        """Let threads run, then time pass, until there is something to do or `seconds` have passed (None: no limit).

        RuntimeError where nothing would ever happen again, and where a thread waits for something else than this clock.
        """
        if seconds is not None and seconds <= 0:
            self._hurried += 1
            if self._hurried > _HURRY and self._ready:
                self._give(self._ready.popleft())
            self._posted = False
            return
        self._hurried = 0
        end = None if seconds is None else self._now + math.ceil(seconds * _NS) + _SHORTEST
        while not self._posted:
            if self._ready:
                self._give(self._ready.popleft())
            elif not self._pass(end):
                break
        self._posted = False

    def _pass(self, end: int | None) -> bool:
        """Let time pass to what comes first; whether a thread can run then."""
        while self._naps and self._naps[0][2].over:
            heapq.heappop(self._naps)
        if self._naps and (end is None or self._naps[0][0] <= end):
            moment, _, nap = heapq.heappop(self._naps)
            self._now = max(self._now, moment)
            self.wake(nap)
            return True
        if end is None:
            raise RuntimeError("nothing will ever happen again: no timer, no thread that runs or sleeps")
        self._now = max(self._now, end)
        return False

    def _give(self, turn: _Turn) -> None:
        turn.go.release()
        if not self._rested.acquire(timeout=_PATIENCE):
            raise RuntimeError("a thread that has its turn neither ends nor sleeps")
