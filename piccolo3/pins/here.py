"""Pins in this very process, for programs that do nothing but wait for them."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from piccolo3.errors import DeviceError
from piccolo3.pins.claims import Claims
from piccolo3.pins.factory import make_factory
from piccolo3.pins.lines import Edge
from piccolo3.pins.watch import Watch

__all__ = ["Button", "folder_of_library", "watched"]


@contextmanager
def folder_of_library() -> Iterator[None]:
    """A working directory of our own: lgpio makes pipes there, with the same names in every process."""
    before = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with tempfile.TemporaryDirectory(prefix="piccolo3-pins-") as folder:
            os.chdir(folder)
            try:
                yield
            finally:
                os.fchdir(before)
    finally:
        os.close(before)


@contextmanager
def watched(
    pin_factory: str,
    pin: int,
    told: Callable[[Edge], None],
    *,
    active: bool = True,
    both: bool = False,
    debounce: float = 0.0,
    reset: int | None = None,
) -> Iterator[None]:
    """Watch a pin, see `Lines.watch`; `told` is called from a thread of the pin library. Raises DeviceError."""
    with folder_of_library():
        factory: Any = None
        try:
            try:
                factory = make_factory(pin_factory)
                claims, owner = Claims(factory), "this program"
                latch = claims.output(owner, reset) if reset is not None else None
                device = claims.input(owner, pin, pull_up=not active)
                Watch.start(device, latch, debounce, lambda is_active, time: told(Edge(is_active, time)), both=both)
            except Exception as error:  # pin libraries have errors of their own
                reason = str(error) or type(error).__name__
                raise DeviceError(f"GPIO {pin} can't be used: {reason}") from error
            yield
            claims.give_back(owner)
        finally:
            if factory is not None:
                factory.close()


class Button:
    """A button on a pin that is pulled up, pressed while it is low (or the other way round with `active`).

    To be used as a context. Presses shorter than `shortest` s are none.
    """

    def __init__(self, pin_factory: str, pin: int, *, active: bool = False, shortest: float = 0.05) -> None:
        self._watch = watched(pin_factory, pin, self._told, active=active, both=True)
        self._shortest = shortest
        self._changed = threading.Condition()
        self._edges: list[Edge] = []

    def __enter__(self) -> Button:
        self._watch.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._watch.__exit__(None, None, None)

    def wait(self, longest: float) -> float:
        """Wait for the next press; for how long (s) it was held: `longest` as soon as it has been held for so long."""
        while True:
            pressed = self._next(None, True)
            released = self._next(longest, False)
            if released is None or pressed is None:
                return longest
            if (held := released.time - pressed.time) >= self._shortest:
                return min(held, longest)

    def _next(self, timeout: float | None, active: bool) -> Edge | None:
        """The next edge into that direction, None if there is none for `timeout` s; it may bounce on its way."""
        with self._changed:
            if not self._changed.wait_for(lambda: any(edge.active is active for edge in self._edges), timeout):
                return None
            while self._edges[0].active is not active:
                del self._edges[0]
            return self._edges.pop(0)

    def _told(self, edge: Edge) -> None:
        with self._changed:
            self._edges.append(edge)
            self._changed.notify_all()
