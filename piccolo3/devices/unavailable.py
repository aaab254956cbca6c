"""Devices that are configured and can't be used: every call says why."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from piccolo3.devices.interface import Shutter, Spectrometer, SpectrometerInfo
from piccolo3.errors import DeviceError, DeviceRemoved
from piccolo3.status import ShutterStatus

__all__ = ["UnavailableShutter", "UnavailableSpectrometer"]


class UnavailableSpectrometer(Spectrometer):
    """A spectrometer that can't be opened: DeviceRemoved with the reason."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def open(self) -> SpectrometerInfo:
        raise DeviceRemoved(self._reason)

    def close(self) -> None:
        """It is never open."""

    def set_integration_time(self, milliseconds: float) -> None:
        raise DeviceRemoved(self._reason)

    def read(self, timeout: float) -> NDArray[np.int32]:
        raise DeviceRemoved(self._reason)

    def clear_buffer(self) -> None:
        raise DeviceRemoved(self._reason)

    def temperature(self) -> float | None:
        raise DeviceRemoved(self._reason)

    def set_cooler(self, enabled: bool, target: float) -> None:
        raise DeviceRemoved(self._reason)

    def interrupt(self) -> None:
        """It never blocks."""


class UnavailableShutter(Shutter):
    """A shutter that can't be moved: DeviceError with the reason."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    @property
    def status(self) -> ShutterStatus:
        return ShutterStatus.UNAVAILABLE

    def open(self) -> None:
        raise DeviceError(self._reason)

    def close(self) -> None:
        raise DeviceError(self._reason)

    def release(self) -> None:
        """It has no pins."""
