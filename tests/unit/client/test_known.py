from __future__ import annotations

import aiocoap
from aiocoap.numbers import codes

from piccolo3.client.known import Known


def request(code: int = codes.GET, path: str = "a", payload: bytes = b"", accept: int | None = None) -> aiocoap.Message:
    message = aiocoap.Message(code=code, payload=payload, accept=accept)
    message.opt.uri_path = (path,)
    return message


def content(payload: bytes = b"x" * 300, etag: bytes | None = b"1") -> aiocoap.Message:
    return aiocoap.Message(code=codes.CONTENT, payload=payload, etag=etag, content_format=50)


def mentioned(known: Known, message: aiocoap.Message) -> tuple[bytes, ...]:
    known.mention(message)
    return tuple(message.opt.etags)


def test_what_is_known_is_mentioned_and_taken_again() -> None:
    known = Known()
    assert mentioned(known, request()) == ()
    first = known.take(request(), content())
    assert mentioned(known, request()) == (b"1",)
    for _ in range(2):
        again = known.take(request(), aiocoap.Message(code=codes.VALID, etag=b"1"))
        assert (again.code, again.payload, again.opt.content_format) == (codes.CONTENT, first.payload, 50)
    changed = known.take(request(), content(b"new" * 100, b"2"))
    assert changed.payload == b"new" * 100
    assert mentioned(known, request()) == (b"2",)


def test_another_request_is_another_answer() -> None:
    known = Known()
    known.take(request(), content())
    for other in (request(path="b"), request(accept=60), request(codes.FETCH), request(codes.PUT)):
        assert mentioned(known, other) == ()
    known.take(request(codes.FETCH, payload=b"[1]"), content(etag=b"3"))
    assert mentioned(known, request(codes.FETCH, payload=b"[2]")) == ()
    assert mentioned(known, request(codes.FETCH, payload=b"[1]")) == (b"3",)


def test_what_is_not_kept() -> None:
    known = Known()
    known.take(request(), content(etag=None))
    known.take(request(codes.PUT), content())
    known.take(request(path="large"), content(bytes(5 << 20)))
    known.take(request(path="code"), aiocoap.Message(code=codes.CHANGED, payload=b"x", etag=b"1"))
    for message in (request(), request(codes.PUT), request(path="large"), request(path="code")):
        assert mentioned(known, message) == ()


def test_the_oldest_go_first() -> None:
    known = Known()
    for number in range(20):
        known.take(request(path=str(number)), content(bytes(1 << 20), bytes([number])))
        if number == 3:
            known.take(request(path="0"), aiocoap.Message(code=codes.VALID, etag=b"\x00"))
    assert [number for number in range(20) if mentioned(known, request(path=str(number)))] == [16, 17, 18, 19]
    known = Known()
    for number in range(4):
        known.take(request(path=str(number)), content(bytes(1 << 20), bytes([number + 1])))
    known.take(request(path="0"), aiocoap.Message(code=codes.VALID, etag=b"\x01"))
    known.take(request(path="4"), content(bytes(1 << 20), b"5"))
    assert [number for number in range(5) if mentioned(known, request(path=str(number)))] == [0, 2, 3, 4]
