"""Messages of the Ocean Binary Protocol (OBP), as in Ocean Optics' data sheets of STS and QE Pro.

64 bytes with up to 16 bytes of data in them, or as many as the data needs: header of 44 bytes, payload, checksum of 16
bytes, footer of 4 bytes; all little endian.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from struct import Struct

__all__ = ["SHORTEST", "Flag", "Message", "Splitter", "Trouble"]

_HEADER = Struct("<HHHHII6sBB16sI")
_START = b"\xc1\xc0"
_FOOTER = b"\xc5\xc4\xc3\xc2"
_IMMEDIATE = 16
_CHECKSUM = 16
_AFTER_PAYLOAD = _CHECKSUM + len(_FOOTER)
SHORTEST = _HEADER.size + _AFTER_PAYLOAD
_LONGEST = 1 << 16


class Flag(IntFlag):
    """The flags of a message."""

    RESPONSE = 1
    ACK = 2
    WANTS_ACK = 4
    NACK = 8
    HARDWARE = 16


class Trouble(IntEnum):
    """The error codes that are used."""

    NONE = 0
    BAD_PROTOCOL = 1
    UNKNOWN_TYPE = 2
    BAD_CHECKSUM = 3
    TOO_LARGE = 4
    PAYLOAD_LENGTH = 5
    PAYLOAD_INVALID = 6
    NOT_READY = 7


NO_FLAGS = Flag(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message; `type` says what it is about, `regarding` is given back as it came."""

    type: int
    data: bytes = b""
    version: int = 0x1100
    flags: Flag = NO_FLAGS
    error: int = 0
    regarding: int = 0

    def packed(self) -> bytes:
        """The bytes on the bus, without a checksum."""
        immediate = self.data if len(self.data) <= _IMMEDIATE else b""
        payload = b"" if immediate else self.data
        header = _HEADER.pack(
            int.from_bytes(_START, "little"),
            self.version,
            self.flags,
            self.error,
            self.type,
            self.regarding,
            b"",
            0,
            len(immediate),
            immediate,
            len(payload) + _AFTER_PAYLOAD,
        )
        return header + payload + bytes(_CHECKSUM) + _FOOTER

    @classmethod
    def parsed(cls, data: bytes) -> Message:
        """The message of those bytes, all of it. Raises ValueError."""
        if len(data) < SHORTEST or not data.startswith(_START) or not data.endswith(_FOOTER):
            raise ValueError("no message")
        _, version, flags, error, kind, regarding, _, _, length, immediate, rest = _HEADER.unpack_from(data)
        if rest != len(data) - _HEADER.size or length > _IMMEDIATE:
            raise ValueError("a message of another length")
        payload = data[_HEADER.size : -_AFTER_PAYLOAD]
        if payload and length:
            raise ValueError("data in two places")
        return cls(
            type=kind,
            data=payload or immediate[:length],
            version=version,
            flags=Flag(flags),
            error=error,
            regarding=regarding,
        )


class Splitter:
    """Puts messages together from the parts in which they come. What is no message is skipped."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        """The messages that are complete with these bytes."""
        self._pending += data
        while (length := self._length()) is not None:
            whole = bytes(self._pending[:length])
            try:
                message = Message.parsed(whole)
            except ValueError:
                del self._pending[:1]  # look for the next start
                continue
            del self._pending[:length]
            yield message

    def clear(self) -> None:
        """Forget what was incomplete."""
        self._pending.clear()

    def _length(self) -> int | None:
        """How long the message at the beginning is, None while it is incomplete."""
        pending = self._pending
        while True:
            start = pending.find(_START)
            keep = len(pending) - 1 if pending.endswith(_START[:1]) else len(pending)
            del pending[: start if start >= 0 else keep]
            if len(pending) < _HEADER.size:
                return None
            length: int = _HEADER.size + _HEADER.unpack_from(pending)[-1]
            if SHORTEST <= length <= _LONGEST:
                return length if len(pending) >= length else None
            del pending[:1]
