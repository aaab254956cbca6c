"""The one exception tree.

A server raises these; `piccolo3.wire` maps each class to a CoAP code and a JSON body, and the client
raises the same class again. `details` are JSON values that travel with the message.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = [
    "Busy",
    "ConfigurationError",
    "Conflict",
    "ConnectionFailed",
    "DeviceError",
    "DeviceInterrupted",
    "DeviceRemoved",
    "DeviceTimeout",
    "InternalError",
    "InvalidValue",
    "NotAcceptable",
    "NotAllowed",
    "NotBusy",
    "NotFound",
    "PiccoloError",
    "SpectrumRejected",
    "StoreError",
    "TooLarge",
    "Unavailable",
    "UnsupportedFormat",
]


class PiccoloError(Exception):
    """Anything piccolo3 refuses or fails to do, with a message for people and details for programs."""

    def __init__(self, message: str = "", **details: object) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class InvalidValue(PiccoloError):
    """A request or value is malformed, of the wrong type or out of range (4.00)."""


class NotFound(PiccoloError):
    """There is no such resource, run, file, channel or spectrometer (4.04)."""


class NotAllowed(PiccoloError):
    """The resource does not have this method (4.05)."""


class NotAcceptable(PiccoloError):
    """The client accepts only formats that the resource can't give (4.06)."""


class Conflict(PiccoloError):
    """The thing is in a state that does not allow the request (4.09)."""


class Busy(Conflict):
    """Something is running and has to end first (4.09)."""


class NotBusy(Conflict):
    """There is nothing to abort or pause (4.09)."""


class TooLarge(PiccoloError):
    """The payload is larger than the server takes (4.13)."""


class UnsupportedFormat(PiccoloError):
    """The payload is in a content format that is not understood (4.15)."""


class InternalError(PiccoloError):
    """A fault in piccolo3 itself (5.00)."""


class Unavailable(PiccoloError):
    """Something the request needs is not available now (5.03)."""


class DeviceError(Unavailable):
    """A spectrometer, shutter or switch failed."""


class DeviceTimeout(DeviceError):
    """A device did not answer before its deadline."""


class DeviceRemoved(DeviceError):
    """A device is not connected (any more)."""


class DeviceInterrupted(DeviceError):
    """A blocking call was ended because the device is being closed."""


class SpectrumRejected(DeviceError):
    """A device answered with something that can't be a fresh spectrum."""


class StoreError(Unavailable):
    """The data directory can't be read or written."""


class ConnectionFailed(PiccoloError):
    """The client got no answer from the server."""


class ConfigurationError(PiccoloError):
    """The configuration has mistakes, all of which are in `problems`, one sentence each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)
