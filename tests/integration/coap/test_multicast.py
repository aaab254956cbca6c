"""Rigs are found by those who ask the whole network, if they are configured so."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import closing

import aiocoap
import pytest
from aiocoap.numbers.codes import Code

from piccolo3.client.discover import _request, discover
from piccolo3.coap import CoapServer
from piccolo3.components import Group

GROUP = "224.0.1.187"


@pytest.fixture
def loopback() -> Iterator[socket.socket]:
    """A socket that sends to the group through the interface `lo`."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        sock.setblocking(False)
        sock.bind(("127.0.0.1", 0))
        yield sock


async def ask(sock: socket.socket, port: int, data: bytes, seconds: float) -> bytes | None:
    loop = asyncio.get_running_loop()
    await loop.sock_sendto(sock, data, (GROUP, port))
    try:
        async with asyncio.timeout(seconds):
            return await loop.sock_recv(sock, 2000)
    except TimeoutError:
        return None


def message(code: Code, *path: str) -> bytes:
    request = aiocoap.Message(code=code, _mtype=aiocoap.NON, _mid=1, _token=b"x")
    request.opt.uri_path = path
    return bytes(request.encode())


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("piccolo3.coap.multicast.LEISURE", 0.01)


def test_who_is_discoverable_answers_a_search_and_nothing_else(loopback: socket.socket) -> None:
    async def test() -> None:
        async with CoapServer(Group(""), "::", 0, discoverable=True) as server:
            answer = await ask(loopback, server.port, _request(b"abcd"), 2)
            assert answer is not None
            found = aiocoap.Message.decode(answer)
            assert (found.code, found.token) == (Code.CONTENT, b"abcd")
            assert b"piccolo3.description" in found.payload
            for refused in (
                message(Code.GET, ".well-known", "core"),  # all links are too many for everybody to send
                message(Code.PUT, "control", "abort"),
                message(Code.GET, "nonsense"),
            ):
                assert await ask(loopback, server.port, refused, 0.1) is None

    asyncio.run(test())


def test_others_keep_quiet(loopback: socket.socket) -> None:
    async def test() -> None:
        async with CoapServer(Group(""), "::", 0) as server:
            assert await ask(loopback, server.port, _request(b"abcd"), 0.1) is None

    asyncio.run(test())


def test_what_the_client_finds() -> None:
    async def test() -> None:
        async with CoapServer(Group(""), "::", 0, discoverable=True) as server:
            found = await discover(0.4, server.port)
            assert found  # by some interface, perhaps by several: this server does not say what tells it from others
            assert all(one.url.endswith(f":{server.port}") for one in found)
        assert await discover(0.1, server.port) == ()

    asyncio.run(test())
