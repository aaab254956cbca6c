"""An event loop that lives on a virtual clock."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

from piccolo3.season.clock import VirtualClock

__all__ = ["VirtualLoop", "run"]

T = TypeVar("T")


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its timers are those of the clock, and workers that are started in it take turns.

    There are no sockets and no processes here: nothing outside of this process can wake it.
    """

    def __init__(self, clock: VirtualClock) -> None:
        self._virtual = clock
        super().__init__(_Rest(clock))

    def time(self) -> float:
        """Seconds, monotonic."""
        return self._virtual.monotonic()

    def in_turn(self, job: Callable[[], None]) -> Callable[[], None]:
        """For workers: what a thread has to call instead of `job`."""
        return self._virtual.in_turn(job)

    def _write_to_self(self) -> None:
        # what call_soon_threadsafe calls to wake the loop; nobody listens at the other end of that pipe here
        self._virtual.post()


class _Rest(selectors.BaseSelector):
    """Waits by letting the virtual time pass; files are only remembered."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._files: dict[object, selectors.SelectorKey] = {}

    def register(self, fileobj: Any, events: int, data: object = None) -> selectors.SelectorKey:
        key = selectors.SelectorKey(fileobj, fileobj if isinstance(fileobj, int) else fileobj.fileno(), events, data)
        self._files[fileobj] = key
        return key

    def unregister(self, fileobj: object) -> selectors.SelectorKey:
        return self._files.pop(fileobj)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._clock.rest(timeout)
        return []

    def get_key(self, fileobj: object) -> selectors.SelectorKey:
        return self._files[fileobj]

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._files


def run(clock: VirtualClock, main: Coroutine[Any, Any, T]) -> T:
    """As `asyncio.run`, on the virtual clock."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(clock)) as runner:
        return runner.run(main)
