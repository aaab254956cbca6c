"""Ocean Optics spectrometers on the USB, driven by seabreeze."""

from __future__ import annotations

import contextlib
import ctypes
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from piccolo3.devices.interface import Spectrometer, SpectrometerInfo
from piccolo3.devices.seabreeze import finding, usbbus
from piccolo3.devices.seabreeze.calls import Caller
from piccolo3.devices.seabreeze.connection import Connection
from piccolo3.devices.seabreeze.deadline import deadline
from piccolo3.devices.seabreeze.description import describe
from piccolo3.devices.seabreeze.failures import as_device_error, device_errors, is_unsupported
from piccolo3.devices.seabreeze.features import Features
from piccolo3.devices.seabreeze.leftovers import Leftovers
from piccolo3.devices.seabreeze.raw import Refused
from piccolo3.devices.seabreeze.register import default_file
from piccolo3.errors import DeviceError, DeviceInterrupted, DeviceRemoved

__all__ = ["SeabreezeSpectrometer", "is_emulated"]

T = TypeVar("T")
_logger = logging.getLogger(__name__)

_NORMAL = 0  # trigger mode: one exposure after the other
_GRACE = 0.2  # s that a transfer may outlast the call that waits for it
_SHORT = 5.0  # s for a transfer that waits for no exposure
_POLITE = 0.5  # s for a call that hangs to end when the device is closed
_SAME_TIME = 0.001  # share by which an integration time may differ from what was asked for
_EMULATED = "piccolo3_emulated_usb"


def is_emulated() -> bool:
    """Whether the USB of this process is an emulated one."""
    return hasattr(ctypes.CDLL(None), _EMULATED)


@dataclass(slots=True)
class _Session:
    """From open to close; once `ended_by` something, every call raises that."""

    connection: Connection
    features: Features
    caller: Caller
    info: SpectrometerInfo
    leftovers: Leftovers = field(default_factory=Leftovers)
    ended_by: DeviceError | None = None


class SeabreezeSpectrometer(Spectrometer):
    """The spectrometer with this serial number, wherever it is plugged in.

    `backend` is "cseabreeze", "pyseabreeze", or "auto": whichever knows more of the device. `register_file` is what all
    programs lock that look for spectrometers, None for the one that they agree on. Nothing is loaded before `open`.
    With an `opening_limit` (s), which is for processes that are there for this alone, the process ends where opening a
    device takes longer: nothing else ends a call that hangs, and whoever looks for another spectrometer has to wait.
    After a transfer that failed or did not end, the device has to be closed and opened again: nobody knows what it is
    going to answer next.
    """

    def __init__(
        self,
        serial_number: str,
        *,
        backend: str = finding.AUTO,
        register_file: Path | None = None,
        opening_limit: float | None = None,
    ) -> None:
        self._serial_number = serial_number
        self._backend = backend
        self._register_file = register_file or default_file()
        self._opening_limit = opening_limit
        self._session: _Session | None = None
        self._caller: Caller | None = None

    def open(self) -> SpectrometerInfo:
        if self._session is not None:
            raise DeviceError(f"{self._serial_number} is open already")
        finding.check_installed()
        caller = self._caller = Caller(self._serial_number)
        opened: list[Connection] = []
        try:
            self._session = caller.call(lambda: self._open(caller, opened), "opening")
        except BaseException:
            self._give_up(caller, lambda: opened[0].close() if opened else None)
            raise
        return self._session.info

    def _open(self, caller: Caller, opened: list[Connection]) -> _Session:
        limit = self._opening_limit
        connection = finding.connect(self._serial_number, self._backend, self._register_file, limit)
        opened.append(connection)
        name, place = self._serial_number, connection.place
        with deadline(limit), device_errors(name, "describing", lambda: usbbus.are_here(place)):
            features = Features.of(connection.device)
            info = describe(features, connection.device.model, name, connection.backend, simulated=is_emulated())
            with contextlib.suppress(NotImplementedError):  # it may have been left waiting for a trigger
                features.spectrometer.set_trigger_mode(_NORMAL)
        return _Session(connection, features, caller, info)

    def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            self._give_up(session.caller, session.connection.close, session.connection)

    def _give_up(self, caller: Caller, close: Callable[[], None], connection: Connection | None = None) -> None:
        """Close with the last call of this thread; if one hangs, a reset of the device may end it."""
        self._caller = None
        last = caller.finish(close)
        if last.wait(_POLITE):
            return
        if connection is not None:
            _logger.warning("a call on %s hangs; resetting its USB port", self._serial_number)
            with contextlib.suppress(DeviceError):
                usbbus.reset(connection.place)
            if last.wait(_POLITE):
                return
        _logger.error("a call on %s hangs; until it returns the device can't be opened again", self._serial_number)

    def set_integration_time(self, milliseconds: float) -> None:
        session = self._live_session()
        info = session.info
        if not info.min_integration_time <= milliseconds <= info.max_integration_time:
            raise DeviceError(f"{self._serial_number} can't integrate for {milliseconds:g} ms")
        # the driver would make it shorter than it was asked for
        microseconds = round(info.possible_integration_time(milliseconds) * 1000)

        def set_and_look() -> None:
            session.features.spectrometer.set_integration_time_micros(microseconds)
            taken = session.features.integration_time()  # neither backend notices when it is refused
            if taken is not None and abs(taken - microseconds) > _SAME_TIME * microseconds:
                raise DeviceError(
                    f"{self._serial_number} was asked to integrate for {microseconds} µs, and does so for {taken} µs"
                )

        self._call(session, set_and_look, "setting the integration time of")

    def read(self, timeout: float) -> NDArray[np.int32]:
        session = self._live_session()

        def counts() -> NDArray[np.int32]:
            intensities = session.features.spectrometer.get_intensities()
            if not np.isfinite(intensities).all():
                raise DeviceError(f"{self._serial_number} answered with counts that are no numbers")
            return np.rint(intensities).astype(np.int32)

        return self._call(session, lambda: self._complete(session, counts()), "reading", timeout)

    def _complete(self, session: _Session, counts: NDArray[np.int32]) -> NDArray[np.int32]:
        if missing := session.leftovers.in_(counts):
            raise DeviceError(f"the last {missing} pixels of {self._serial_number} did not come")
        return counts

    def clear_buffer(self) -> None:
        session = self._live_session()
        self._call(session, session.features.clear_buffer, "clearing the buffer of")

    def temperature(self) -> float | None:
        session = self._live_session()
        found = self._optional(session, session.features.temperature, "reading the temperature of")
        if found is None and not usbbus.are_here(session.connection.place):  # nothing was asked, so nothing has failed
            session.ended_by = DeviceRemoved(f"{self._serial_number} was disconnected and has to be opened again")
            raise DeviceRemoved(f"{self._serial_number} is not connected any more")
        return found

    def set_cooler(self, enabled: bool, target: float) -> None:
        session = self._live_session()
        cooler = session.features.cooler
        if cooler is None:
            return

        def switch() -> None:
            if enabled:
                cooler.set_temperature_setpoint_degrees_celsius(target)
            cooler.enable_tec(enabled)

        self._call(session, switch, "setting the cooler of")

    def set_shutter(self, opened: bool) -> None:
        session = self._live_session()
        set_shutter = session.features.set_shutter
        if set_shutter is None:
            raise DeviceError(f"{self._serial_number} has no shutter, or {session.connection.backend} can't move it")

        def moved() -> bool:
            try:
                set_shutter(opened)
            except Refused:
                return False
            return True

        if not self._call(session, moved, "moving the shutter of"):
            raise DeviceError(f"{self._serial_number} refuses to move its shutter; maybe it has none")

    def set_lamp(self, on: bool) -> None:
        session = self._live_session()
        set_lamp = session.features.set_lamp
        if set_lamp is None:
            raise DeviceError(f"{self._serial_number} can't switch a lamp, or {session.connection.backend} can't")
        self._call(session, lambda: set_lamp(on), "switching the lamp of")

    def reset(self) -> None:
        session = self._session
        if session is None:
            finding.reset(self._serial_number, self._register_file)
            return
        session.ended_by = DeviceError(f"{self._serial_number} was reset and has to be opened again")
        usbbus.reset(session.connection.place)

    def interrupt(self) -> None:
        caller, session = self._caller, self._session
        if caller is not None:
            if session is not None and session.ended_by is None:
                session.ended_by = DeviceInterrupted(f"{self._serial_number} is being closed")
            caller.interrupt()

    def _live_session(self) -> _Session:
        session = self._session
        if session is None:
            raise DeviceError(f"{self._serial_number} is not open")
        if session.ended_by is not None:
            raise session.ended_by
        return session

    def _optional(self, session: _Session, function: Callable[[], T], what: str) -> T | None:
        """The answer, None if it turns out that the device can't tell."""

        def ask() -> T | None:
            try:
                return function()
            except Exception as error:
                if is_unsupported(error):
                    return None
                raise

        return self._call(session, ask, what)

    def _call(self, session: _Session, function: Callable[[], T], what: str, timeout: float = _SHORT) -> T:
        """Call the driver; whatever it raises ends the session, for what it answers next may belong to this call."""

        def limited() -> T:
            session.connection.limit(timeout + _GRACE)
            return function()

        try:
            return session.caller.call(limited, what, timeout)
        except DeviceInterrupted:
            raise
        except Exception as error:
            place = session.connection.place
            failed = (
                error
                if isinstance(error, DeviceError)
                else as_device_error(error, self._serial_number, what, lambda: usbbus.are_here(place))
            )
            session.ended_by = _after(failed, self._serial_number)
            if failed is error:
                raise
            raise failed from error


def _after(error: DeviceError, serial_number: str) -> DeviceError:
    """What is said from then on."""
    if isinstance(error, DeviceRemoved):
        return DeviceRemoved(f"{serial_number} was disconnected and has to be opened again")
    return DeviceError(f"{serial_number} has to be opened again, for {error.message}")
