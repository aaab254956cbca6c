"""Time, injected: nobody in piccolo3 asks the operating system for it directly.

`monotonic()` counts seconds and never steps; `utcnow()` is what the wall says. A thread sleeps through a
`Sleeper`, which another thread can cancel; a coroutine awaits `asleep()`.
"""

from __future__ import annotations

import asyncio
import threading
import time
from abc import ABC, abstractmethod
from datetime import UTC, datetime, timedelta

__all__ = ["Clock", "ManualClock", "ScaledClock", "Sleeper", "SystemClock"]


class Sleeper(ABC):
    """Sleeps for one thread; any thread may cancel it, for good."""

    @abstractmethod
    def sleep(self, seconds: float) -> bool:
        """Sleep; return False if cancelled (before or meanwhile), else True. Not above 0 returns at once."""

    @abstractmethod
    def cancel(self) -> None:
        """End the sleep under way and every later one."""


class Clock(ABC):
    """A source of time."""

    @abstractmethod
    def monotonic(self) -> float:
        """Seconds since some moment, never stepping back."""

    @abstractmethod
    def utcnow(self) -> datetime:
        """The time of day, aware, in UTC."""

    @abstractmethod
    def sleeper(self) -> Sleeper:
        """A new sleeper for a thread."""

    @abstractmethod
    async def asleep(self, seconds: float) -> None:
        """Sleep in a coroutine."""

    def utc_of(self, monotonic: float) -> datetime:
        """The time of day (aware, UTC) of a recent moment given on the monotonic scale."""
        return self.utcnow() - timedelta(seconds=self.monotonic() - monotonic)


class _ThreadSleeper(Sleeper):
    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._cancelled = threading.Event()

    def sleep(self, seconds: float) -> bool:
        return not self._cancelled.wait(max(0.0, seconds) / self._speed)

    def cancel(self) -> None:
        self._cancelled.set()


class SystemClock(Clock):
    """The time of this machine."""

    def monotonic(self) -> float:
        return time.monotonic()

    def utcnow(self) -> datetime:
        return datetime.now(UTC)

    def sleeper(self) -> Sleeper:
        return _ThreadSleeper(1.0)

    async def asleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class ScaledClock(Clock):
    """A clock that runs `speed` times as fast as the machine's, from `start` (now if None)."""

    def __init__(self, speed: float, start: datetime | None = None) -> None:
        self._speed = speed
        self._origin = time.monotonic()
        self._start = start or datetime.now(UTC)

    def monotonic(self) -> float:
        return (time.monotonic() - self._origin) * self._speed

    def utcnow(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic())

    def sleeper(self) -> Sleeper:
        return _ThreadSleeper(self._speed)

    async def asleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._speed)


class _ManualSleeper(Sleeper):
    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._cancelled = False

    def sleep(self, seconds: float) -> bool:
        if not self._cancelled:
            self._clock.advance(max(0.0, seconds))
        return not self._cancelled

    def cancel(self) -> None:
        self._cancelled = True


class ManualClock(Clock):
    """A clock that moves only when told to, or when its (single) thread sleeps."""

    def __init__(self, start: datetime = datetime(2026, 6, 21, 12, tzinfo=UTC)) -> None:
        self._now = 0.0
        self._start = start

    def advance(self, seconds: float) -> None:
        """Move on by `seconds`."""
        self._now += seconds

    def step(self, seconds: float) -> None:
        """Step the time of day, as a correction of the system clock does; `monotonic` goes on."""
        self._start += timedelta(seconds=seconds)

    def monotonic(self) -> float:
        return self._now

    def utcnow(self) -> datetime:
        return self._start + timedelta(seconds=self._now)

    def sleeper(self) -> Sleeper:
        return _ManualSleeper(self)

    async def asleep(self, seconds: float) -> None:
        self.advance(max(0.0, seconds))
        await asyncio.sleep(0)
