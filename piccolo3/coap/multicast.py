"""Being found: groups that all CoAP servers of a network are in, and what may be asked of all at once."""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import socket
import struct

import aiocoap
from aiocoap.numbers.codes import Code

__all__ = ["LEISURE", "is_for_all", "is_search", "join", "no_answer"]

_logger = logging.getLogger(__name__)

LEISURE = 0.5
"""Seconds over which servers spread their answers (RFC 7252 8.2; less than its default, there are few rigs)."""

_GROUPS6 = ("ff02::fd", "ff05::fd")  # RFC 7252 12.8
_GROUP4 = "224.0.1.187"
_CORE = (".well-known", "core")
_SUPPRESS_ALL = 2 | 8 | 16  # RFC 7967: no answer of any class


def join(sock: socket.socket) -> None:
    """Let what is sent to all CoAP servers arrive at a datagram socket, from all interfaces that there are now."""
    joined = 0
    for index, name in socket.if_nameindex():
        if sock.family == socket.AF_INET6:
            for group in _GROUPS6:
                request = struct.pack("16si", ipaddress.ip_address(group).packed, index)
                with contextlib.suppress(OSError):  # an interface without IPv6
                    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, request)
                    joined += 1
        request = struct.pack("4s4si", socket.inet_aton(_GROUP4), bytes(4), index)  # struct ip_mreqn
        try:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
            joined += 1
        except OSError as problem:
            _logger.debug("no IPv4 multicast at %s: %s", name, problem)
    if not joined:
        _logger.warning("this server can't be discovered: no interface takes part in multicast")


def is_for_all(request: aiocoap.Message) -> bool:
    """Whether a request came to an address of many."""
    return bool(request.remote.is_multicast_locally)


def is_search(request: aiocoap.Message) -> bool:
    """Whether it asks for what a discoverable server tells to all: its list of links, filtered."""
    return request.code == Code.GET and request.opt.uri_path == _CORE and bool(request.opt.uri_query)


def no_answer() -> aiocoap.Message:
    """What ends a request without anything being sent."""
    return aiocoap.Message(code=Code.NOT_FOUND, no_response=_SUPPRESS_ALL)
