from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.datastructures import Headers
from starlette.types import Message

from piccolo3.web.sse import EventStream, Mailbox, event

SENT = [event("spectrum", {"number": number, "pixels": "AAAA" * 2000}) for number in (1, 2, 1)]
WHOLE = [b"retry: 1000\n\n", *SENT, event("ended", None)]


class Browser:
    """Asks for a stream of SENT, one event after the other, and keeps the chunks that come."""

    def __init__(self, accepted: str) -> None:
        self.chunks: list[bytes] = []
        self.headers = Headers()
        self._accepted = Headers({"Accept-Encoding": accepted})
        self._came = asyncio.Event()
        self._ended = False

    async def get(self) -> None:
        stream = EventStream(self._source, lambda: not self._ended, self._accepted)
        await stream({"type": "http", "asgi": {"spec_version": "2.0"}}, self._receive, self._send)

    @asynccontextmanager
    async def _source(self, mailbox: Mailbox) -> AsyncIterator[None]:
        task = asyncio.create_task(self._fill(mailbox))
        yield
        await task

    async def _fill(self, mailbox: Mailbox) -> None:
        for one in SENT:
            async with asyncio.timeout(5):
                await self._came.wait()
            self._came.clear()
            self._ended = one is SENT[-1]
            mailbox.put("spectrum", one)

    async def _receive(self) -> Message:
        await asyncio.get_running_loop().create_future()
        raise AssertionError("it never goes")

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.headers = Headers(raw=message["headers"])
        elif message["body"]:
            self.chunks.append(message["body"])
            self._came.set()


def test_events_are_sent_as_they_are() -> None:
    browser = Browser("identity")
    asyncio.run(browser.get())
    assert "content-encoding" not in browser.headers
    assert b"".join(browser.chunks) == b"".join(WHOLE)


def test_events_are_compressed_and_each_can_be_read_at_once() -> None:
    browser = Browser("gzip, deflate")
    asyncio.run(browser.get())
    assert (browser.headers["content-encoding"], browser.headers["vary"]) == ("gzip", "Accept-Encoding")
    unpacking = zlib.decompressobj(wbits=31)
    assert [unpacking.decompress(chunk) for chunk in browser.chunks[:4]] == WHOLE[:4]
    assert all(len(chunk) < 200 for chunk in browser.chunks)


def test_a_stream_that_ends_is_a_whole_file() -> None:
    browser = Browser("gzip")
    asyncio.run(browser.get())
    assert gzip.decompress(b"".join(browser.chunks)) == b"".join(WHOLE)
