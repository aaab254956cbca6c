"""Opening a device with pyseabreeze, and nothing but this device.

`list_devices()` of pyseabreeze resets every device on the bus, also those that other processes have open: when it
starts, and whenever it forgets one. It also sends a multicast message into the network and waits for a second. So its
device is made here, with a line of ours, which resets nothing by itself.
"""

from __future__ import annotations

import array
from typing import TYPE_CHECKING

from seabreeze.pyseabreeze import SeaBreezeDevice
from seabreeze.pyseabreeze.transport import USBTransportHandle

from piccolo3.clock import SystemClock
from piccolo3.devices.seabreeze.connection import Connection
from piccolo3.devices.seabreeze.families import PYSEABREEZE
from piccolo3.devices.seabreeze.usbbus import Place, device_at
from piccolo3.errors import DeviceError

if TYPE_CHECKING:
    import usb.core

__all__ = ["connect"]

_SYNC = 0x69
_SHORT = 64
_clock = SystemClock()


class _Line:
    """A `usb.core.Device` whose reads end in time, and which notices that what it read is no spectrum."""

    def __init__(self, device: usb.core.Device) -> None:
        self._device = device
        self._until: float | None = None

    def __getattr__(self, name: str) -> object:
        return getattr(self._device, name)

    def limit(self, seconds: float) -> None:
        """Every read from now on ends within `seconds` from now; that is the limit, whatever pyseabreeze says."""
        self._until = _clock.monotonic() + seconds

    def read(self, endpoint: int, size: int, timeout: int | None = None) -> array.array[int]:
        if self._until is not None:
            timeout = max(1, round((self._until - _clock.monotonic()) * 1000))
        data: array.array[int] = self._device.read(endpoint, size, timeout)
        # the old protocol ends spectra, whose number of bytes is odd then, with a byte that pyseabreeze does not check
        if size % 2 and size > _SHORT and (len(data) != size or data[-1] != _SYNC):
            raise DeviceError(f"{len(data)} of {size} bytes came, or their end is not that of a spectrum")
        return data

    def release(self) -> None:
        """Let others have it."""
        import usb.util

        usb.util.dispose_resources(self._device)


class _Handle(USBTransportHandle):
    """What pyseabreeze knows a device by."""

    def __init__(self, line: _Line) -> None:
        super().__init__(line)
        self._line = line

    def close(self) -> None:
        """Without the reset, which would hit whoever opens it next."""
        self._line.release()

    def __del__(self) -> None:
        """Nor when it is forgotten."""


class _PyConnection(Connection):
    def __init__(self, device: SeaBreezeDevice, line: _Line, place: Place) -> None:
        super().__init__(device, place, PYSEABREEZE)
        self._line = line
        self._py_device = device

    def limit(self, seconds: float) -> None:
        self._line.limit(seconds)

    def close(self) -> None:
        try:
            self._py_device.close()
        finally:
            self._line.release()


def connect(place: Place) -> Connection:
    """Open the device at `place`. Raises whatever goes wrong."""
    line = _Line(device_at(place))
    try:
        device = SeaBreezeDevice(_Handle(line))
        device.open()
    except BaseException:
        line.release()
        raise
    return _PyConnection(device, line, place)
