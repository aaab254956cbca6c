"""Uploads and downloads in blocks: what is kept, for how long, and what is refused."""

from __future__ import annotations

from types import SimpleNamespace

import aiocoap
import pytest
from aiocoap.numbers.codes import Code
from hypothesis import given
from hypothesis import strategies as st

from piccolo3.coap.blocks import Downloads, Incomplete, Uploads, entity_tag
from piccolo3.errors import InvalidValue, TooLarge


class Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def request(client: int = 1, payload: bytes = b"", *, bert: bool = False, **options: object) -> aiocoap.Message:
    message = aiocoap.Message(code=Code.PUT, payload=payload, uri_path=("a",), **options)
    message.remote = SimpleNamespace(
        blockwise_key=client, maximum_block_size_exp=7 if bert else 6, maximum_payload_size=4196 if bert else 1124
    )
    return message


def answer(size: int) -> aiocoap.Message:
    return aiocoap.Message(code=Code.CHANGED, payload=(bytes(range(251)) * (size // 251 + 1))[:size], content_format=50)


@given(payload=st.binary(max_size=5000), exponent=st.integers(0, 6))
def test_an_upload_is_put_together_and_forgotten(payload: bytes, exponent: int) -> None:
    uploads = Uploads(Clock())
    size = 16 << exponent
    count = max(1, -(-len(payload) // size))
    for number in range(count):
        block = payload[number * size : (number + 1) * size]
        taken = uploads.feed(request(payload=block, block1=(number, number < count - 1, exponent)))
        assert taken == (None if number < count - 1 else payload)
    assert len(uploads) == 0


def test_blocks_of_several_kilobytes_over_tcp() -> None:
    uploads = Uploads(Clock())
    assert uploads.feed(request(payload=b"a" * 4096, bert=True, block1=(0, True, 7))) is None
    assert uploads.feed(request(payload=b"b" * 100, bert=True, block1=(4, False, 7))) == b"a" * 4096 + b"b" * 100


def test_without_blocks_a_payload_is_taken_as_it_is() -> None:
    assert Uploads(Clock()).feed(request(payload=b"5")) == b"5"
    assert Uploads(Clock()).feed(request(payload=b"x" * 65536)) == b"x" * 65536
    with pytest.raises(TooLarge):
        Uploads(Clock()).feed(request(payload=b"x" * 65537))


@pytest.mark.parametrize("number", [0, 2, 3])
def test_a_block_out_of_order(number: int) -> None:
    uploads = Uploads(Clock())
    uploads.feed(request(payload=b"x" * 16, block1=(0, True, 0)))
    if number == 0:  # from the beginning again
        assert uploads.feed(request(payload=b"y" * 8, block1=(0, False, 0))) == b"y" * 8
        return
    with pytest.raises(Incomplete):
        uploads.feed(request(payload=b"x" * 16, block1=(number, True, 0)))
    assert len(uploads) == 0


@pytest.mark.parametrize(("payload", "more"), [(b"x" * 15, True), (b"x" * 17, True), (b"x" * 17, False)])
def test_a_block_of_the_wrong_size(payload: bytes, more: bool) -> None:
    uploads = Uploads(Clock())
    with pytest.raises(InvalidValue, match="17 bytes" if len(payload) == 17 else "15 bytes"):
        uploads.feed(request(payload=payload, block1=(0, more, 0)))
    assert len(uploads) == 0


def test_a_refused_upload_is_forgotten() -> None:
    uploads = Uploads(Clock())
    for number in range(63):
        uploads.feed(request(payload=b"x" * 1024, block1=(number, True, 6)))
    assert len(uploads) == 1
    with pytest.raises(TooLarge):
        uploads.feed(request(payload=b"x" * 1024, block1=(63, True, 6)))
    assert len(uploads) == 0


def test_uploads_of_clients_and_resources_are_apart() -> None:
    uploads = Uploads(Clock())
    other = request(payload=b"c" * 16, block1=(0, True, 0))
    other.opt.uri_path = ("b",)
    uploads.feed(request(1, b"a" * 16, block1=(0, True, 0)))
    uploads.feed(request(2, b"b" * 16, block1=(0, True, 0)))
    uploads.feed(other)
    assert len(uploads) == 3
    assert uploads.feed(request(1, b"!", block1=(1, False, 0))) == b"a" * 16 + b"!"
    assert uploads.feed(request(2, b"?", block1=(1, False, 0))) == b"b" * 16 + b"?"


def test_uploads_that_nobody_goes_on_with_are_dropped() -> None:
    clock = Clock()
    uploads = Uploads(clock)
    for client in range(100):
        uploads.feed(request(client, b"x" * 16, block1=(0, True, 0)))
    assert len(uploads) == 64
    with pytest.raises(Incomplete):
        uploads.feed(request(0, b"x", block1=(1, False, 0)))
    clock.time = 94.0
    with pytest.raises(Incomplete):
        uploads.feed(request(99, b"x", block1=(1, False, 0)))
    uploads.feed(request(1000, b"x" * 16, block1=(0, True, 0)))
    assert len(uploads) == 1


@given(size=st.integers(0, 5000), exponent=st.integers(0, 6), bert=st.booleans())
def test_a_download_in_blocks_is_the_whole(size: int, exponent: int, bert: bool) -> None:
    downloads = Downloads(Clock())
    whole = answer(size)
    block: aiocoap.Message | None = downloads.first_block(request(bert=bert, block2=(0, False, exponent)), whole)
    received = b""
    number = 0
    while True:
        assert block is not None
        assert (block.code, block.opt.content_format) == (Code.CHANGED, 50)
        received += block.payload
        if block.opt.block2 is None or not block.opt.block2.more:
            break
        assert block.opt.etag == entity_tag(whole.payload)
        assert block.opt.block2 == (number, True, exponent)
        number += 1
        block = downloads.later_block(request(bert=bert, block2=(number, False, exponent)))
    assert received == whole.payload


def test_over_tcp_an_answer_goes_in_one_or_in_large_blocks() -> None:
    downloads = Downloads(Clock())
    assert len(downloads.first_block(request(bert=True), answer(4196)).payload) == 4196
    first = downloads.first_block(request(bert=True), answer(9000))
    assert (first.opt.block2, len(first.payload)) == ((0, True, 7), 4096)
    last = downloads.later_block(request(bert=True, block2=(8, False, 7)))
    assert last is not None
    assert (last.opt.block2, len(last.payload)) == ((8, False, 7), 9000 - 8192)


def test_later_blocks_only_of_what_is_there() -> None:
    clock = Clock()
    downloads = Downloads(clock)
    assert downloads.later_block(request()) is None
    assert downloads.later_block(request(block2=(0, False, 6))) is None
    with pytest.raises(Incomplete):
        downloads.later_block(request(block2=(1, False, 6)))
    downloads.first_block(request(), answer(2000))
    with pytest.raises(InvalidValue, match="there is no block 2"):
        downloads.later_block(request(block2=(2, False, 6)))
    with pytest.raises(Incomplete):
        downloads.later_block(request(2, block2=(1, False, 6)))
    clock.time = 94.0
    with pytest.raises(Incomplete):
        downloads.later_block(request(block2=(1, False, 6)))


def test_a_download_may_take_as_long_as_it_goes_on() -> None:
    clock = Clock()
    downloads = Downloads(clock)
    downloads.first_block(request(), answer(100 * 1024))
    downloads.first_block(request(2), answer(2000))
    for number in range(1, 100):
        clock.time += 60.0
        found = downloads.later_block(request(block2=(number, False, 6)))
        assert found is not None
    downloads.first_block(request(3), answer(2000))
    assert len(downloads) == 2  # the one that nobody went on with has been dropped
    clock.time += 94.0
    with pytest.raises(Incomplete):
        downloads.later_block(request(block2=(1, False, 6)))


def test_downloads_are_kept_for_a_while_and_up_to_a_limit() -> None:
    clock = Clock()
    downloads = Downloads(clock)
    for client in range(20):
        downloads.first_block(request(client), answer(1 << 20))
    assert len(downloads) == 16
    downloads.first_block(request(19), answer(2000))
    assert len(downloads) == 16
    clock.time = 94.0
    downloads.first_block(request(50), answer(2000))
    assert len(downloads) == 1
    downloads.first_block(request(51), answer(20 << 20))  # more than is kept, but somebody wants it now
    assert downloads.later_block(request(51, block2=(1, False, 6))) is not None
    assert len(downloads) == 1


def test_entity_tags_are_short_and_differ() -> None:
    assert len(entity_tag(b"")) == 8
    assert entity_tag(b"a") != entity_tag(b"b")
