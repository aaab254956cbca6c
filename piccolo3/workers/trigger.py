"""The external trigger as the event loop sees it: numbers and times of what comes from its thread."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from piccolo3.clock import Clock
from piccolo3.devices.trigger import Trigger
from piccolo3.errors import DeviceError
from piccolo3.events import Broker, Event

__all__ = ["TriggerFired", "TriggerWorker"]

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerFired(Event):
    """The trigger has fired, for the `number`-th time (from 1) since the program began, at `monotonic` s."""

    number: int
    monotonic: float


class TriggerWorker:
    """Hands on what a trigger tells. All methods belong to the event loop's thread.

    `deliver` gets number and time (monotonic, s) of each; TriggerFired is published afterwards.
    """

    def __init__(
        self, trigger: Trigger | None, clock: Clock, broker: Broker, deliver: Callable[[int, float], None]
    ) -> None:
        self.seen = 0
        self.last: datetime | None = None
        self.reason: str | None = "none is configured" if trigger is None else "not started"
        self._trigger = trigger
        self._clock = clock
        self._broker = broker
        self._deliver = deliver

    def start(self) -> None:
        """Listen; needs a running event loop. What can't be used says why in `reason` and in the log."""
        if self._trigger is None:
            return
        loop = asyncio.get_running_loop()
        try:
            self._trigger.listen(partial(_post, loop, self._fired))
        except DeviceError as error:
            self.reason = error.message
            _logger.error("%s", error)  # noqa: TRY400 - for the operator
        else:
            self.reason = None

    def stop(self) -> None:
        """Listen no more."""
        if self._trigger is not None:
            self._trigger.release()
            self.reason = "stopped"

    def fire(self) -> None:
        """Do as if the trigger had fired now; works without one."""
        self._fired(self._clock.monotonic())

    def _fired(self, monotonic: float) -> None:
        self.seen += 1
        self.last = self._clock.utc_of(monotonic)
        self._deliver(self.seen, monotonic)
        self._broker.publish(TriggerFired(number=self.seen, monotonic=monotonic))


def _post(loop: asyncio.AbstractEventLoop, fired: Callable[[float], None], monotonic: float) -> None:
    try:
        loop.call_soon_threadsafe(fired, monotonic)
    except RuntimeError:
        _logger.debug("the event loop has closed before a trigger came")
