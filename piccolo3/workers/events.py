"""What the workers tell about the hardware."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from piccolo3.events import Event
from piccolo3.status import ShutterStatus

__all__ = ["ShutterChanged", "SpectrometerChanged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectrometerChanged(Event):
    """Something about a spectrometer is not what it was; its worker has the new value."""

    serial_number: str
    what: Literal["status", "temperature", "cooler", "info"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShutterChanged(Event):
    """A shutter has moved."""

    direction: str
    status: ShutterStatus
