"""An open device, whichever backend opened it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Protocol

from piccolo3.devices.seabreeze.usbbus import Place

__all__ = ["Connection", "Device"]


class Device(Protocol):
    """What both backends call a SeaBreezeDevice. Its features have types of their own, and may raise anything."""

    @property
    def model(self) -> str:
        """What the backend calls it."""

    @property
    def serial_number(self) -> str:
        """What it says itself."""

    @property
    def features(self) -> Mapping[str, Sequence[object]]:
        """By name; no features of a kind that it does not have."""


class Connection(ABC):
    """A device that is open, and claimed by this process."""

    def __init__(self, device: Device, place: Place, backend: str) -> None:
        self.device = device
        self.place = place
        self.backend = backend

    @abstractmethod
    def limit(self, seconds: float) -> None:
        """From now on a transfer may take that long (in vain where the backend knows no limits)."""

    @abstractmethod
    def close(self) -> None:
        """Close it, and let others have it."""
