"""What is plugged in."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path

from piccolo3.devices.seabreeze import finding, usbbus
from piccolo3.devices.seabreeze.connection import Connection
from piccolo3.devices.seabreeze.description import identify
from piccolo3.devices.seabreeze.failures import device_errors
from piccolo3.devices.seabreeze.families import family_of, family_of_product
from piccolo3.devices.seabreeze.features import Features
from piccolo3.devices.seabreeze.register import Register, default_file
from piccolo3.devices.seabreeze.usbbus import Place
from piccolo3.errors import DeviceError

__all__ = ["Attached", "attached"]

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """One spectrometer; `problem` says why it could not be asked.

    Of one that is `in_use` by another program nothing is asked: its serial number is what it had when it was seen last
    at the same place, None if it was not.
    """

    model: str
    serial_number: str | None
    backend: str
    in_use: bool
    temperature: float | None = None
    problem: str | None = None
    bus: int
    address: int


def attached(*, backend: str = finding.AUTO, register_file: Path | None = None) -> list[Attached]:
    """The spectrometers on the bus. Those that nobody uses are opened for a moment, the others are left alone.

    Raises DeviceError if seabreeze is not installed or the USB can't be looked at.
    """
    finding.check_installed()
    with Register.locked(register_file or default_file()) as register:
        everywhere = usbbus.places()
        return [_look_at(place, backend, everywhere, register) for place in everywhere]


def _look_at(place: Place, backend: str, everywhere: list[Place], register: Register) -> Attached:
    known_as = register.serial_number_at(place)
    family = family_of_product(place.vendor, place.product, known_as)
    seen = Attached(
        model="unknown" if family is None else family.model,
        serial_number=known_as,
        backend=backend,
        in_use=False,
        bus=place.bus,
        address=place.address,
    )
    try:
        seen = replace(seen, backend=finding.backend_for(place, backend))
        if not usbbus.is_free(place):
            return replace(seen, in_use=True)
        connection = finding.open_at(place, backend, everywhere)
    except DeviceError as error:
        return replace(seen, problem=error.message)
    try:
        register.saw(connection.device.serial_number, place)
        return _ask(connection, seen)
    finally:
        _close(connection)


def _ask(connection: Connection, seen: Attached) -> Attached:
    device = connection.device
    seen = replace(seen, serial_number=device.serial_number)
    try:
        with device_errors(device.serial_number, "asking", lambda: True):
            features = Features.of(device)
            family = identify(features, family_of(device.model))[0]
            return replace(seen, model=family.model, temperature=features.temperature())
    except DeviceError as error:
        return replace(seen, problem=error.message)


def _close(connection: Connection) -> None:
    try:
        connection.close()
    except Exception as error:  # noqa: BLE001 - a driver may raise anything
        _logger.debug("closing %s: %s", connection.place, error)
