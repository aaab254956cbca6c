"""A CoAP load of confirmable GETs from one socket, cheap enough not to be what is measured."""

from __future__ import annotations

import socket
import struct
import time

__all__ = ["answers", "rate"]

_PATH = b"\xb7control\x06status"  # Uri-Path options 11, delta 0
_CONTENT = 0x45


def _get(identifier: int) -> bytes:
    return struct.pack("!BBHH", 0x42, 0x01, identifier, identifier) + _PATH


def _socket(port: int, timeout: float) -> socket.socket:
    connection = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    connection.connect(("::1", port))
    connection.settimeout(timeout)
    return connection


def answers(port: int) -> bool:
    """Whether a GET of control/status is answered at once."""
    with _socket(port, 0.2) as connection:
        try:
            connection.send(_get(1))
            return connection.recv(2048)[1] == _CONTENT
        except OSError:
            time.sleep(0.005)  # refused at once: nobody listens yet
            return False


def rate(port: int, requests: int, in_flight: int = 16) -> float:
    """Answered GETs of control/status per second."""
    with _socket(port, 5.0) as connection:
        begin = time.monotonic()
        for sent in range(in_flight):
            connection.send(_get(sent))
        sent = in_flight
        for _ in range(requests):
            if connection.recv(2048)[1] != _CONTENT:
                message = "a GET of control/status was refused"
                raise RuntimeError(message)
            if sent < requests:
                connection.send(_get(sent))
                sent += 1
        return requests / (time.monotonic() - begin)
