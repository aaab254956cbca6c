from __future__ import annotations

import pytest

from emulators.obp import Flag, Message
from piccolo3.devices.seabreeze.raw import CLEAR_BUFFER, FIRMWARE_REVISION, SET_SHUTTER, Refused, obp_request
from piccolo3.errors import DeviceError


class Answers:
    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self.asked: Message | None = None

    def raw_usb_write(self, data: bytes, endpoint: str) -> None:
        assert endpoint == "primary_out"
        self.asked = Message.parsed(data)

    def raw_usb_read(self, endpoint: str, buffer_length: int) -> bytes:
        assert endpoint == "primary_in"
        return self._answer[:buffer_length]


def test_asks_and_is_answered() -> None:
    raw = Answers(Message(type=FIRMWARE_REVISION, data=b"\x20\x01", flags=Flag.RESPONSE).packed())
    assert obp_request(raw, FIRMWARE_REVISION) == b"\x20\x01"
    assert raw.asked == Message(type=FIRMWARE_REVISION, flags=Flag.WANTS_ACK)


def test_says_something_and_is_refused_or_not() -> None:
    raw = Answers(Message(type=SET_SHUTTER, flags=Flag.RESPONSE | Flag.ACK).packed())
    assert obp_request(raw, SET_SHUTTER, b"\x01") == b""
    assert raw.asked == Message(type=SET_SHUTTER, data=b"\x01", flags=Flag.WANTS_ACK)
    with pytest.raises(Refused):
        obp_request(Answers(Message(type=SET_SHUTTER, flags=Flag.NACK | Flag.RESPONSE).packed()), SET_SHUTTER, b"\x01")


@pytest.mark.parametrize(
    "answer",
    [
        Message(type=CLEAR_BUFFER, flags=Flag.NACK | Flag.RESPONSE, error=7).packed(),
        Message(type=FIRMWARE_REVISION, flags=Flag.RESPONSE | Flag.ACK).packed(),
        bytes(64),
        Message(type=CLEAR_BUFFER).packed()[:40],
        b"",
    ],
)
def test_a_refusal_is_no_answer(answer: bytes) -> None:
    with pytest.raises(DeviceError):
        obp_request(Answers(answer), CLEAR_BUFFER)
