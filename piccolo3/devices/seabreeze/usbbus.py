"""Ocean Optics devices on the USB: where they are, who has them, and how to reset one. Nothing is said to them here.

Only pyusb is used, and only what leaves a device alone that another process has claimed: its descriptors, which the
kernel has, and an attempt to claim it, which the kernel refuses.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from piccolo3.devices.seabreeze.families import VENDORS, family_of_product
from piccolo3.errors import DeviceError, DeviceRemoved

if TYPE_CHECKING:
    import usb.core

__all__ = ["NO_PERMISSION", "Place", "are_here", "device_at", "held", "is_free", "places", "reset"]

NO_PERMISSION = (
    "this user may not use it: install etc/udev/60-piccolo3.rules (see the guide From a bare Pi to first light)"
)
_NO_LIBUSB = "the USB can't be looked at: libusb-1.0 is not installed (apt install libusb-1.0-0)"
_INTERFACE = 0


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a device is, until its plug is pulled, and what it is."""

    bus: int
    address: int
    vendor: int
    product: int

    def __str__(self) -> str:
        family = family_of_product(self.vendor, self.product)
        what = f"{self.vendor:04x}:{self.product:04x}" if family is None else family.model
        return f"{what} at bus {self.bus} address {self.address}"


def places() -> list[Place]:
    """Where Ocean Optics devices of a known kind are, whoever has them."""
    return [_place(device) for device in _devices()]


def are_here(wanted: Place) -> bool:
    """Whether the device is still there."""
    return wanted in places()


def device_at(place: Place) -> usb.core.Device:
    """The device. Raises DeviceRemoved if it is not there any more."""
    for device in _devices():
        if _place(device) == place:
            return device
    raise DeviceRemoved(f"there is no {place} any more")


def is_free(place: Place) -> bool:
    """Whether nobody has claimed it; nor is it claimed afterwards. DeviceError if this user may not even ask."""
    with _claimed(place) as mine:
        return mine


@contextmanager
def held(wanted: Sequence[Place]) -> Iterator[None]:
    """Claim these, as far as they are free, so that nobody else opens them. Nothing is said to them."""
    with ExitStack() as stack:
        for place in wanted:
            try:
                stack.enter_context(_claimed(place))
            except DeviceError:  # gone, or not for this user, nor for seabreeze in its name
                continue
        yield


def reset(place: Place) -> None:
    """Reset its port, whoever has it. Raises DeviceError if that can't be done."""
    import usb.core
    import usb.util

    device = device_at(place)
    try:
        device.reset()
    except usb.core.USBError as error:
        if error.errno in (errno.ENODEV, errno.ENOENT):  # it comes back at another address, as a new one
            raise DeviceRemoved(f"{place} has gone when it was reset") from error
        raise _refused(place, error) from error
    finally:
        usb.util.dispose_resources(device)


@contextmanager
def _claimed(place: Place) -> Iterator[bool]:
    """Whether it could be claimed. Raises DeviceError if it can't even be opened."""
    import usb.core
    import usb.util

    device = device_at(place)
    try:
        try:
            usb.util.claim_interface(device, _INTERFACE)
        except usb.core.USBError as error:
            if error.errno != errno.EBUSY:
                raise _refused(place, error) from error
            yield False
        else:
            yield True
    finally:
        usb.util.dispose_resources(device)


def _refused(place: Place, error: usb.core.USBError) -> DeviceError:
    if error.errno == errno.EACCES:
        return DeviceError(f"{place}: {NO_PERMISSION}")
    if error.errno == errno.ENODEV:
        return DeviceRemoved(f"there is no {place} any more")
    return DeviceError(f"{place}: {error}")


def _devices() -> Iterator[usb.core.Device]:
    import usb.core

    try:
        found = usb.core.find(find_all=True, custom_match=_is_known)
        yield from sorted(found, key=_place)
    except usb.core.NoBackendError:
        raise DeviceError(_NO_LIBUSB) from None
    except usb.core.USBError as error:
        raise DeviceError(f"the USB can't be looked at: {error}") from error


def _is_known(device: usb.core.Device) -> bool:
    vendor, product = int(device.idVendor), int(device.idProduct)
    return vendor in VENDORS and family_of_product(vendor, product) is not None


def _place(device: usb.core.Device) -> Place:
    return Place(int(device.bus), int(device.address), int(device.idVendor), int(device.idProduct))
