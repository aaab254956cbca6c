"""CoAP over UDP on sockets that are open already, for IPv6 (with IPv4 in it) and for IPv4 alone.

aiocoap has no transport for IPv4 sockets that can be bound to any address. This one makes the addresses of an IPv4
socket look like those of an IPv6 socket that has IPv4 in it, and leaves everything else to aiocoap's.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
import struct
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TypeAlias

import aiocoap
from aiocoap import interfaces
from aiocoap.message import Direction
from aiocoap.messagemanager import MessageManager
from aiocoap.numbers.types import CON
from aiocoap.tokenmanager import TokenManager
from aiocoap.transports.udp6 import MessageInterfaceUDP6, UDP6EndpointAddress
from aiocoap.util import socknumbers
from aiocoap.util.asyncio.recvmsg import create_recvmsg_datagram_endpoint

__all__ = ["listen_for_datagrams"]

_logger = logging.getLogger(__name__)

Control: TypeAlias = tuple[int, int, bytes]
"""Level, type and data of a control message of recvmsg(2)."""

_MAX_DATAGRAM = 65536
_IP_PKTINFO = getattr(socket, "IP_PKTINFO", 8)  # Linux; Python 3.11 does not have its name
_PKTINFO = struct.Struct("@i4s4s")  # struct in_pktinfo: interface, local address, destination in the header
_PKTINFO6 = struct.Struct("16sI")  # struct in6_pktinfo: address, interface
_MAPPED = b"\0" * 10 + b"\xff\xff"


async def listen_for_datagrams(context: aiocoap.Context, sock: socket.socket) -> None:
    """Let the context answer what comes to this socket, and own it."""
    transport = _Datagrams6 if sock.family == socket.AF_INET6 else _Datagrams4
    tokens = TokenManager(context)
    messages = _Messages(tokens)
    messages.message_interface = await transport.on_socket(messages, sock)
    tokens.token_interface = messages
    context.request_interfaces.append(tokens)


class _Messages(MessageManager):  # type: ignore[misc]
    def send_message(self, message: aiocoap.Message, messageerror_monitor: Callable[[], None]) -> object:
        waiting = self._backlogs.get(message.remote)
        if waiting and message.opt.observe is not None:
            # of states that wait until one before them is acknowledged, the last is enough (RFC 7641 4.5.2): without
            # this, those for a client that has vanished pile up for the minute and a half until it is given up
            waiting[:] = [entry for entry in waiting if entry[0].token != message.token]
        return super().send_message(message, messageerror_monitor)

    def _continue_backlog(self, remote: _Remote) -> None:
        # as aiocoap does it, but without a look at what all others are waiting for: of each remote, one message at
        # most is waiting to be acknowledged
        waiting = self._backlogs[remote]
        while waiting:
            message, monitor = waiting.pop(0)
            self._send_initially(message, monitor)
            if message.mtype is CON:
                return
        del self._backlogs[remote]

    async def shutdown(self) -> None:
        # requests that are not answered any more; their acknowledgement would go to a closed socket
        for _, acknowledgement in self._piggyback_opportunities.values():
            acknowledgement.cancel()
        self._piggyback_opportunities.clear()
        await super().shutdown()


class _Remote(UDP6EndpointAddress):  # type: ignore[misc]
    """Knows what it is made of; it is asked several times for each message."""

    @cached_property
    def is_multicast(self) -> bool:
        return bool(super().is_multicast)

    @cached_property
    def is_multicast_locally(self) -> bool:
        return bool(super().is_multicast_locally)


class _Datagrams6(MessageInterfaceUDP6):  # type: ignore[misc]
    _trying = False
    _failed = False

    @classmethod
    async def on_socket(cls, messages: interfaces.MessageManager, sock: socket.socket) -> _Datagrams6:
        interface: _Datagrams6 = await cls._create_transport_endpoint(sock, messages, messages.log, messages.loop)
        # aiocoap takes 4 kB and hands on the truncated rest of what is larger
        interface.transport.max_size = _MAX_DATAGRAM
        return interface

    def datagram_msg_received(
        self, data: bytes, ancdata: Sequence[Control], flags: int, address: tuple[object, ...]
    ) -> None:
        remote = _Remote(address, self, pktinfo=_destination(ancdata))
        try:
            message = aiocoap.Message.decode(data, remote)
        except (aiocoap.error.UnparsableMessage, UnicodeDecodeError) as error:
            _logger.info("ignoring a message from %s: %s", address, error)
            return
        message.direction = Direction.INCOMING
        self._ctx.dispatch_message(message)

    def send(self, message: aiocoap.Message) -> None:
        """Send; again if the socket reports an error.

        The first one may be about an earlier message: that nobody listens any more where one client was ends the
        next sendmsg(2), to whomever that is, and aiocoap would forget the wrong client. The queue of errors, which
        has the address, tells whom it was about.
        """
        self._trying, self._failed = True, False
        try:
            self._send(message)
        finally:
            self._trying = False
        if self._failed:
            self._send(message)

    def _send(self, message: aiocoap.Message) -> None:
        super().send(message)

    def error_received(self, exc: Exception) -> None:
        if self._trying:
            self._failed = True
        else:
            super().error_received(exc)


class _Datagrams4(_Datagrams6):
    @classmethod
    async def _create_transport_endpoint(
        cls,
        sock: socket.socket,
        ctx: interfaces.MessageManager,
        log: logging.Logger,
        loop: object,
        multicast: Sequence[object] = (),
    ) -> _Datagrams4:
        sock.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        if socknumbers.HAS_RECVERR:
            sock.setsockopt(socket.IPPROTO_IP, socknumbers.IP_RECVERR, 1)
        _, protocol = await create_recvmsg_datagram_endpoint(loop, lambda: cls(ctx, log=log, loop=loop), sock=sock)
        await protocol.ready
        interface: _Datagrams4 = protocol
        return interface

    def datagram_msg_received(
        self, data: bytes, ancdata: Sequence[Control], flags: int, address: tuple[object, ...]
    ) -> None:
        super().datagram_msg_received(data, _controls6(ancdata), flags, _address6(address))

    def datagram_errqueue_received(
        self, data: bytes, ancdata: Sequence[Control], flags: int, address: tuple[object, ...]
    ) -> None:
        super().datagram_errqueue_received(data, _controls6(ancdata), flags, _address6(address))

    def _send(self, message: aiocoap.Message) -> None:
        remote = message.remote
        self._remote_being_sent_to.set(remote)
        try:
            host, port = ipaddress.IPv6Address(remote.sockaddr[0]).ipv4_mapped, remote.sockaddr[1]
            self.transport.sendmsg(message.encode(), _controls4(remote.pktinfo), 0, (str(host), port))
        finally:
            self._remote_being_sent_to.set(None)


def _destination(controls: Sequence[Control]) -> bytes | None:
    """Where a message came to, if the kernel says so."""
    for level, kind, data in controls:
        if (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO):
            return data
    return None


def _address6(address: tuple[object, ...]) -> tuple[object, ...]:
    host, port = address[:2]
    return (f"::ffff:{host}", port, 0, 0)


def _controls6(controls: Sequence[Control]) -> list[Control]:
    """Say where a message came to as an IPv6 socket does."""
    translated: list[Control] = []
    for level, kind, data in controls:
        if (level, kind) == (socket.IPPROTO_IP, _IP_PKTINFO):
            interface, _, destination = _PKTINFO.unpack_from(data)
            pktinfo = _PKTINFO6.pack(_MAPPED + destination, interface)
            translated.append((socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, pktinfo))
        elif (level, kind) == (socket.IPPROTO_IP, socknumbers.IP_RECVERR):
            translated.append((socket.IPPROTO_IPV6, socknumbers.IPV6_RECVERR, data))
        else:
            translated.append((level, kind, data))
    return translated


def _controls4(pktinfo: bytes | None) -> list[Control]:
    """Say from which local address to send."""
    if pktinfo is None:
        return []
    address, interface = _PKTINFO6.unpack_from(pktinfo)
    return [(socket.IPPROTO_IP, _IP_PKTINFO, _PKTINFO.pack(interface, address[-4:], b"\0" * 4))]
