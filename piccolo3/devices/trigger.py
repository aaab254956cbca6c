"""What starts a sequence from outside: the interface."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from piccolo3.errors import DeviceError

__all__ = ["Trigger", "UnavailableTrigger"]


class Trigger(ABC):
    """Something that fires now and then."""

    @abstractmethod
    def listen(self, fired: Callable[[float], None]) -> None:
        """Call `fired` with the time (monotonic, s) each time it fires, from any thread. Raises DeviceError.

        `fired` neither waits nor raises.
        """

    @abstractmethod
    def release(self) -> None:
        """Give the pins back; nothing is called any more. Doing so twice does no harm."""


class UnavailableTrigger(Trigger):
    """A trigger that can't be used: DeviceError with the reason."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def listen(self, fired: Callable[[float], None]) -> None:
        raise DeviceError(self._reason)

    def release(self) -> None:
        """It has no pins."""
