"""Ports for daemons that are started for a test, a benchmark or a page of the documentation."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterator
from contextlib import suppress
from functools import cache

__all__ = ["free_port"]

_FIRST, _BLOCK, _LAST = 20_000, 100, 30_000  # below those that Linux hands out to whoever wants any


def free_port() -> int:
    """One that is free for UDP and TCP at every address, and that no other process gets from here; bound only later."""
    ports = _ports()
    for _ in range(_BLOCK):
        port = next(ports)
        with (
            suppress(OSError),
            socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as tcp,
            socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as udp,
        ):
            for one in (tcp, udp):
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
                one.bind(("::", port))
            return port
    raise RuntimeError("all ports are in use")


@cache
def _ports() -> Iterator[int]:
    """Those of the first block that no other process has, again and again."""
    for first in range(_FIRST, _LAST, _BLOCK):
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0piccolo3 ports from {first}")  # a name without a file, until the end of the process
        except OSError:
            claim.close()
        else:
            claim.detach()
            return itertools.cycle(range(first, first + _BLOCK))
    raise RuntimeError("all ports are in use")
