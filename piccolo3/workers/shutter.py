"""One shutter, its thread, and whether anybody can be sure where it is."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from piccolo3.clock import Clock
from piccolo3.config import ChannelConfig
from piccolo3.devices.interface import Shutter
from piccolo3.errors import DeviceError, DeviceTimeout
from piccolo3.events import Broker
from piccolo3.status import ShutterStatus
from piccolo3.workers.calls import at_most, limited
from piccolo3.workers.departure import Departure
from piccolo3.workers.events import ShutterChanged
from piccolo3.workers.worker import Worker

__all__ = ["NotMoved", "ShutterWorker"]

_logger = logging.getLogger(__name__)


class NotMoved(Exception):
    """The departure was cancelled: the shutter is where it was."""


class ShutterWorker:
    """A shutter as the event loop sees it. Moves wait for the one under way.

    `deadline` is how many seconds more than pulse and settling a move may take; `began` is when (monotonic, s) the
    last one did.
    """

    def __init__(
        self,
        direction: str,
        config: ChannelConfig,
        shutter: Shutter,
        clock: Clock,
        broker: Broker,
        *,
        deadline: float = 1.0,
    ) -> None:
        self.direction = direction
        self.config = config
        self._shutter = shutter
        self._clock = clock
        self._broker = broker
        self._deadline = deadline + (config.pulse_time + config.settling_time) / 1000.0
        self._worker = Worker(f"shutter {direction}")
        self._moving = asyncio.Lock()
        self._sure = False
        self._settled = 0.0
        self.began = 0.0
        self._told = shutter.status

    @property
    def status(self) -> ShutterStatus:
        """Where it was moved last."""
        return self._shutter.status

    @property
    def surely_closed(self) -> bool:
        """Whether the last move was to close it, and has succeeded."""
        return self._sure and self.status is ShutterStatus.CLOSED

    @property
    def open_since(self) -> float | None:
        """When (monotonic, s) it had settled, if the last move was to open it, and has succeeded."""
        return self._settled if self._sure and self.status is ShutterStatus.OPEN else None

    async def start(self) -> None:
        """Start the thread and close the shutter, so that it is somewhere known; a failure goes to the log."""
        self._worker.start()
        await self._close_quietly()

    async def open(self, departure: Departure | None = None) -> float:
        """Open; the time (monotonic, s) when it had settled. Raises DeviceError.

        With a departure it waits for that, and is not sure where it is until then; NotMoved if that is cancelled.
        """
        return await self._move(self._shutter.open, departure)

    async def close(self, departure: Departure | None = None) -> float:
        """Close; as `open`."""
        return await self._move(self._shutter.close, departure)

    async def stop(self, deadline: float = 2.0) -> bool:
        """Close the shutter and end the thread; False if the thread is stuck and was left behind."""
        if not self.surely_closed:
            await at_most(self._close_quietly(), deadline / 2)
        return await self._worker.stop(deadline / 2)

    async def _close_quietly(self) -> None:
        try:
            await self.close()
        except DeviceError as error:
            self._complain(error)

    def _complain(self, error: DeviceError) -> None:
        _logger.warning("shutter %s can't be closed: %s", self.direction, error)

    async def _move(self, move: Callable[[], None], departure: Departure | None) -> float:
        async with self._moving:
            return await self._move_now(move, departure)

    async def _move_now(self, move: Callable[[], None], departure: Departure | None) -> float:
        """For whoever has the lock."""

        def moved() -> float:
            if departure is not None and not departure.wait():
                raise NotMoved
            self.began = self._clock.monotonic()
            move()
            return self._clock.monotonic()

        if self._worker.busy and not await at_most(self._worker.idle(), self._deadline):
            raise DeviceTimeout(f"the driver of shutter {self.direction} is stuck in a call")
        was_sure, self._sure = self._sure, False
        after = None if departure is None else departure.decided
        try:
            settled = await limited(self._worker, moved, limit=self._deadline, after=after)
        except DeviceError:
            raise
        except NotMoved:
            self._sure = was_sure
            raise
        except Exception as error:
            _logger.exception("the driver of shutter %s failed in an unexpected way", self.direction)
            raise DeviceError(f"{type(error).__name__}: {error}") from error
        finally:
            self._tell()
        self._sure, self._settled = True, settled
        return settled

    def _tell(self) -> None:
        if self.status is not self._told:
            self._told = self.status
            self._broker.publish(ShutterChanged(direction=self.direction, status=self._told))
