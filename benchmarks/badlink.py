"""A link that is slow, late and loses: a relay in front of a server, for datagrams and for streams.

Datagrams are lost at random. Streams lose nothing, but what TCP does about a lost segment takes time: it is sent again
after at least RESEND, twice as long after each further loss, and all that follows waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

__all__ = ["BAD", "Link", "relay"]

SEGMENT = 1400  # bytes
RESEND = 0.3  # s: the round trip and what TCP puts on top of it at least
_OVERHEAD = 48  # bytes of IPv6 and UDP headers


@dataclass(frozen=True)
class Link:
    """Delay of one way in s, share of datagrams that one way loses, bytes per second of one way."""

    delay: float
    loss: float
    rate: float


BAD = Link(delay=0.05, loss=0.1, rate=20_000)


class _Way:
    """One direction: what is sent first arrives first."""

    def __init__(self, link: Link, chance: random.Random) -> None:
        self._link = link
        self._chance = chance
        self._free = self._last = 0.0
        self.sent = 0

    def datagram(self, data: bytes, deliver: Callable[[bytes], None]) -> None:
        """Deliver later, or not at all."""
        size = len(data) + _OVERHEAD
        arrival = self._arrival(size)
        if self._chance.random() >= self._link.loss:
            asyncio.get_running_loop().call_at(arrival, deliver, data)

    def segment(self, data: bytes, deliver: Callable[[bytes], None]) -> None:
        """Deliver later, and not before what was sent before."""
        arrival = self._arrival(len(data) + _OVERHEAD)
        wait = RESEND
        while self._chance.random() < self._link.loss:
            arrival += wait
            wait *= 2
        self._last = max(self._last + 1e-6, arrival)  # those of the same time would be called in any order
        asyncio.get_running_loop().call_at(self._last, deliver, data)

    def _arrival(self, size: int) -> float:
        self.sent += size
        self._free = max(asyncio.get_running_loop().time(), self._free) + size / self._link.rate
        return self._free + self._link.delay


class _Upstream(asyncio.DatagramProtocol):
    """The socket with which one client's datagrams go on to the server."""

    def __init__(self, back: Callable[[bytes], None]) -> None:
        self._back = back

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._back(data)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, port: int, there: _Way, back: _Way) -> None:
        self._port = port
        self._there = there
        self._back = back
        self._transport: asyncio.DatagramTransport | None = None
        self._upstreams: dict[object, asyncio.Task[asyncio.DatagramTransport]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)  # which Python 3.11 does not say

    def datagram_received(self, data: bytes, addr: object) -> None:
        if addr not in self._upstreams:
            self._upstreams[addr] = asyncio.create_task(self._open(addr))
        upstream = self._upstreams[addr]
        self._there.datagram(data, lambda found: upstream.result().sendto(found) if upstream.done() else None)

    async def _open(self, addr: object) -> asyncio.DatagramTransport:
        def deliver(data: bytes) -> None:
            if self._transport is not None:
                self._transport.sendto(data, addr)  # type: ignore[arg-type]

        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Upstream(lambda data: self._back.datagram(data, deliver)), remote_addr=("::1", self._port)
        )
        return transport

    def close(self) -> None:
        for upstream in self._upstreams.values():
            if upstream.done():
                upstream.result().close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: _Way) -> None:
    while data := await reader.read(SEGMENT):
        way.segment(data, writer.write)


@asynccontextmanager
async def relay(
    port: int, link: Link = BAD, seed: int = 1, *, streams: bool = True
) -> AsyncIterator[tuple[int, Callable[[], int]]]:
    """A port (UDP and TCP) behind which a server on this host is far away; and how many bytes were sent so far.

    Without `streams` nobody gets through with TCP.
    """
    chance = random.Random(seed)
    there, back = _Way(link, chance), _Way(link, chance)
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            tasks.add(task)
        await asyncio.sleep(2 * link.delay)  # the handshake
        server_reader, server_writer = await asyncio.open_connection("::1", port)
        try:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(_pump(reader, server_writer, there), _pump(server_reader, writer, back))
        finally:
            server_writer.close()
            writer.close()

    server = await asyncio.start_server(connected, "::1", 0)
    own = server.sockets[0].getsockname()[1]
    transport, datagrams = await loop.create_datagram_endpoint(
        lambda: _Datagrams(port, there, back), local_addr=("::1", own)
    )
    if not streams:
        server.close()
    try:
        yield own, lambda: there.sent + back.sent
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        datagrams.close()
        transport.close()
        await asyncio.sleep(0)
