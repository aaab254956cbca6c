"""Opening a device with cseabreeze, which has no way to open one and leave the others alone.

It opens all that it can, one after the other, asks each for its serial number, and resets each when it closes it. What
this process does not want it to touch is claimed meanwhile, so that it can't.

Never let cseabreeze look for devices while one that it has open has gone: it frees memory twice and the process dies.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from piccolo3.devices.seabreeze.connection import Connection
from piccolo3.devices.seabreeze.families import CSEABREEZE
from piccolo3.devices.seabreeze.silence import without_chatter
from piccolo3.devices.seabreeze.usbbus import Place, held
from piccolo3.errors import DeviceError, DeviceRemoved

if TYPE_CHECKING:
    from seabreeze.cseabreeze import SeaBreezeAPI, SeaBreezeDevice

__all__ = ["connect"]

_open: dict[int, Place] = {}  # by the number that cseabreeze has for it; guarded by the lock of the register


class _CConnection(Connection):
    def __init__(self, device: SeaBreezeDevice, place: Place) -> None:
        super().__init__(device, place, CSEABREEZE)
        self._handle = int(device.handle)
        self._c_device = device
        _open[self._handle] = place

    def limit(self, seconds: float) -> None:
        pass  # a transfer waits for 11 days

    def close(self) -> None:
        _open.pop(self._handle, None)
        self._c_device.close()


@cache
def _api() -> SeaBreezeAPI:
    from seabreeze.cseabreeze import SeaBreezeAPI

    return SeaBreezeAPI()


def connect(place: Place, everywhere: Sequence[Place]) -> Connection:
    """Open the device at `place`, one of those that are `everywhere` on the bus. Raises whatever goes wrong."""
    lost = [str(other) for other in _open.values() if other not in everywhere]
    if lost:
        raise DeviceError(f"{', '.join(lost)} has gone and has to be closed before another spectrometer can be opened")
    with held([other for other in everywhere if other != place]), without_chatter():
        device = _first_that_opens()
    if device is None:
        raise DeviceRemoved(f"cseabreeze can't open the {place}")
    return _CConnection(device, place)


def _first_that_opens() -> SeaBreezeDevice | None:
    from seabreeze.cseabreeze import SeaBreezeDevice, SeaBreezeError

    failure: Exception | None = None
    # list_devices() would also ask those that are open in this process, in the middle of an exposure
    for handle in _api()._list_device_ids():  # noqa: SLF001
        if handle in _open:
            continue
        device = SeaBreezeDevice(handle)
        try:
            device.open()
        except SeaBreezeError as error:
            if getattr(error, "error_code", None) != _NO_DEVICE:  # it did open, but did not answer
                failure = error
        else:
            return device
    if failure is not None:
        raise failure
    return None


_NO_DEVICE = 2
