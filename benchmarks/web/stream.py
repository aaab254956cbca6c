"""A stream of server-sent events as it comes over the wire, for readers that are no browsers."""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from benchmarks.web.server import RIG

__all__ = ["LIVE", "NOW", "Reader", "reading"]

LIVE = f"{RIG}/live/stream"
"""New spectra."""
_FOLLOWED = (
    *("control/status", "control/progress", "control/outcome", "control/scheduler/next", "control/scheduler/halt"),
    *("sysinfo/health", "sysinfo/clock_status", "shutter/downwelling/status", "shutter/upwelling/status"),
    *("spectrometer/S_dummy_FLM/status", "spectrometer/S_dummy_QEP/status"),
)
NOW = f"{RIG}/api/events?paths={','.join(_FOLLOWED)}"
"""What the page Now follows."""


@dataclass
class Reader:
    """What came: its size in bytes of HTTP, and whole events with the time (s since 1970) at which they were there."""

    keep: bool
    size: int = 0
    events: list[tuple[float, str, bytes]] = field(default_factory=list)
    first: asyncio.Event = field(default_factory=asyncio.Event)

    def forget(self) -> None:
        """Count from here on."""
        self.size = 0
        self.events.clear()

    async def read(self, reader: asyncio.StreamReader) -> None:
        """Until the stream ends; each chunk of HTTP is taken out of its frame and unpacked."""
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head.partition(b"\r\n")[0]:
            message = f"the stream was refused: {head.decode(errors='replace')}"
            raise RuntimeError(message)
        waiting, unpacking = b"", zlib.decompressobj(wbits=31)
        while size := int(line := await reader.readline(), 16):
            waiting += unpacking.decompress((await reader.readexactly(size + 2))[:-2])
            self.size += len(line) + size + 2
            *whole, waiting = waiting.split(b"\n\n")
            for event in whole:
                self._take(event)

    def _take(self, event: bytes) -> None:
        if not event.startswith(b"event: "):
            return
        name, _, data = event[7:].partition(b"\ndata: ")
        self.first.set()
        if self.keep:
            self.events.append((time.time(), name.decode(), data))


@asynccontextmanager
async def reading(port: int, path: str, *, keep: bool = True) -> AsyncIterator[Reader]:
    """Read a stream of the front end at that port; its first event has come."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept-Encoding: gzip\r\n\r\n".encode())
    found = Reader(keep)
    task = asyncio.create_task(found.read(reader))
    first = asyncio.create_task(found.first.wait())
    try:
        async with asyncio.timeout(20):
            await asyncio.wait((task, first), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        yield found
    finally:
        for one in (task, first):
            one.cancel()
        await asyncio.gather(task, first, return_exceptions=True)
        writer.close()
