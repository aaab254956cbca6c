"""All shutters as the engine uses them: all fibres end in the same spectrometers, so at most one is open."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping

from piccolo3.clock import Clock
from piccolo3.errors import DeviceError
from piccolo3.recording.trace import Phase, Trace
from piccolo3.workers import ShutterWorker

__all__ = ["Shutters"]

_logger = logging.getLogger(__name__)


class Shutters:
    """Shutters by channel."""

    def __init__(self, shutters: Mapping[str, ShutterWorker], clock: Clock, trace: Trace | None = None) -> None:
        self._shutters = dict(shutters)
        self._clock = clock
        self._trace = trace
        self.channels = tuple(sorted(shutters))

    @property
    def surely_closed(self) -> bool:
        """Whether all are, as far as anybody can know."""
        return all(shutter.surely_closed for shutter in self._shutters.values())

    async def open_only(self, channel: str) -> float:
        """Open one and close the others; when all had settled (monotonic, s). DeviceError.

        They move at the same time: what was exposed before the moment that is returned may have seen light of several
        channels, what begins after it sees that of `channel` alone. One that is open already is not moved.
        """
        closing = self._move("close", (name for name in self._unsure() if name != channel))
        since = self._shutters[channel].open_since
        moves = [*closing, *self._move("open", (channel,) if since is None else ())]
        return max(await _all(moves), 0.0 if since is None else since)

    async def close(self, channel: str) -> None:
        """Close one. DeviceError."""
        await _all(self._move("close", (channel,)))

    async def make_sure_closed(self) -> float:
        """Close those that might not be closed; when they had settled (monotonic, s; 0 if none moved). DeviceError."""
        return await _all(self._move("close", self._unsure()))

    async def make_safe(self, *, move_all: bool = False) -> tuple[str, ...]:
        """Close all that might not be closed, or all, whatever happens to the others; what went wrong."""
        moves = self._move("close", self.channels if move_all else self._unsure())
        problems = []
        for result in await asyncio.gather(*moves, return_exceptions=True):
            if isinstance(result, DeviceError):
                problems.append(result.message)
            elif isinstance(result, Exception):
                _logger.error("a shutter could not be closed", exc_info=result)
                problems.append(f"{type(result).__name__}: {result}")
        return tuple(problems)

    def _unsure(self) -> list[str]:
        return [name for name in self.channels if not self._shutters[name].surely_closed]

    def _move(self, move: str, channels: Iterable[str]) -> list[asyncio.Task[float]]:
        """Begin to move these at once."""
        return [asyncio.create_task(self._moved(move, name), name=f"{move} {name}") for name in channels]

    async def _moved(self, move: str, channel: str) -> float:
        shutter = self._shutters[channel]
        start = self._clock.monotonic()
        try:
            settled = await (shutter.open() if move == "open" else shutter.close())
        except DeviceError as error:
            raise DeviceError(f"shutter {channel} did not {move}: {error}") from error
        if self._trace is not None:
            self._trace(Phase(name=move, who=channel, start=start, end=settled))
        return settled


async def _all(moves: list[asyncio.Task[float]]) -> float:
    """When the last one had settled, 0 for none; raises, when all have ended, what the first that failed has raised."""
    results = await asyncio.gather(*moves, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return max((result for result in results if isinstance(result, float)), default=0.0)
