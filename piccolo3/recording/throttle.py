"""Telling what changes often no more often than anybody can look at it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

__all__ = ["Throttle"]


class Throttle:
    """Calls `tell` at once, but not again within `interval` seconds: then at their end, once for all that was asked.

    So the last state is always told. It belongs to the event loop's thread.
    """

    def __init__(self, tell: Callable[[], None], interval: float) -> None:
        self._tell = tell
        self._interval = interval
        self._free_from = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def ask(self) -> None:
        """There is something to tell."""
        loop = asyncio.get_running_loop()
        if self._timer is None:
            if loop.time() >= self._free_from:
                self.now()
            else:
                self._timer = loop.call_at(self._free_from, self.now)

    def now(self) -> None:
        """Tell, whenever it was told last."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._free_from = asyncio.get_running_loop().time() + self._interval
        self._tell()

    def flush(self) -> None:
        """Tell now what would be told later, if there is anything."""
        if self._timer is not None:
            self.now()
