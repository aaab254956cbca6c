"""The simulated trigger: fires when it is told to."""

from __future__ import annotations

from collections.abc import Callable

from piccolo3.clock import Clock
from piccolo3.devices.trigger import Trigger

__all__ = ["SimulatedTrigger"]


class SimulatedTrigger(Trigger):
    """Fires by `fire`, from any thread, as often as it is called: nothing bounces."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._fired: Callable[[float], None] | None = None

    def listen(self, fired: Callable[[float], None]) -> None:
        self._fired = fired

    def release(self) -> None:
        self._fired = None

    def fire(self) -> None:
        """Fire now; nothing happens where nobody listens."""
        if self._fired is not None:
            self._fired(self._clock.monotonic())
