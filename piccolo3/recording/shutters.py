"""All shutters as the engine uses them: all fibres end in the same spectrometers, so at most one is open."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from piccolo3.errors import DeviceError
from piccolo3.workers import ShutterWorker

__all__ = ["Shutters"]

_logger = logging.getLogger(__name__)


class Shutters:
    """Shutters by channel."""

    def __init__(self, shutters: Mapping[str, ShutterWorker]) -> None:
        self._shutters = dict(shutters)
        self.channels = tuple(sorted(shutters))

    async def open_only(self, channel: str) -> float:
        """Open one, having made sure that the others are closed; when it had settled (monotonic, s). DeviceError."""
        await self._close_all(but=channel)
        try:
            return await self._shutters[channel].open()
        except DeviceError as error:
            raise DeviceError(f"shutter {channel} did not open: {error}") from error

    async def close(self, channel: str) -> None:
        """Close one. DeviceError."""
        try:
            await self._shutters[channel].close()
        except DeviceError as error:
            raise DeviceError(f"shutter {channel} did not close: {error}") from error

    async def make_sure_closed(self) -> None:
        """Close those that might not be closed. DeviceError."""
        await self._close_all(but=None)

    async def make_safe(self) -> tuple[str, ...]:
        """Close all that might not be closed, at the same time, whatever happens to the others; what went wrong."""
        unsure = [name for name in self.channels if not self._shutters[name].surely_closed]
        results = await asyncio.gather(*(self.close(name) for name in unsure), return_exceptions=True)
        problems = []
        for result in results:
            if isinstance(result, DeviceError):
                problems.append(result.message)
            elif isinstance(result, Exception):
                _logger.error("a shutter could not be closed", exc_info=result)
                problems.append(f"{type(result).__name__}: {result}")
        return tuple(problems)

    async def _close_all(self, *, but: str | None) -> None:
        for name in self.channels:
            if name != but and not self._shutters[name].surely_closed:
                await self.close(name)
