from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.wire import ANSWER, REQUEST, Operation, Status, receive, receive_request, send_answer


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    first, second = socket.socketpair()
    with first, second:
        yield first, second


def test_a_request_with_its_payload(ends: tuple[socket.socket, socket.socket]) -> None:
    ends[0].sendall(REQUEST.pack(ord("B"), 0x01, 0, 0, 100, 3) + b"abc" + REQUEST.pack(ord("B"), 0x81, 0, 0, 100, 3))
    out, wanted = receive_request(ends[1]), receive_request(ends[1])
    assert (out.operation, out.payload, out.timeout) == (Operation.BULK, b"abc", 100)
    assert (wanted.payload, wanted.length) == (b"", 3)


def test_an_answer(ends: tuple[socket.socket, socket.socket]) -> None:
    send_answer(ends[0], Status.BUSY, 7, b"xy")
    assert ANSWER.unpack(receive(ends[1], ANSWER.size)) == (-6, 7, 2)
    assert receive(ends[1], 2) == b"xy"


@given(st.binary(max_size=40))
def test_whatever_comes_is_a_request_or_the_end(data: bytes) -> None:
    first, second = socket.socketpair()
    with first, second:
        first.sendall(data)
        first.shutdown(socket.SHUT_WR)
        try:
            while True:
                assert isinstance(receive_request(second).operation, Operation)
        except EOFError:
            pass
