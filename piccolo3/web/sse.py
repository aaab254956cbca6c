"""Server-sent events (WHATWG HTML, section 9.2): one stream for one browser, of bounded size whatever it does."""

from __future__ import annotations

import asyncio
import json
import struct
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import lru_cache

from starlette.datastructures import Headers
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

    async def take(self, seconds: float) -> tuple[bytes, ...]:
        """All that waits; a sign of life if nothing came in that time."""
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return (_ALIVE,)
        self._changed.clear()
        found = tuple(self._waiting.values())
        self._waiting.clear()
        return found


class _Plain:
    """Events as they are."""

    headers: Mapping[str, str] = {}

    def more(self, events: Iterable[bytes]) -> bytes:
        return b"".join(events)

    def end(self) -> bytes:
        return b""


class _Gzip:
    """Events as one file of gzip (RFC 1952) that grows; each is compressed once, for all browsers."""

    headers: Mapping[str, str] = {"Content-Encoding": "gzip"}

    def __init__(self) -> None:
        self._before = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
        self._check = self._size = 0

    def more(self, events: Iterable[bytes]) -> bytes:
        parts = [self._before]
        self._before = b""
        for one in events:
            self._check = zlib.crc32(one, self._check)
            self._size += len(one)
            parts.append(_deflated(one))
        return b"".join(parts)

    def end(self) -> bytes:
        return b"\x03\0" + struct.pack("<II", self._check, self._size % (1 << 32))


@lru_cache(64)
def _deflated(data: bytes) -> bytes:
    """Whole blocks (RFC 1951) that refer to nothing before them."""
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH)


Source = Callable[[Mailbox], AbstractAsyncContextManager[None]]


class EventStream(StreamingResponse):
    """The answer that brings what `source` puts into its mailbox while the browser is there and `goes_on()`."""

    def __init__(self, source: Source, goes_on: Callable[[], bool], asked: Headers) -> None:
        self._coding = _Gzip() if "gzip" in asked.get("accept-encoding", "") else _Plain()
        headers = {"Cache-Control": "no-store", "Vary": "Accept-Encoding", "X-Accel-Buffering": "no"}
        headers |= self._coding.headers
        self._mailbox = Mailbox()
        self._source = source
        self._goes_on = goes_on
        super().__init__(self._parts(), media_type="text/event-stream", headers=headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._source(self._mailbox):
            await super().__call__(scope, receive, send)

    async def _parts(self) -> AsyncIterator[bytes]:
        yield self._coding.more([b"retry: 1000\n\n"])
        while self._goes_on():
            yield self._coding.more(await self._mailbox.take(HEARTBEAT))
        yield self._coding.more([event("ended", None)]) + self._coding.end()
