"""Short questions that seabreeze has no words for, through its feature `raw_usb_bus_access`.

Messages of the Ocean Binary Protocol (OBP) are as in the data sheets of STS and QE Pro.
"""

from __future__ import annotations

import struct
import warnings
from typing import Protocol

from piccolo3.errors import DeviceError

__all__ = [
    "CLEAR_BUFFER",
    "FIRMWARE_REVISION",
    "INTEGRATION_TIME",
    "SET_SHUTTER",
    "RawAccess",
    "Refused",
    "fpga_version",
    "obp_request",
]

FIRMWARE_REVISION = 0x00000090
CLEAR_BUFFER = 0x00100830
INTEGRATION_TIME = 0x00110000
SET_SHUTTER = 0x00110610

_HEADER = struct.Struct("<HHHHII6sBB16sI")
_START, _VERSION, _FOOTER = 0xC0C1, 0x1100, 0xC2C3C4C5
_WANTS_ACK, _REFUSED = 0x0004, 0x0018
_LENGTH = 64
_READ_REGISTER, _VERSION_REGISTER = 0x6B, 0x04


class Refused(DeviceError):
    """The device has understood, and will not; it goes on as if it had not been asked."""


class RawAccess(Protocol):
    """The feature, as both backends have it."""

    def raw_usb_write(self, data: bytes, endpoint: str) -> object:
        """Send."""

    def raw_usb_read(self, endpoint: str, buffer_length: int) -> bytes:
        """Receive at most that many bytes."""


def obp_request(raw: RawAccess, kind: int, said: bytes = b"") -> bytes:
    """Ask, with at most 16 bytes that are `said`; up to 16 bytes of data, none where it is only acknowledged.

    Raises Refused if it is refused, DeviceError if the answer is none.
    """
    header = _HEADER.pack(_START, _VERSION, _WANTS_ACK, 0, kind, 0, b"", 0, len(said), said, 20)
    answer = _answer(raw, header + bytes(16) + _FOOTER.to_bytes(4, "little"), _LENGTH)
    start, _, flags, _, answered, _, _, _, length, data, _ = _HEADER.unpack_from(answer)
    if start != _START or answered != kind:
        raise DeviceError(f"the request {kind:08x} was not answered")
    if flags & _REFUSED:
        raise Refused(f"the request {kind:08x} was refused")
    return bytes(data[:length])


def fpga_version(raw: RawAccess) -> tuple[int, int, int]:
    """Version of the electronics of USB2000+ and Flame (their data sheets, register 4)."""
    value = int.from_bytes(_answer(raw, bytes((_READ_REGISTER, _VERSION_REGISTER)), 3)[1:], "little")
    return value >> 12, value >> 4 & 0xFF, value & 0xF


def _answer(raw: RawAccess, question: bytes, length: int) -> bytes:
    with warnings.catch_warnings():  # cseabreeze: a type that it could not import, and does not need
        warnings.simplefilter("ignore", UserWarning)
        raw.raw_usb_write(data=question, endpoint="primary_out")
        answer = bytes(raw.raw_usb_read(endpoint="primary_in", buffer_length=length))
    if len(answer) != length:
        raise DeviceError(f"{len(answer)} of {length} bytes came")
    return answer
