"""Observers that vanish without a word are forgotten, and cost little until then."""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import aiocoap
import pytest
from aiocoap.messagemanager import MessageManager
from aiocoap.tokenmanager import TokenManager

from piccolo3.coap import CoapServer, tcp
from tests.integration.coap.toy import Toy, eventually, raw_client

REGISTER = b"\x41\x01\x00\x01t\x60\x57control\x05delay"  # CON GET control/delay, message 1, token "t", Observe 0
WATCH = """
import asyncio, sys
from piccolo3.client import Piccolo

async def observe(rig):
    async for _ in rig.observe("control/delay"):
        print("heard", flush=True)

async def main():
    rigs = [Piccolo(sys.argv[1]) for _ in range(int(sys.argv[2]))]
    for rig in rigs:
        await rig.__aenter__()
    await asyncio.gather(*map(observe, rigs))

asyncio.run(main())
"""


class Served:
    """A toy and what its server keeps of its clients."""

    def __init__(self, toy: Toy, server: CoapServer) -> None:
        self.toy = toy
        assert server._context is not None
        interfaces = [one for one in server._context.request_interfaces if isinstance(one, TokenManager)]
        self.requests = [one.incoming_requests for one in interfaces]
        managers = [one.token_interface for one in interfaces if isinstance(one.token_interface, MessageManager)]
        self.exchanges = [one._active_exchanges for one in managers]
        self.backlogs = [one._backlogs for one in managers]
        self.remembered = [one._recent_messages for one in managers]

    @property
    def observers(self) -> int:
        announcers = self.toy.control._announcers.values()
        return sum(len(announcer._listeners) for announcer in announcers)

    @property
    def waiting(self) -> int:
        """Messages that wait until the one before is acknowledged."""
        return sum(len(waiting) for backlog in self.backlogs for waiting in backlog.values())

    async def nothing_is_left(self) -> None:
        await eventually(lambda: self.observers == 0)
        await asyncio.sleep(0)
        assert not any([*self.requests, *self.exchanges, *self.backlogs])


@asynccontextmanager
async def served() -> AsyncIterator[Served]:
    toy = Toy()
    async with CoapServer(toy.root, "::1", 0) as server:
        toy.port = server.port
        yield Served(toy, server)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up soon who acknowledges nothing: over UDP it takes a minute and a half otherwise."""
    monkeypatch.setattr(aiocoap.TransportTuning, "ACK_TIMEOUT", 0.4)
    monkeypatch.setattr(aiocoap.TransportTuning, "MAX_RETRANSMIT", 1)
    monkeypatch.setattr(aiocoap.TransportTuning, "EXCHANGE_LIFETIME", 0.5)
    monkeypatch.setattr(tcp, "_GIVEN_UP", 0.5)


@pytest.mark.parametrize("scheme", ["coap", "coap+tcp"])
def test_a_client_that_is_killed(scheme: str) -> None:
    async def main() -> None:
        async with served() as here:
            url = f"{scheme}://[::1]:{here.toy.port}"
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", WATCH, url, "20", stdout=asyncio.subprocess.PIPE
            )
            assert process.stdout is not None
            try:
                for _ in range(20):
                    assert await process.stdout.readline() == b"heard\n"
                assert here.observers == 20
            finally:
                process.kill()
                await process.wait()
            await here.toy.control.set_delay(3)
            await here.nothing_is_left()

    asyncio.run(main())


@pytest.mark.usefixtures("impatient")
def test_clients_that_do_not_hear_any_more() -> None:
    """Their packets are dropped: no error says that they have gone."""

    async def main() -> None:
        async with served() as here, AsyncExitStack() as stack:
            for _ in range(50):
                raw = await stack.enter_async_context(raw_client(here.toy.port))
                raw.send(REGISTER)
                await raw.receive()
            assert here.observers == 50
            for number in range(1, 101):
                await here.toy.control.set_delay(number)
                await asyncio.sleep(0)
            await eventually(lambda: here.waiting > 0 or here.observers < 50)
            assert here.waiting <= 50  # of a hundred states, the last
            await here.nothing_is_left()

    asyncio.run(main())


@pytest.mark.usefixtures("impatient")
def test_what_was_overtaken_is_not_sent_any_more() -> None:
    async def main() -> None:
        async with served() as here, raw_client(here.toy.port) as raw:
            raw.send(REGISTER)
            await raw.receive()
            await here.toy.control.set_delay(1)
            first = await raw.receive()
            for number in range(2, 9):
                await here.toy.control.set_delay(number)
                await eventually(lambda: here.waiting == 1)
            raw.send(b"\x60\x00" + first[2:4])  # ACK
            assert (await raw.receive()).endswith(b"\xff8.0")

    asyncio.run(main())


@pytest.mark.usefixtures("impatient")
def test_a_connection_on_which_nothing_moves() -> None:
    async def main() -> None:
        async with served() as here:
            loop = asyncio.get_running_loop()
            with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                client.setblocking(False)
                await loop.sock_connect(client, ("::1", here.toy.port))
                # CSM, then GET control/jobs with token "t" and Observe 0
                await loop.sock_sendall(client, b"\x00\xe1" + b"\xd1\x01\x01t\x60\x57control\x04jobs")
                await eventually(lambda: here.observers == 1)
                async with asyncio.timeout(10):
                    number = 100_000
                    while here.observers:  # who reads nothing is told until the buffers are full, and given up then
                        number += 1
                        await here.toy.control.set_jobs(number)
                        await asyncio.sleep(0.01)
            await here.nothing_is_left()

    asyncio.run(main())


@pytest.mark.usefixtures("impatient")
def test_memory_does_not_grow_with_them() -> None:
    async def crowd(here: Served) -> None:
        async with AsyncExitStack() as stack:
            for number in range(40):
                raw = await stack.enter_async_context(raw_client(here.toy.port))
                raw.send(REGISTER.replace(b"\x00\x01", number.to_bytes(2)))
                await raw.receive()
            await here.toy.control.set_delay(here.toy.control.seconds + 1)
            await here.nothing_is_left()

    async def main() -> None:
        async with served() as here:
            sizes = []
            for _ in range(3):
                await crowd(here)
                await eventually(lambda: not any(here.remembered))  # so that what comes twice is known
                gc.collect()
                sizes.append(tracemalloc.get_traced_memory()[0])
            assert sizes[-1] - sizes[1] < 40_000, sizes

    tracemalloc.start()
    try:
        asyncio.run(main())
    finally:
        tracemalloc.stop()
