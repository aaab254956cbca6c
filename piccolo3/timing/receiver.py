"""A connection to gpsd that is made again and again, without much ado where there is none."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from piccolo3.clock import Clock
from piccolo3.timing.satellites import Satellites

__all__ = ["Receiver", "ReceiverTiming"]

_WATCH = b'?WATCH={"enable":true,"json":true};\n'
_LONGEST_LINE = 256 * 1024
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverTiming:
    """How patient it is (s): for a connection, for the next line, and before it tries again, doubled each time."""

    connect: float = 10.0
    silence: float = 30.0
    first_retry: float = 1.0
    last_retry: float = 60.0


class Receiver:
    """Feeds `satellites` with what gpsd says, and calls `heard` after each report of position."""

    def __init__(
        self,
        host: str,
        port: int,
        satellites: Satellites,
        clock: Clock,
        *,
        timing: ReceiverTiming | None = None,
        heard: Callable[[], None] = lambda: None,
    ) -> None:
        self._host = host
        self._port = port
        self._satellites = satellites
        self._clock = clock
        self._timing = timing or ReceiverTiming()
        self._heard = heard
        self._task: asyncio.Task[None] | None = None
        self._told: bool | None = None
        self._useful = False
        self.connected = False

    def start(self) -> None:
        """Connect, and go on for ever."""
        self._task = asyncio.create_task(self._go_on(), name="gpsd")

    async def stop(self) -> None:
        """End it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _go_on(self) -> None:
        timing = self._timing
        pause = timing.first_retry
        while True:
            self._useful = False
            why = "it has ended the connection"
            try:
                await self._listen()
            except TimeoutError:
                why = "it says nothing"
            except (OSError, ValueError) as error:  # a name that can't be one is a ValueError
                why = str(error)
            except Exception:
                _logger.exception("what gpsd says could not be taken by an error in the program")
            self._tell(well=False, why=why)
            if self._useful:
                pause = timing.first_retry
            await self._clock.asleep(pause)
            pause = min(2 * pause, timing.last_retry)

    async def _listen(self) -> None:
        """One connection; returns when the other side has ended it. TimeoutError, OSError."""
        async with asyncio.timeout(self._timing.connect):
            reader, writer = await asyncio.open_connection(self._host, self._port, limit=_LONGEST_LINE)
        self.connected = True
        try:
            writer.write(_WATCH)
            while (line := await self._line(reader)) is not None:
                if self._satellites.feed(line, self._clock.monotonic()):
                    self._useful = True
                    self._tell(well=True)
                    self._heard()
        finally:
            self.connected = False
            writer.transport.abort()

    async def _line(self, reader: asyncio.StreamReader) -> bytes | None:
        """The next line; None at the end, where half a line is nothing."""
        async with asyncio.timeout(self._timing.silence):
            try:
                line = await reader.readline()
            except ValueError:
                return b""  # a line that is far too long
        return line if line.endswith(b"\n") else None

    def _tell(self, *, well: bool, why: str = "") -> None:
        """Tell the log what is new."""
        if well is self._told:
            return
        self._told = well
        if well:
            _logger.info("gpsd at %s:%d reports positions", self._host, self._port)
        else:
            _logger.info("gpsd at %s:%d is not to be had, it is tried again: %s", self._host, self._port, why)
