"""What is plugged in."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from piccolo3.devices.seabreeze import finding, usbbus
from piccolo3.devices.seabreeze.connection import Connection
from piccolo3.devices.seabreeze.description import identify
from piccolo3.devices.seabreeze.failures import device_errors
from piccolo3.devices.seabreeze.families import family_of, family_of_product
from piccolo3.devices.seabreeze.features import Features
from piccolo3.devices.seabreeze.register import Register, default_file
from piccolo3.devices.seabreeze.usbbus import Place
from piccolo3.errors import DeviceError, DeviceTimeout

__all__ = ["Attached", "attached"]

_logger = logging.getLogger(__name__)
_COMMAND = f"import sys; from {__name__} import main; main(sys.argv[1:])"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """One spectrometer; `problem` says why it could not be asked. The temperature is in degrees C.

    Of one that is `in_use` by another program nothing is asked: its serial number is what was seen last at the same
    place, None if nothing was.
    """

    model: str
    serial_number: str | None
    backend: str
    in_use: bool
    temperature: float | None = None
    problem: str | None = None
    bus: int
    address: int


def attached(
    *, backend: str = finding.AUTO, register_file: Path | None = None, timeout: float = 60.0
) -> list[Attached]:
    """The spectrometers on the bus. Those that nobody uses are opened for a moment, the others are left alone.

    This is done by a process of its own, so it may be called whatever this one has open. Raises DeviceError if
    seabreeze is not installed or the USB can't be looked at, DeviceTimeout if a device or another program that looks
    for spectrometers holds it up.
    """
    finding.check_installed()
    register = register_file or default_file()
    try:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-P", "-c", _COMMAND, backend, str(register)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        content = Register.glance(register)  # it may be locked by whoever holds it up
        culprit = None if content is None else content.tried_in_vain()
        who = "nobody knows who holds it up" if culprit is None else f"the {culprit} does not answer"
        raise DeviceTimeout(f"no list of spectrometers within {timeout:g} s: {who}") from None
    try:
        answer = json.loads(done.stdout)
        if "error" in answer:
            raise DeviceError(answer["error"])
        return [Attached(**entry) for entry in answer["attached"]]
    except (ValueError, TypeError, KeyError):
        raise DeviceError(f"the process that looks for spectrometers ended with status {done.returncode}") from None


def main(arguments: Sequence[str]) -> None:
    """Print, as JSON, what is on the bus, for `attached` in another process."""
    backend, register_file = arguments
    answer: dict[str, object]
    try:
        with Register.locked(Path(register_file)) as register:
            everywhere = usbbus.places()
            answer = {"attached": [asdict(_look_at(place, backend, everywhere, register)) for place in everywhere]}
    except DeviceError as error:
        answer = {"error": error.message}
    sys.stdout.write(json.dumps(answer))


def _look_at(place: Place, backend: str, everywhere: Sequence[Place], register: Register) -> Attached:
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
        connection = finding.asked(place, backend, everywhere, register)
    except DeviceError as error:
        return replace(seen, problem=error.message)
    try:
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
