"""Observe a resource: first its value, then every change, for as long as the server lives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType

import aiocoap
import aiocoap.error

from piccolo3.client.connection import GET, Connection, Path
from piccolo3.errors import InvalidValue, NotAllowed
from piccolo3.wire import JsonValue, decode, encode

__all__ = ["Observation"]

_WATCH = 2.0  # s
_PAUSE = 0.1  # s before registering again, against a server that ends every observation at once


class Observation(AsyncIterator[JsonValue]):
    """Iterates over the values of a resource; slow consumers miss values in between, never the last one.

    CoAP has no sign of life: a server that is switched off just stays silent. When nothing was heard for `watch`
    seconds the resource is read; no answer raises ConnectionFailed, and another value than the last one heard means
    that the server has forgotten this observer (it was restarted), which then registers again.
    Raises NotFound, NotAllowed (the resource can't be observed) and whatever error the server sends.
    """

    def __init__(self, connection: Connection, path: Path, watch: float | None = None) -> None:
        self._connection = connection
        self._path = path
        self._watch = _WATCH * connection.profile.patience if watch is None else watch
        self._registration: _Registration | None = None
        self._known: bytes | None = None  # the last value as canonical JSON: values are compared by content
        self._closed = False

    async def __anext__(self) -> JsonValue:
        while not self._closed:
            try:
                value = await self._next()
            except BaseException:
                self._drop()
                raise
            content = encode(value)
            if content != self._known:
                self._known = content
                return value
        raise StopAsyncIteration

    async def _next(self) -> JsonValue:
        if self._registration is None:
            registration = await _Registration.make(self._connection, self._path)
            self._registration = registration
            return await self._value(registration.first)
        try:
            message = await self._registration.next(self._watch)
        except aiocoap.error.Error as problem:
            raise self._connection.failed(problem) from problem
        if message is not None:
            self._connection.link.heard()
            return await self._value(self._connection.checked(message))
        ended = self._registration.ended
        value = await self._connection.request(GET, self._path)
        if ended or encode(value) != self._known:
            self._drop()
            await asyncio.sleep(_PAUSE if ended else 0)
        return value

    async def _value(self, message: aiocoap.Message) -> JsonValue:
        """Decode; what did not fit into one datagram is read as a whole."""
        if message.opt.block2 is None or not message.opt.block2.more:
            try:
                return decode(message.payload, message.opt.content_format)
            except InvalidValue:  # cut off on its way
                pass
        return await self._connection.request(GET, self._path)

    def renew(self) -> None:
        """Register again; a value that is the last one heard does not come again."""
        self._drop()

    def close(self) -> None:
        """Take no more values. The server learns of it when it sends the next one."""
        self._closed = True
        self._drop()

    def _drop(self) -> None:
        registration, self._registration = self._registration, None
        if registration is not None:
            registration.cancel()

    async def __aenter__(self) -> Observation:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self._drop()


class _Registration:
    """One registration at the server and what came for it."""

    def __init__(self, request: aiocoap.protocol.Request, notifications: AsyncIterator[aiocoap.Message]) -> None:
        self._request = request
        self._notifications = notifications
        self._waiting: asyncio.Task[aiocoap.Message | None] | None = None
        self.ended = False

    @classmethod
    async def make(cls, connection: Connection, path: Path) -> _Registration:
        request = connection.observe(await connection.message(GET, path))
        registration = cls(request, aiter(request.observation))
        request.response.add_done_callback(_forget)
        try:
            async with asyncio.timeout(connection.timeout):
                # not cancelled: an answer that comes in the very moment would be an error in the log of aiocoap
                registration.first = await asyncio.shield(request.response)
        except TimeoutError:
            registration.cancel()
            raise connection.silent() from None
        except aiocoap.error.Error as problem:
            registration.cancel()
            raise connection.failed(problem) from problem
        except asyncio.CancelledError:
            registration.cancel()
            raise
        connection.checked(registration.first)
        if registration.first.opt.observe is None:
            registration.cancel()
            raise NotAllowed(f"{path} can't be observed")
        return registration

    first: aiocoap.Message

    async def next(self, seconds: float) -> aiocoap.Message | None:
        """The next notification; None if there was none in that time, or (see `ended`) there will be none."""
        if self._waiting is None:
            self._waiting = asyncio.create_task(self._notification(), name="next notification")
        # not cancelled when time is up: a cancelled iterator of aiocoap delivers no more
        await asyncio.wait({self._waiting}, timeout=seconds)
        if not self._waiting.done():
            return None
        task, self._waiting = self._waiting, None
        return task.result()

    async def _notification(self) -> aiocoap.Message | None:
        try:
            return await anext(self._notifications)
        except StopAsyncIteration:
            self.ended = True
            return None

    def cancel(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        if not self._request.response.done():  # to end it now would make an error in the log of what comes next
            self._request.response.add_done_callback(lambda _: self.cancel())
        elif not self._request.observation.cancelled:
            self._request.observation.cancel()


def _forget(response: asyncio.Future[aiocoap.Message]) -> None:
    """Take note of an error that nobody waits for any more."""
    if not response.cancelled():
        response.exception()
