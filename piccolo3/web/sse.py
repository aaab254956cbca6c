"""Server-sent events (WHATWG HTML, section 9.2): one stream for one browser, of bounded size whatever it does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from piccolo3.jsonvalue import JsonValue

__all__ = ["HEARTBEAT", "EventStream", "Mailbox", "Source", "event"]

HEARTBEAT = 2.0  # s between signs of life
_ALIVE = b"event: alive\ndata: null\n\n"  # not a comment: pages can't see those
_MOST = 512  # different things that wait for a browser


def event(name: str, body: JsonValue) -> bytes:
    """One event; JSON has no line breaks, so it is one line."""
    return f"event: {name}\ndata: {json.dumps(body, separators=(',', ':'), allow_nan=False)}\n\n".encode()


class Mailbox:
    """What waits for one browser: of each thing the latest, so that one that is slow misses some, never the last."""

    def __init__(self) -> None:
        self._waiting: dict[str, bytes] = {}
        self._changed = asyncio.Event()

    def put(self, key: str, data: bytes) -> None:
        """Take the place of what waits under that key."""
        self._waiting.pop(key, None)
        if len(self._waiting) >= _MOST:
            del self._waiting[next(iter(self._waiting))]
        self._waiting[key] = data
        self._changed.set()

    async def take(self, seconds: float) -> bytes:
        """All that waits; a sign of life if nothing came in that time."""
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return _ALIVE
        self._changed.clear()
        data = b"".join(self._waiting.values())
        self._waiting.clear()
        return data


Source = Callable[[Mailbox], AbstractAsyncContextManager[None]]


class EventStream(StreamingResponse):
    """The answer that brings what `source` puts into its mailbox while the browser is there and `goes_on()`."""

    def __init__(self, source: Source, goes_on: Callable[[], bool]) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        self._mailbox = Mailbox()
        self._source = source
        self._goes_on = goes_on
        super().__init__(self._parts(), media_type="text/event-stream", headers=headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._source(self._mailbox):
            await super().__call__(scope, receive, send)

    async def _parts(self) -> AsyncIterator[bytes]:
        yield b"retry: 1000\n\n"
        while self._goes_on():
            yield await self._mailbox.take(HEARTBEAT)
        yield event("ended", None)
