"""How often observers are told: a crowd of them must not hold up what is observed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

__all__ = ["Pace"]


class Pace:
    """Gives notifications one turn after the other, and a share of the event loop's time, with `credit` s in advance.

    That is the share `busy` while there is something that they may hold up (`is_busy`), otherwise the share `idle`,
    which leaves time to take their acknowledgements. A few observers are told at once. Where there are many, those
    who wait for their turn are told what is true then: the more observers, the more changes go by between two
    notifications. `now` gives seconds on a monotonic scale; who has waited may go on for `slice_` seconds.
    """

    def __init__(
        self,
        now: Callable[[], float],
        is_busy: Callable[[], bool] = lambda: True,
        *,
        busy: float = 0.04,
        idle: float = 0.5,
        credit: float = 0.02,
        slice_: float = 0.001,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._now = now
        self._sleep = sleep
        self._is_busy = is_busy
        self._shares = {True: busy, False: idle}
        self._most = credit
        self._credit = credit
        self._slice = slice_
        self._since = now()
        self._turn = asyncio.Lock()

    async def turn(self) -> None:
        """Wait for a turn."""
        async with self._turn:
            share = self._shares[self._is_busy()]
            missing = -self._refilled(share)
            if missing > 0:
                await self._sleep((missing + self._slice) / share)

    @contextmanager
    def spending(self) -> Iterator[None]:
        """What is done within costs the time it takes."""
        begin = self._now()
        try:
            yield
        finally:
            self._credit -= self._now() - begin

    def _refilled(self, share: float) -> float:
        now = self._now()
        self._credit = min(self._most, self._credit + (now - self._since) * share)
        self._since = now
        return self._credit
