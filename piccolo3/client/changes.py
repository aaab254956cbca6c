"""The value of a resource and its changes, whatever happens to server and network meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Generic, TypeVar

from piccolo3.client.connection import Connection, Path
from piccolo3.client.observation import Observation
from piccolo3.errors import ConnectionFailed, Unavailable
from piccolo3.wire import JsonValue

__all__ = ["Changes"]

T = TypeVar("T")

_QUIET = 60.0  # s after which a value is read though nothing was heard of it, where restarts are noticed otherwise
_REST = 0.5  # s before asking again what a server that is starting or stopping has refused


class Changes(AsyncIterator[T], Generic[T]):
    """First the value, then every other one; a slow consumer misses values in between, never the last one.

    While the server can't be reached it waits, and then asks again: what has changed meanwhile comes next. Ends with
    `close`, or with ConnectionFailed when the connection is closed. Raises NotFound or NotAllowed where there is
    nothing to observe. Also a context manager, which closes it.
    """

    def __init__(self, connection: Connection, path: Path, parse: Callable[[JsonValue], T]) -> None:
        self._connection = connection
        self._path = path
        self._parse = parse
        self._observation: Observation | None = None
        self._epoch = -1
        self._kept: list[JsonValue] = []  # came while the consumer was cancelled
        self._closed = False

    async def __anext__(self) -> T:
        while not self._closed:
            if self._kept:
                return self._parse(self._kept.pop())
            epoch = await self._connection.link.up()
            if epoch != self._epoch and self._observation is not None:
                self._observation.renew()
            self._epoch = epoch
            try:
                found = await self._next(epoch)
            except ConnectionFailed:
                self._connection.link.suspect()
                await asyncio.sleep(0)
            except Unavailable:
                await asyncio.sleep(_REST)
            else:
                if found:
                    return self._parse(found[0])
        raise StopAsyncIteration

    async def _next(self, epoch: int) -> list[JsonValue]:
        """The next value in a list, or nothing if the connection has changed."""
        if self._observation is None:
            link = self._connection.link
            self._observation = Observation(self._connection, self._path, _QUIET if link.tells_restarts else None)
        value = asyncio.ensure_future(anext(self._observation))
        gone = asyncio.ensure_future(self._connection.link.changed(epoch))
        try:
            await asyncio.wait({value, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not value.done():
                return []
            try:
                return [value.result()]
            except StopAsyncIteration:
                self._closed = True
                return []
        except asyncio.CancelledError:
            if value.done() and not value.cancelled() and value.exception() is None:
                self._kept.append(value.result())
            raise
        finally:
            gone.cancel()
            if value.cancel():  # one that is done is not waited for: it would be lost if we were cancelled here
                await asyncio.gather(gone, value, return_exceptions=True)

    def close(self) -> None:
        """Take no more values."""
        self._closed = True
        if self._observation is not None:
            self._observation.close()

    async def aclose(self) -> None:
        """The same, as async generators have it."""
        self.close()

    async def __aenter__(self) -> Changes[T]:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
