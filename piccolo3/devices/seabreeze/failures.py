"""From whatever seabreeze, pyusb or libusb raise to the errors of piccolo3."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from piccolo3.errors import DeviceError, DeviceRemoved, DeviceTimeout

__all__ = ["NOT_INSTALLED", "as_device_error", "device_errors", "is_unsupported"]

NOT_INSTALLED = "seabreeze is not installed: pip install 'piccolo3[pi]'"
_GONE = (errno.ENODEV, errno.ENXIO, errno.ENOENT, errno.ESHUTDOWN)
_NOT_IMPLEMENTED = (4, 5)  # cseabreeze: feature not implemented, no such feature


@contextmanager
def device_errors(name: str, what: str, is_here: Callable[[], bool]) -> Iterator[None]:
    """Raise DeviceError, or a kind of it, for anything that a driver raises."""
    try:
        yield
    except DeviceError:
        raise
    except Exception as error:
        raise as_device_error(error, name, what, is_here) from error


def as_device_error(error: Exception, name: str, what: str, is_here: Callable[[], bool]) -> DeviceError:
    """The error to raise for `error`, which happened while `what` was done with `name`.

    cseabreeze says the same whatever happens to a transfer: `is_here` tells whether the device is still on the bus.
    """
    if _number(error) in _GONE or not is_here():
        return DeviceRemoved(f"{name} is not connected any more")
    text = f"{what} {name} failed: {_said(error)}"
    return DeviceTimeout(text) if _number(error) == errno.ETIMEDOUT else DeviceError(text)


def is_unsupported(error: Exception) -> bool:
    """Whether a feature turned out not to be there; the device is as it was."""
    if isinstance(error, NotImplementedError) or type(error).__name__ == "SeaBreezeNotSupported":
        return True
    return getattr(error, "error_code", None) in _NOT_IMPLEMENTED


def _number(error: Exception) -> int | None:
    number = getattr(error, "errno", None)
    return number if isinstance(number, int) else None


def _said(error: Exception) -> str:
    said = " ".join(str(error).split()) or "no reason given"
    return said if type(error).__name__ == "SeaBreezeError" else f"{said} ({type(error).__name__})"
