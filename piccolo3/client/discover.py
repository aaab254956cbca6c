"""Find rigs in the local network: ask all CoAP servers at once (RFC 7252, section 8) which of them is one."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import aiocoap
import aiocoap.error
from aiocoap.numbers.codes import Code

from piccolo3.client.address import DEFAULT_PORT, Address
from piccolo3.client.system import Piccolo
from piccolo3.errors import ConnectionFailed, PiccoloError

__all__ = ["Found", "discover"]

_GROUPS6 = ("ff02::fd", "ff05::fd")  # RFC 7252, section 12.8
_GROUP4 = "224.0.1.187"
_FILTER = "rt=piccolo3.description"
_ATTEMPTS = 2  # datagrams get lost, and nobody confirms these
_TIMEOUT = 2.0  # s for the answers of each server that was found


@dataclass(frozen=True, slots=True)
class Found:
    """A rig that has answered; `host` and `version` are None if it did not say more."""

    url: str
    host: str | None = None
    version: str | None = None


async def discover(seconds: float = 2.0, port: int = DEFAULT_PORT) -> tuple[Found, ...]:
    """Ask, wait that long, return who has answered, sorted. Only rigs that are configured to be `discoverable` do.

    A rig with several addresses is found once. ConnectionFailed where this computer takes no part in multicast.
    """
    urls = await _ask(seconds, port)
    found = await asyncio.gather(*(_look(url) for url in urls))
    # one rig that has answered by IPv6 and IPv4 has the same name and began at the same time
    first: dict[object, Found] = {}
    for one, identity in found:
        first.setdefault(identity, one)
    return tuple(sorted(first.values(), key=lambda one: one.url))


async def _ask(seconds: float, port: int) -> Sequence[str]:
    token = secrets.token_bytes(4)
    answers = _Answers(token)
    loop = asyncio.get_running_loop()
    sockets = list(_sockets())
    if not sockets:
        raise ConnectionFailed("no interface of this computer takes part in multicast: check its network connection")
    transports = []
    sent = 0
    try:
        for sock, _ in sockets:
            transport, _ = await loop.create_datagram_endpoint(lambda: answers, sock=sock)
            transports.append(transport)
        for _ in range(_ATTEMPTS):
            for (sock, targets), transport in zip(sockets, transports, strict=True):
                for host in targets:
                    with contextlib.suppress(OSError):
                        where = (host, port, 0, 0) if sock.family == socket.AF_INET6 else (host, port)
                        transport.sendto(_request(token), where)
                        sent += 1
            await asyncio.sleep(seconds / _ATTEMPTS)
    finally:
        for transport in transports:
            transport.close()
        await asyncio.sleep(0)  # they close in the next turn of the loop
    if not sent:
        raise ConnectionFailed("nothing can be sent to the local network: check the network connection")
    return sorted(answers.urls)


def _sockets() -> Iterator[tuple[socket.socket, Sequence[str]]]:
    """A socket for each interface and family, with the groups to ask."""
    for index, _ in socket.if_nameindex():
        for family, groups in ((socket.AF_INET6, _GROUPS6), (socket.AF_INET, (_GROUP4,))):
            sock = None
            try:
                sock = socket.socket(family, socket.SOCK_DGRAM)
                sock.setblocking(False)
                if family == socket.AF_INET6:
                    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
                    sock.bind(("::", 0))
                else:
                    request = bytes(8) + index.to_bytes(4, sys.byteorder)  # struct ip_mreqn
                    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, request)
                    sock.bind(("", 0))
            except OSError:  # an interface or computer without this family
                if sock is not None:
                    sock.close()
                continue
            yield sock, groups


def _request(token: bytes) -> bytes:
    message = aiocoap.Message(
        code=Code.GET, _mtype=aiocoap.NON, _mid=secrets.randbelow(1 << 16), _token=token, transport_tuning=None
    )
    message.opt.uri_path = (".well-known", "core")
    message.opt.uri_query = (_FILTER,)
    return bytes(message.encode())


class _Answers(asyncio.DatagramProtocol):
    def __init__(self, token: bytes) -> None:
        self._token = token
        self.urls: set[str] = set()

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        try:
            message = aiocoap.Message.decode(data)
        except aiocoap.error.Error:
            return
        if message.token != self._token or message.code != Code.CONTENT:
            return
        if b"piccolo3.description" not in message.payload:  # a CoAP server of another kind
            return
        host = str(addr[0])
        if len(addr) == 4 and addr[3] and "%" not in host:
            host += f"%{socket.if_indextoname(int(addr[3]))}"
        self.urls.add(str(Address("coap", host, int(addr[1]))))

    def error_received(self, exc: Exception) -> None:
        """Some interface could not send; others can."""


async def _look(url: str) -> tuple[Found, object]:
    """What it says of itself, and what tells it from others."""
    try:
        async with Piccolo(url, _TIMEOUT) as rig:
            found = Found(url, await rig.sysinfo.host(), await rig.sysinfo.version())
            return found, (found.host, await rig.sysinfo.started())
    except PiccoloError:
        return Found(url), url
