"""The status light as the event loop sees it: told what to show, it never keeps anybody waiting."""

from __future__ import annotations

import asyncio
import logging
from functools import partial

from piccolo3.devices.indicator import Indicator, Sign
from piccolo3.errors import DeviceError
from piccolo3.workers.calls import at_most
from piccolo3.workers.worker import Worker

__all__ = ["IndicatorWorker"]

_logger = logging.getLogger(__name__)


class IndicatorWorker:
    """Shows signs in a thread of its own, the last one of a burst. What can't be shown is logged once."""

    def __init__(self, indicator: Indicator | None) -> None:
        self._indicator = indicator
        self._worker = Worker("indicator")
        self._wanted: Sign | None = None
        self._shown: Sign | None = None
        self._showing: asyncio.Task[None] | None = None
        self._complained = False

    def start(self) -> None:
        """Start the thread."""
        if self._indicator is not None:
            self._worker.start()

    def show(self, sign: Sign) -> None:
        """Show it soon; needs a running event loop."""
        self._wanted = sign
        if self._indicator is not None and (self._showing is None or self._showing.done()):
            self._showing = asyncio.create_task(self._show(self._indicator), name="show the status")

    async def stop(self, deadline: float = 0.5) -> bool:
        """Show what was asked for last, and end the thread; False if it is stuck and was left behind."""
        if self._indicator is None:
            return True
        if self._showing is not None:
            await asyncio.wait({self._showing}, timeout=deadline / 2)
        await at_most(self._worker.idle(), deadline / 4)
        return await self._worker.stop(deadline / 4)

    async def _show(self, indicator: Indicator) -> None:
        while self._wanted is not None and self._wanted is not self._shown:
            sign = self._shown = self._wanted
            try:
                await self._worker.run(partial(indicator.show, sign))
            except DeviceError as error:
                _logger.log(logging.DEBUG if self._complained else logging.WARNING, "%s", error)
                self._complained = True
            except Exception:  # the light must never stop anything
                _logger.exception("the driver of the status light failed in an unexpected way")
                return
