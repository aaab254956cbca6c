"""Samples every now and then, compared with the limits and kept."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from piccolo3.clock import Clock
from piccolo3.errors import PiccoloError
from piccolo3.housekeeping.health import Health
from piccolo3.store import Sample
from piccolo3.workers import Worker

__all__ = ["Housekeeper", "Takes"]

_MOST_WAITING = 1440  # what the disk did not take yet: a day of minutes
_logger = logging.getLogger(__name__)


class Takes(Protocol):
    """What takes samples."""

    def sample(self) -> Sample:
        """One sample, now; blocks."""


class Housekeeper:
    """Takes a sample every `interval` seconds, in a thread of its own, and has it kept.

    A disk that hangs or fails holds nothing up: what it did not take is offered again with the next sample.
    """

    def __init__(
        self,
        sampler: Takes,
        health: Health,
        keep: Callable[[Sequence[Sample]], Awaitable[None]],
        clock: Clock,
        *,
        interval: float,
    ) -> None:
        self._sampler = sampler
        self._health = health
        self._keep = keep
        self._clock = clock
        self._interval = interval
        self._worker = Worker("housekeeping")
        self._task: asyncio.Task[None] | None = None
        self._saving: asyncio.Task[None] | None = None
        self._samples: deque[Sample] = deque(maxlen=_MOST_WAITING)
        self._refused = False
        self.latest: Sample | None = None
        self._listeners: list[Callable[[], None]] = []

    def subscribe(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each sample, in the event loop."""
        self._listeners.append(listener)

    @property
    def waiting(self) -> int:
        """How many samples are not kept yet."""
        return len(self._samples)

    def start(self) -> None:
        """Take the first sample now."""
        self._worker.start()
        self._task = asyncio.create_task(self._go_on(), name="housekeeping")

    async def stop(self) -> None:
        """Take no more samples; what is being saved is given a moment."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        if self._saving is not None:
            await asyncio.wait({self._saving}, timeout=0.3)
            self._saving.cancel()
        await self._worker.stop(0.1)

    async def _go_on(self) -> None:
        while True:
            begin = self._clock.monotonic()
            await self.look()
            # a sample may take longer than the interval: never all of the time
            await self._clock.asleep(max(self._interval / 2, self._interval - (self._clock.monotonic() - begin)))

    async def look(self) -> None:
        """Take a sample, now."""
        try:
            sample = await self._worker.run(self._sampler.sample)
        except PiccoloError as error:
            _logger.warning("there is no housekeeping: %s", error)
            return
        except Exception:
            _logger.exception("a sample could not be taken by an error in the program")
            return
        self.latest = sample
        self._samples.append(sample)
        self._health.check(sample.values)
        for listener in self._listeners:
            listener()
        if self._saving is None or self._saving.done():
            self._saving = asyncio.create_task(self._save(), name="keep housekeeping")

    async def _save(self) -> None:
        while self._samples:
            some = tuple(self._samples)
            try:
                await self._keep(some)
            except PiccoloError as error:
                if not self._refused:  # said once: it is tried again with every sample
                    _logger.warning("housekeeping is not kept: %s", error)
                self._refused = True
                return
            self._refused = False
            for one in some:
                if self._samples and self._samples[0] is one:  # else it was pushed out meanwhile
                    self._samples.popleft()
