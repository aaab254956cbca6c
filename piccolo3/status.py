"""Enumerations that every side shares; the values are those of the CoAP contract."""

from __future__ import annotations

from enum import IntEnum, StrEnum

__all__ = ["AutointegrationState", "ShutterStatus", "SpectrometerStatus", "SpectrumKind"]


class SpectrometerStatus(IntEnum):
    """State of one spectrometer."""

    NO_WORKER = 1
    POWERED_OFF = 2
    DROPPED = 3
    CONNECTING = 4
    DISCONNECTED = 5
    IDLE = 6
    RECORDING = 7
    AUTOINTEGRATING = 8


class AutointegrationState(StrEnum):
    """Result of the last automatic integration of one spectrometer and channel."""

    NOT_DONE = "n"
    SUCCESS = "s"
    FAILED = "f"


class ShutterStatus(StrEnum):
    """State of one shutter; unavailable: the last move has failed, or it can't be moved at all."""

    OPEN = "open"
    CLOSED = "closed"
    UNAVAILABLE = "unavailable"


class SpectrumKind(StrEnum):
    """Whether the shutter was closed (dark) or open (light)."""

    DARK = "dark"
    LIGHT = "light"
