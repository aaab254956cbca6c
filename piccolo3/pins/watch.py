"""A pin that is watched: edges, without their bouncing, with their times."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Watch"]

_RESET = 0.001  # s that the line which clears the latch of a trigger board is on


@dataclass(slots=True)
class Watch:
    """Tells `changed` of edges: whether the pin is active now, and when (monotonic, s) it became so.

    Becoming active counts unless the edge before, in the same direction, came less than `debounce` s earlier; the time
    is that of the first edge, so that it is not late by the debouncing. With `reset`, the latch of a trigger board is
    cleared after each. Called from the thread of the pin library.
    """

    input: Any
    reset: Any
    debounce: float
    changed: Callable[[bool, float], None]
    _last: dict[bool, float]
    _lock: threading.Lock

    @classmethod
    def start(
        cls, device: Any, reset: Any, debounce: float, changed: Callable[[bool, float], None], *, both: bool
    ) -> Watch:
        """Watch from now on for the pin becoming active, with `both` also for the other direction."""
        watch = cls(device, reset, debounce, changed, {}, threading.Lock())
        device.when_activated = lambda: watch.edge(True)
        if both:
            device.when_deactivated = lambda: watch.edge(False)
        watch.clear()  # whatever was latched before does not count
        return watch

    def edge(self, active: bool) -> None:
        """It has become active, or inactive."""
        now = time.monotonic()
        with self._lock:
            last = self._last.get(active)
            self._last[active] = now
        if last is not None and now - last < self.debounce:
            return
        try:
            self.changed(active, now)
            self.clear()
        except Exception:  # noqa: BLE001 - the thread of the pin library has to live on
            traceback.print_exc()

    def clear(self) -> None:
        """Clear the latch."""
        if self.reset is None:
            return
        self.reset.on()
        try:
            time.sleep(_RESET)
        finally:
            self.reset.off()
