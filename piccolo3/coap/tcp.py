"""CoAP over TCP (RFC 8323) on a socket that is open already."""

from __future__ import annotations

import asyncio
import logging
import socket

import aiocoap
from aiocoap import interfaces
from aiocoap.tokenmanager import TokenManager
from aiocoap.transports.tcp import TcpConnection, TCPServer

__all__ = ["listen_for_streams"]

_logger = logging.getLogger(__name__)

_CLOSING_TIME = 1.0  # s for clients to take what they still have to get
_GIVEN_UP = 90.0  # s after which a client that takes nothing has gone, as over UDP (MAX_TRANSMIT_WAIT of RFC 7252)
_KEEPALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}  # s, s, times


async def listen_for_streams(context: aiocoap.Context, sock: socket.socket) -> None:
    """Let the context answer those who connect to this socket, and own it."""
    tokens = TokenManager(context)
    tokens.token_interface = await _Streams.on_socket(tokens, sock)
    context.request_interfaces.append(tokens)


class _Connection(TcpConnection):  # type: ignore[misc]
    _closing = False

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        _notice_its_end(transport.get_extra_info("socket"))
        if self._closing:  # accepted in the very moment of the shutdown
            transport.abort()

    def data_received(self, data: bytes) -> None:
        try:
            super().data_received(data)
        except (UnicodeDecodeError, aiocoap.error.UnparsableMessage):
            self.abort("Failed to parse message")

    async def close(self) -> None:
        self._closing = True
        if self._transport is not None:
            await self.release()
            self._transport.close()

    def give_up(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class _Streams(TCPServer):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self._empty = asyncio.Event()

    @classmethod
    async def on_socket(cls, tokens: interfaces.TokenManager, sock: socket.socket) -> _Streams:
        self = cls()
        loop = asyncio.get_running_loop()
        self._tokenmanager = tokens
        self.log = tokens.log

        def connected() -> _Connection:
            connection = _Connection(self, self.log, loop, is_server=True)
            self._pool.add(connection)
            return connection

        self.server = await loop.create_server(connected, sock=sock)
        return self

    def _evict_from_pool(self, connection: TcpConnection) -> None:
        super()._evict_from_pool(connection)
        if not self._pool:
            self._empty.set()

    async def shutdown(self) -> None:
        self._tokenmanager = None
        self.server.close()
        self._empty.clear()
        for connection in tuple(self._pool):
            await connection.close()
        try:
            async with asyncio.timeout(_CLOSING_TIME):
                while self._pool:
                    await self._empty.wait()
        except TimeoutError:
            _logger.info("%d clients did not take their last answers", len(self._pool))
            for connection in tuple(self._pool):
                connection.give_up()
        await self.server.wait_closed()


def _notice_its_end(sock: socket.socket) -> None:
    """Have the kernel end a connection whose other end has vanished: it would keep what is to be told for hours."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    options = {**_KEEPALIVE, "TCP_USER_TIMEOUT": round(_GIVEN_UP * 1000)}
    for name, value in options.items():
        if hasattr(socket, name):  # Linux has them all
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
