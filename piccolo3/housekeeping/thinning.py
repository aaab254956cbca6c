"""Fewer of the old samples, a few at a time, in the background."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from piccolo3.clock import Clock
from piccolo3.errors import PiccoloError
from piccolo3.workers import Writer

__all__ = ["Thinning"]

_PATIENCE = 300.0  # s after the start: there is more important work then
_INTERVAL = 3600.0  # s
_PAUSE = 1.0  # s between two steps, for whoever else wants the disk
_MOST = 500  # samples to look at in a step
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # that intervals are counted from
_logger = logging.getLogger(__name__)


class Thinning:
    """Of samples older than `after` (s) one stays for each `interval` (s). What fails is tried again an hour later.

    Nothing is done while the clock can't be trusted: one that is years ahead would take all for old.
    """

    def __init__(
        self,
        writer: Writer,
        clock: Clock,
        *,
        after: float,
        interval: float,
        clock_trusted: Callable[[], bool] = lambda: True,
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._clock_trusted = clock_trusted
        self._after = timedelta(seconds=after)
        self._interval = timedelta(seconds=interval)
        self._done: datetime | None = None  # all before it is thinned
        self._refused = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin in a while."""
        self._task = asyncio.create_task(self._go_on(), name="thin housekeeping")

    async def stop(self) -> None:
        """Leave it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _go_on(self) -> None:
        await self._clock.asleep(_PATIENCE)
        while True:
            if self._clock_trusted():
                await self.thin()
            await self._clock.asleep(_INTERVAL)

    async def thin(self) -> None:
        """Do what there is to do, now, step by step."""
        until = _EPOCH + (self._clock.utcnow() - self._after - _EPOCH) // self._interval * self._interval
        try:
            while (done := await self._step(until)) is not None:
                self._done = done
                await self._clock.asleep(_PAUSE)
        except PiccoloError as error:
            if not self._refused:
                _logger.warning("old housekeeping is not thinned: %s", error)
            self._refused = True
        else:
            self._done = until
            self._refused = False

    async def _step(self, until: datetime) -> datetime | None:
        since = self._done
        return await self._writer.ask(
            lambda store: store.thin_housekeeping(until, self._interval, since=since, most=_MOST)
        )
