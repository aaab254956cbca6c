"""Sockets to listen on: for every address that a name stands for, one for datagrams and one for streams.

They are opened here and not by asyncio or aiocoap, because only so

- a second daemon on the same port is refused (aiocoap shares ports by default, and clients are split between the two),
- streams on `::` are for IPv4 as well, as datagrams are,
- a host without IPv6 gets IPv4 sockets for `::`,
- a name that stands for several addresses (`localhost`) is listened on at all of them.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from piccolo3.errors import ConfigurationError, Conflict

__all__ = ["Endpoint", "open_endpoints"]

_logger = logging.getLogger(__name__)

_ANY = "::"
_ANY_IPV4 = "0.0.0.0"  # noqa: S104 - what was configured, on a host without IPv6
_ATTEMPTS = 20  # to find a port that is free for datagrams and streams on all addresses
_RECEIVE_BUFFER = 4 << 20
"""Bytes: acknowledgements of some hundred observers come at once, and a lost one costs seconds."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Two sockets that are bound to the same address and port; whoever has it closes them."""

    datagrams: socket.socket
    streams: socket.socket

    @property
    def family(self) -> socket.AddressFamily:
        """AF_INET6 (which has IPv4 as well if the address is `::`) or AF_INET."""
        return socket.AddressFamily(self.datagrams.family)

    @property
    def port(self) -> int:
        """The port of both."""
        return int(self.datagrams.getsockname()[1])

    def close(self) -> None:
        """Close both."""
        self.datagrams.close()
        self.streams.close()


@dataclass(frozen=True, slots=True)
class _Address:
    family: socket.AddressFamily
    host: str
    scope: int = 0

    def at(self, port: int) -> tuple[str, int] | tuple[str, int, int, int]:
        return (self.host, port, 0, self.scope) if self.family == socket.AF_INET6 else (self.host, port)


async def open_endpoints(address: str, port: int) -> list[Endpoint]:
    """Open sockets for an address or a name; with port 0 all of them have the same free one.

    Raises Conflict if the port is in use, ConfigurationError if the name is unknown or no address of this host.
    """
    addresses = await _resolve(address)
    attempts = 1 if port else _ATTEMPTS
    while True:
        attempts -= 1
        try:
            return _open_all(address, addresses, port)
        except Conflict:
            if not attempts:
                raise


async def _resolve(address: str) -> list[_Address]:
    if address in ("", "*", _ANY):
        return [_Address(socket.AF_INET6, _ANY)]
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            address, None, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE
        )
    except (socket.gaierror, UnicodeError) as error:
        raise ConfigurationError(
            [f"address {address!r} is neither an address nor the name of a host: {error}"]
        ) from None
    addresses = {
        _Address(family, str(sockaddr[0]), int(sockaddr[3]) if len(sockaddr) == 4 else 0): None
        for family, _, _, _, sockaddr in found
        if family in (socket.AF_INET6, socket.AF_INET)
    }
    return list(addresses)


def _open_all(name: str, addresses: Sequence[_Address], port: int) -> list[Endpoint]:
    """Open what can be opened; that is all of them, or some that are addresses of this host."""
    problems = []
    endpoints: list[Endpoint] = []
    with ExitStack() as stack:
        for address in addresses:
            try:
                endpoint = _open(address, endpoints[0].port if endpoints else port)
            except OSError as error:
                problems.append(_problem(address, port, error))
            else:
                stack.callback(endpoint.close)
                endpoints.append(endpoint)
        if not endpoints:
            raise ConfigurationError(problems or [f"address {name!r} has no IP address"])
        for problem in problems:
            _logger.warning("%s", problem)
        stack.pop_all()
    return endpoints


def _problem(address: _Address, port: int, error: OSError) -> str:
    """Say why an address can't be listened on. Raises Conflict if the port is in use."""
    if error.errno == errno.EADDRINUSE:
        where = "" if address.host in (_ANY, _ANY_IPV4) else f" at {address.host}"
        raise Conflict(f"port {port} is in use{where}: is another daemon running?", port=port) from error
    return f"can't listen at {address.host}, port {port}: {error.strerror or error}"


def _open(address: _Address, port: int) -> Endpoint:
    try:
        return _bind(address, port)
    except OSError as error:
        if address.host != _ANY or error.errno == errno.EADDRINUSE:
            raise
        _logger.warning("this host has no IPv6 (%s), listening on IPv4 only", error.strerror or error)
        return _bind(_Address(socket.AF_INET, _ANY_IPV4), port)


def _bind(address: _Address, port: int) -> Endpoint:
    with ExitStack() as stack:
        datagrams = stack.enter_context(socket.socket(address.family, socket.SOCK_DGRAM))
        streams = stack.enter_context(socket.socket(address.family, socket.SOCK_STREAM))
        if address.family == socket.AF_INET6:
            for sock in (datagrams, streams):
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        datagrams.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        # so that a restart does not have to wait for connections of the last run; it does not share the port
        streams.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        datagrams.bind(address.at(port))
        streams.bind(address.at(datagrams.getsockname()[1]))
        # Linux finds some conflicts (with a socket that has SO_REUSEADDR, too) only here
        streams.listen()
        stack.pop_all()
    return Endpoint(datagrams, streams)
