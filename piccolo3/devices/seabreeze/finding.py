"""Finding a spectrometer by its serial number, without hurting the others.

All of this is done by one process of the machine at a time. Only devices that nobody has claimed are asked, first the
one that had this serial number when it was seen last, one after the other until it is found.
"""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Sequence
from pathlib import Path

from piccolo3.devices.seabreeze import usbbus
from piccolo3.devices.seabreeze.connection import Connection
from piccolo3.devices.seabreeze.deadline import deadline
from piccolo3.devices.seabreeze.failures import NOT_INSTALLED, as_device_error
from piccolo3.devices.seabreeze.families import CSEABREEZE, Family, family_of_product
from piccolo3.devices.seabreeze.register import Register
from piccolo3.devices.seabreeze.usbbus import Place
from piccolo3.errors import DeviceError, DeviceRemoved

__all__ = ["AUTO", "asked", "backend_for", "check_installed", "connect", "open_at", "reset"]

AUTO = "auto"

_logger = logging.getLogger(__name__)


def check_installed() -> None:
    """Raise DeviceError unless seabreeze and pyusb are there."""
    if importlib.util.find_spec("seabreeze") is None or importlib.util.find_spec("usb") is None:
        raise DeviceError(NOT_INSTALLED)


def connect(serial_number: str, backend: str, register_file: Path, limit: float | None = None) -> Connection:
    """Open it. Raises DeviceRemoved if it is not there, DeviceError if it can't be opened.

    The process ends where a device takes longer than `limit` seconds, because all others wait meanwhile (None: never).
    """
    check_installed()
    with Register.locked(register_file) as register:
        everywhere = usbbus.places()
        hint = register.place_of(serial_number)
        failures: list[DeviceError] = []
        taken = 0
        for place in _in_order(hint, everywhere, register):
            try:
                if not _may_be_opened(place, backend, is_it=place == hint):
                    continue
                if not usbbus.is_free(place):
                    taken += register.serial_number_at(place) in (None, serial_number)
                    continue
                with deadline(limit):
                    connection = asked(place, backend, everywhere, register)
            except DeviceError as error:
                _logger.debug("looking for %s: %s", serial_number, error)
                failures.append(error)
                continue
            if connection.device.serial_number == serial_number:
                return connection
            connection.close()
    raise _not_found(serial_number, taken, failures)


def _may_be_opened(place: Place, backend: str, *, is_it: bool) -> bool:
    """Whether the backend knows it. DeviceError if it does not, and the spectrometer was seen there."""
    try:
        backend_for(place, backend)
    except DeviceError:
        if is_it:
            raise
        return False
    return True


def reset(serial_number: str, register_file: Path) -> None:
    """Reset the port of a device that this process has not open. Raises DeviceError if that can't be done."""
    check_installed()
    with Register.locked(register_file) as register:
        place = register.place_of(serial_number)
        if place is None:
            raise DeviceError(f"{serial_number} can't be reset: it was never seen on this machine")
        if not usbbus.are_here(place):
            raise DeviceRemoved(f"{serial_number} can't be reset: it is not connected where it was")
        if not usbbus.is_free(place):
            raise DeviceError(f"{serial_number} is not reset: another program is using it")
        usbbus.reset(place)


def backend_for(place: Place, wanted: str) -> str:
    """Which backend opens what is at `place`. Raises DeviceError if the wanted one does not know it."""
    family = family_of_product(place.vendor, place.product)
    if family is None:
        raise DeviceError(f"nobody knows what the {place} is")
    if wanted == AUTO:
        return family.backends[0]
    if wanted not in family.backends:
        raise DeviceError(f"{wanted} does not know the {place}; {_known_to(family)} does")
    return wanted


def open_at(place: Place, backend: str, everywhere: Sequence[Place]) -> Connection:
    """Open what is at `place`, a free one of those that are `everywhere`. Raises DeviceError."""
    chosen = backend_for(place, backend)
    # who had it last may have been killed in the middle of a transfer; what it had asked for must not come to us
    usbbus.reset(place)
    try:
        if chosen == CSEABREEZE:
            from piccolo3.devices.seabreeze import cbackend

            return cbackend.connect(place, everywhere)
        from piccolo3.devices.seabreeze import pybackend

        return pybackend.connect(place)
    except DeviceError:
        raise
    except Exception as error:
        raise as_device_error(error, f"the {place}", "opening", lambda: usbbus.are_here(place)) from error


def asked(place: Place, backend: str, everywhere: Sequence[Place], register: Register) -> Connection:
    """Open what is at `place`, as `open_at`, and leave a note of it: that it is tried, and what it is."""
    register.trying(place)
    try:
        connection = open_at(place, backend, everywhere)
    finally:
        register.trying(None)
    register.saw(connection.device.serial_number, place)
    return connection


def _in_order(hint: Place | None, everywhere: Sequence[Place], register: Register) -> list[Place]:
    """Where it was first, then where nothing was, then where others were; last where asking was the end of somebody."""
    fatal = register.tried_in_vain()

    def rank(place: Place) -> tuple[bool, bool, bool, Place]:
        return place != hint, place == fatal, register.serial_number_at(place) is not None, place

    return sorted(everywhere, key=rank)


def _not_found(serial_number: str, taken: int, failures: Sequence[DeviceError]) -> DeviceError:
    if failures:
        reasons = "; ".join(sorted({error.message for error in failures}))
        return DeviceError(f"{serial_number} was not found: {reasons}")
    if taken:
        are = "spectrometer is" if taken == 1 else "spectrometers are"
        return DeviceError(f"{serial_number} was not found, but {taken} {are} being used by another program")
    return DeviceRemoved(f"{serial_number} is not connected")


def _known_to(family: Family) -> str:
    return " or ".join(family.backends)
