"""The shutter inside a spectrometer, which only the worker of that spectrometer may move."""

from __future__ import annotations

from collections.abc import Callable

from piccolo3.clock import Clock
from piccolo3.config import ChannelConfig
from piccolo3.devices.interface import Shutter
from piccolo3.errors import DeviceError
from piccolo3.status import ShutterStatus

__all__ = ["GatedShutter"]


class GatedShutter(Shutter):
    """Unavailable until it was moved for the first time, and where that has failed.

    It talks to no device: whoever does sets `mover`, which opens (True) or closes (False) and returns when that is
    done. It is called in the thread in which the shutter is moved, and raises DeviceError.
    """

    mover: Callable[[bool], None] | None = None

    def __init__(self, config: ChannelConfig, clock: Clock) -> None:
        self._direction = config.direction
        self._settling_time = config.settling_time / 1000.0
        self._clock = clock
        self._status = ShutterStatus.UNAVAILABLE
        self._released = False

    @property
    def status(self) -> ShutterStatus:
        return self._status

    def open(self) -> None:
        self._move(ShutterStatus.OPEN)

    def close(self) -> None:
        self._move(ShutterStatus.CLOSED)

    def lost(self) -> None:
        """The spectrometer is gone or was gone: nobody knows where the shutter is. Any thread may tell."""
        if not self._released:
            self._status = ShutterStatus.UNAVAILABLE

    def release(self) -> None:
        self._released = True

    def _move(self, status: ShutterStatus) -> None:
        if self._released:
            raise DeviceError(f"the shutter of {self._direction} was given back")
        if self.mover is None:
            raise DeviceError(f"the spectrometer that the shutter of {self._direction} is in was not started")
        try:
            self.mover(status is ShutterStatus.OPEN)
        except DeviceError:
            self.lost()
            raise
        self._clock.sleeper().sleep(self._settling_time)
        self._status = status
