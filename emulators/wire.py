"""The messages between whoever uses the emulated instruments and the process that emulates them.

A request has a header and, where the operation says so, a payload; the answer has a header and a payload of `size`
bytes. `libusb.c` has the same.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from enum import Enum, IntEnum
from struct import Struct

__all__ = ["ANSWER", "REQUEST", "Operation", "Request", "Status", "receive", "receive_request", "send_answer"]

REQUEST = Struct("<BBHIII")  # operation, endpoint, value, identity, timeout (ms), length
ANSWER = Struct("<iII")  # status, value, size
_LONGEST = 1 << 20


class Operation(Enum):
    """What is asked for, and in brackets what counts of the request; `payload` tells which have one."""

    LIST = ord("L")
    OPEN = ord("O")  # identity of the device; the value of the answer is the token of the handle
    JOIN = ord("J")  # identity: token of the handle that transfers are for
    CLOSE = ord("Z")
    CLAIM = ord("C")  # value: interface
    RELEASE = ord("R")  # value: interface
    SET_CONFIGURATION = ord("S")  # value
    GET_CONFIGURATION = ord("G")
    ALTERNATE_SETTING = ord("A")
    RESET = ord("X")
    CLEAR_HALT = ord("H")  # value: endpoint
    CONTROL = ord("T")  # timeout, payload: set-up packet and data
    BULK = ord("B")  # endpoint, timeout, length; payload if the endpoint is an OUT one
    PIN = ord("P")  # payload: JSON; there is no answer
    COMMAND = ord("M")  # payload: JSON; so is the answer


class Status(IntEnum):
    """The error codes of libusb, and one of ours: the process that asked is to die of it."""

    SUCCESS = 0
    IO = -1
    INVALID_PARAM = -2
    ACCESS = -3
    NO_DEVICE = -4
    NOT_FOUND = -5
    BUSY = -6
    TIMEOUT = -7
    OVERFLOW = -8
    PIPE = -9
    NOT_SUPPORTED = -12
    CRASH = -1000


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `length` is that of the payload, or what is wanted from an IN endpoint."""

    operation: Operation
    endpoint: int
    value: int
    identity: int
    timeout: int
    length: int
    payload: bytes


def receive(connection: socket.socket, size: int) -> bytes:
    """Exactly that many bytes. Raises EOFError if the other end is gone, or said less."""
    parts, missing = [], size
    while missing:
        part = connection.recv(missing)
        if not part:
            raise EOFError
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def receive_request(connection: socket.socket) -> Request:
    """The next request. Raises EOFError, also for what is none."""
    code, endpoint, value, identity, timeout, length = REQUEST.unpack(receive(connection, REQUEST.size))
    try:
        operation = Operation(code)
    except ValueError:
        raise EOFError from None
    has_payload = operation in _WITH_PAYLOAD or (operation is Operation.BULK and not endpoint & 0x80)
    if has_payload and length > _LONGEST:
        raise EOFError
    payload = receive(connection, length) if has_payload else b""
    return Request(operation, endpoint, value, identity, timeout, length, payload)


_WITH_PAYLOAD = frozenset({Operation.CONTROL, Operation.PIN, Operation.COMMAND})


def send_answer(connection: socket.socket, status: int, value: int = 0, payload: bytes = b"") -> None:
    """Answer a request; one system call, so that no small packet waits for another."""
    connection.sendall(ANSWER.pack(status, value, len(payload)) + payload)
