"""What daemon and host say to each other: short messages, one packet each. Counts go through shared memory instead."""

from __future__ import annotations

import pickle
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field

from piccolo3 import errors
from piccolo3.errors import DeviceError, PiccoloError

__all__ = ["Call", "Counts", "Failure", "Message", "Record", "Start", "Value", "failure_of", "receive", "send"]

_LARGEST = 1 << 16  # octets of a packet
_LONGEST = 1 << 13  # characters of a text

_ERRORS: Mapping[str, type[PiccoloError]] = {
    kind.__name__: kind
    for kind in (getattr(errors, name) for name in errors.__all__)
    if isinstance(kind, type) and issubclass(kind, PiccoloError) and kind.__init__ is PiccoloError.__init__
}


@dataclass(frozen=True, slots=True)
class Start:
    """To a new host: be `name`, log what is at least of `level`, make the spectrometer (a pickled callable)."""

    name: str
    level: int
    make: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """To a host: call this method of the spectrometer. After `close` the host ends."""

    method: str
    arguments: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Value:
    """The answer to a call: what it returned."""

    value: object


@dataclass(frozen=True, slots=True)
class Counts:
    """The answer to `read`: so many counts lie in the shared memory; the device's number of the exposure, if any."""

    size: int
    number: int | None


@dataclass(frozen=True, slots=True)
class Failure:
    """The answer to a call that raised an error: the name of its class in `piccolo3.errors`."""

    kind: str
    message: str
    details: Mapping[str, object] = field(default_factory=dict)

    def error(self) -> PiccoloError:
        """The same error again."""
        return _ERRORS.get(self.kind, DeviceError)(self.message, **self.details)


@dataclass(frozen=True, slots=True)
class Record:
    """Something for the log, at any time; the keys are those of `logging.LogRecord`."""

    fields: Mapping[str, object]


Message = Start | Call | Value | Counts | Failure | Record


def failure_of(error: BaseException) -> Failure:
    """What is said of an error. Of one that is not ours, the name of its class is in the message."""
    if not isinstance(error, PiccoloError):
        return Failure("DeviceError", f"{type(error).__name__}: {error}"[:_LONGEST])
    kind = next(parent.__name__ for parent in type(error).__mro__ if parent.__name__ in _ERRORS)
    details = {str(key): _plain(value) for key, value in error.details.items()}
    return Failure(kind, str(error)[:_LONGEST], details)


def _plain(value: object) -> object:
    """Something that is known at the other end, too."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value[:100]]
    return str(value)[:_LONGEST]


def send(channel: socket.socket, message: Message, flags: int = 0) -> None:
    """Send one message. Raises OSError where nobody listens any more, DeviceError where it is too large."""
    packet = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    if len(packet) > _LARGEST:
        raise DeviceError(f"a message of {len(packet)} octets is too large")
    channel.send(packet, flags)


def receive(channel: socket.socket, flags: int = 0) -> Message:
    """Wait for a message. Raises EOFError or OSError if none will come."""
    packet = channel.recv(_LARGEST, flags)
    if not packet:
        raise EOFError
    message: Message = pickle.loads(packet)  # noqa: S301 - from a process that we have started
    return message
