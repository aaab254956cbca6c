from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.obp import SHORTEST, Flag, Message, Splitter

messages = st.builds(
    Message,
    type=st.integers(0, 2**32 - 1),
    data=st.binary(max_size=100),
    version=st.sampled_from((0x1100, 0x2000)),
    flags=st.integers(0, 31).map(Flag),
    error=st.integers(0, 2**16 - 1),
    regarding=st.integers(0, 2**32 - 1),
)


@given(messages)
def test_what_is_packed_is_parsed(message: Message) -> None:
    assert Message.parsed(message.packed()) == message


def test_a_message_as_the_data_sheet_has_it() -> None:
    """Set the integration time to 10 ms, and acknowledge it."""
    header = bytes.fromhex("c1c0 0011 0400 0000 10001100 00000000 000000000000 00 04 10270000" + "00" * 12 + "14000000")
    expected = header + bytes(16) + bytes.fromhex("c5c4c3c2")
    assert Message(type=0x110010, data=b"\x10\x27\0\0", flags=Flag.WANTS_ACK).packed() == expected
    assert len(expected) == SHORTEST == 64


@given(st.binary(max_size=200))
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"message|data"):
        Message.parsed(data + b"\0")


@given(st.lists(messages, max_size=4), st.data())
def test_messages_come_in_any_parts(sent: list[Message], data: st.DataObject) -> None:
    stream = b"".join(message.packed() for message in sent)
    splitter, found = Splitter(), list[Message]()
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += splitter.feed(stream[:size])
        stream = stream[size:]
    assert found == sent


@given(st.binary(max_size=300).filter(lambda data: 0xC1 not in data), messages)
def test_what_is_no_message_is_skipped(noise: bytes, message: Message) -> None:
    splitter = Splitter()
    assert list(splitter.feed(noise + message.packed())) == [message]


@given(st.lists(st.binary(max_size=100), max_size=10))
def test_noise_never_raises(parts: list[bytes]) -> None:
    splitter = Splitter()
    for part in parts:
        list(splitter.feed(part))


def test_a_reset_forgets_the_beginning_of_a_message() -> None:
    splitter = Splitter()
    message = Message(type=0x100)
    assert list(splitter.feed(message.packed()[:50])) == []
    splitter.clear()
    assert list(splitter.feed(message.packed())) == [message]
