"""All shutters as the engine uses them: all fibres end in the same spectrometers, so at most one is open."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from piccolo3.clock import Clock
from piccolo3.errors import DeviceError
from piccolo3.recording.trace import Phase, Trace
from piccolo3.workers import Departure, NotMoved, ShutterWorker
from piccolo3.workers.calls import retrieve

__all__ = ["Shutters"]

_logger = logging.getLogger(__name__)


class Shutters:
    """Shutters by channel. A view is the channel whose shutter alone is open, or None where all are closed."""

    def __init__(self, shutters: Mapping[str, ShutterWorker], clock: Clock, trace: Trace | None = None) -> None:
        self._shutters = dict(shutters)
        self._clock = clock
        self._trace = trace
        self._next: tuple[str | None, list[asyncio.Task[float]]] | None = None
        self._departure: Departure | None = None
        self.channels = tuple(sorted(shutters))

    @property
    def surely_closed(self) -> bool:
        """Whether all are, as far as anybody can know."""
        return all(shutter.surely_closed for shutter in self._shutters.values())

    @property
    def unsure(self) -> list[str]:
        """Those that may be open."""
        return [name for name in self.channels if not self._shutters[name].surely_closed]

    def moving_time(self, channel: str) -> float:
        """How long the shutter of a channel takes to move and settle (s)."""
        config = self._shutters[channel].config
        return (config.pulse_time + config.settling_time) / 1000

    async def open_only(self, channel: str) -> float:
        """Open one and close the others; when all had settled (monotonic, s). DeviceError.

        They move at the same time: what was exposed before the moment that is returned may have seen light of several
        channels, what begins after it sees that of `channel` alone. One that is open already is not moved.
        """
        ahead = await self._arrived(channel)
        moves = self._moves_to(channel)
        return max(ahead, await _all(moves), self._shutters[channel].open_since or 0.0)

    @contextmanager
    def leaving(self, view: str | None, lookers: Iterable[str]) -> Iterator[Departure]:
        """Let the shutters move on to that view as soon as all `lookers` have told that their exposures are over.

        Where it is left by an exception, they stay if they have not moved yet.
        """
        self._departure = departure = Departure(lookers, self._clock)
        self._next = view, self._moves_to(view, departure)
        try:
            yield departure
        except BaseException:
            departure.cancel()
            raise
        else:
            departure.end()

    async def close(self, channel: str) -> None:
        """Close one. DeviceError."""
        await _all(self._move("close", (channel,)))

    async def make_sure_closed(self) -> float:
        """Close those that might not be closed; when they had settled (monotonic, s; 0 if none moved). DeviceError."""
        ahead = await self._arrived(None)
        return max(ahead, await _all(self._moves_to(None)))

    async def make_safe(self, *, move_all: bool = False) -> tuple[str, ...]:
        """Close all that might not be closed, or all, whatever happens to the others; what went wrong."""
        if self._departure is not None:
            self._departure.cancel()
        self._next = None
        moves = self._move("close", self.channels if move_all else self.unsure)
        problems = []
        for result in await asyncio.gather(*moves, return_exceptions=True):
            if isinstance(result, DeviceError):
                problems.append(result.message)
            elif isinstance(result, Exception):
                _logger.error("a shutter could not be closed", exc_info=result)
                problems.append(f"{type(result).__name__}: {result}")
        return tuple(problems)

    def _moves_to(self, view: str | None, departure: Departure | None = None) -> list[asyncio.Task[float]]:
        """Begin what is missing to that view."""
        closing = self._move("close", (name for name in self.unsure if name != view), departure)
        is_open = view is None or self._shutters[view].open_since is not None
        return [*closing, *self._move("open", () if view is None or is_open else (view,), departure)]

    async def _arrived(self, view: str | None) -> float:
        """Wait for what has departed; when it had settled if it was to that view, else 0. DeviceError, likewise."""
        ahead, self._next = self._next, None
        if ahead is None:
            return 0.0
        try:
            return await _all(ahead[1])
        except NotMoved:
            return 0.0
        except DeviceError:
            if ahead[0] == view:
                raise
            return 0.0

    def _move(
        self, move: str, channels: Iterable[str], departure: Departure | None = None
    ) -> list[asyncio.Task[float]]:
        """Begin to move these, at once or with the departure."""
        moves = [asyncio.create_task(self._moved(move, name, departure), name=f"{move} {name}") for name in channels]
        for task in moves:
            task.add_done_callback(retrieve)
        return moves

    async def _moved(self, move: str, channel: str, departure: Departure | None) -> float:
        shutter = self._shutters[channel]
        try:
            settled = await (shutter.open(departure) if move == "open" else shutter.close(departure))
        except DeviceError as error:
            raise DeviceError(f"shutter {channel} did not {move}: {error}") from error
        if self._trace is not None:
            self._trace(Phase(name=move, who=channel, start=shutter.began, end=settled))
        return settled


async def _all(moves: list[asyncio.Task[float]]) -> float:
    """When the last one had settled, 0 for none; raises, when all have ended, what the first that failed has raised."""
    results = await asyncio.gather(*moves, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return max((result for result in results if isinstance(result, float)), default=0.0)
