"""When shutters may move on: from the threads of spectrometers to those of shutters, without a turn of the loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable

from piccolo3.clock import Clock, Sleeper

__all__ = ["Departure"]

_LONG = 3600.0  # s, after which is looked again whether all are over, which they tell


class Departure:
    """Holds moves of shutters back until the exposures of all `lookers` are over, or lets none of them begin.

    It is made, cancelled and ended in the event loop's thread. Whoever makes it has to do one of these, for else
    whoever waits would wait for ever.
    """

    def __init__(self, lookers: Iterable[str], clock: Clock) -> None:
        self.decided: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._clock = clock
        self._looking = set(lookers)
        self._told: dict[str, float] = {}
        self._lock = threading.Lock()
        self._sleepers: list[Sleeper] = []
        self._gone = self._cancelled = False

    def over(self, looker: str, moment: float) -> None:
        """The exposure of `looker` is over at `moment` (monotonic, s), in any case; any thread may tell, also again."""
        with self._lock:
            self._told[looker] = moment
            self._looking.discard(looker)
            self._wake()

    def wait(self) -> bool:
        """Block until all are over; False if it was cancelled before any move began."""
        while True:
            with self._lock:
                if self._cancelled:
                    return False
                left = _LONG if self._looking else max(self._told.values(), default=0.0) - self._clock.monotonic()
                if left <= 0:
                    self._gone = True
                    return True
                sleeper = self._clock.sleeper()
                self._sleepers.append(sleeper)
            sleeper.sleep(left)

    def cancel(self) -> None:
        """Let no move begin, unless one has: then all do."""
        with self._lock:
            self._cancelled = not self._gone
            self._wake()
        self._decide()

    def end(self) -> None:
        """All have told: from now on a move that does not end is overdue."""
        with self._lock:
            self._looking.clear()
            self._wake()
        self._decide()

    def _wake(self) -> None:
        for sleeper in self._sleepers:
            sleeper.cancel()
        self._sleepers.clear()

    def _decide(self) -> None:
        if not self.decided.done():
            self.decided.set_result(None)
