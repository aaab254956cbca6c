"""The features of a device that we use, None where it has none. Which it has is known once it is open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from piccolo3.devices.seabreeze.connection import Device
from piccolo3.devices.seabreeze.raw import CLEAR_BUFFER, INTEGRATION_TIME, SET_SHUTTER, RawAccess, obp_request
from piccolo3.errors import DeviceError

__all__ = ["Features"]

_QE_PRO = ("QEPRO", "QE-PRO")


class _Spectrometer(Protocol):
    def get_wavelengths(self) -> NDArray[np.float64]: ...
    def get_electric_dark_pixel_indices(self) -> Sequence[object]: ...
    def get_integration_time_micros_limits(self) -> tuple[int, int]: ...
    def get_maximum_intensity(self) -> float: ...
    def set_trigger_mode(self, mode: int) -> None: ...
    def set_integration_time_micros(self, integration_time_micros: int) -> None: ...
    def get_intensities(self) -> NDArray[np.float64]: ...


class _Cooler(Protocol):
    def read_temperature_degrees_celsius(self) -> float: ...
    def set_temperature_setpoint_degrees_celsius(self, temperature: float) -> None: ...
    def enable_tec(self, state: bool) -> None: ...


class _Temperatures(Protocol):
    def count_temperatures(self) -> int: ...
    def read_temperature(self, index: int) -> float: ...


class _Nonlinearity(Protocol):
    def get_nonlinearity_coefficients(self) -> Sequence[float]: ...


class _Buffer(Protocol):
    def clear(self) -> None: ...
    def get_buffer_capacity(self) -> int: ...


class _Revision(Protocol):
    def revision_firmware_get(self) -> str | int: ...


class _Shutter(Protocol):
    def set_shutter_open(self, state: bool) -> None: ...


class _StrobeLamp(Protocol):
    def enable_lamp(self, state: bool) -> None: ...


class _Strobe(Protocol):
    def set_enable(self, strobe_enable: bool) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """Those of one device."""

    spectrometer: _Spectrometer
    cooler: _Cooler | None
    temperatures: _Temperatures | None
    nonlinearity: _Nonlinearity | None
    buffer: _Buffer | None
    revision: _Revision | None
    set_shutter: Callable[[bool], None] | None
    set_lamp: Callable[[bool], None] | None
    raw: RawAccess | None
    obp_buffer: bool
    tells_integration_time: bool

    @classmethod
    def of(cls, device: Device) -> Features:
        """Look what an open device has. Raises DeviceError if it is no spectrometer."""
        features = device.features

        def first(name: str) -> object | None:
            found = features.get(name)
            return found[0] if found else None

        spectrometer = first("spectrometer")
        if spectrometer is None:
            raise DeviceError(f"the {device.model} has no spectrometer")
        raw = cast("RawAccess | None", first("raw_usb_bus_access"))
        lamp, strobe = first("strobe_lamp"), first("continuous_strobe")
        set_lamp: Callable[[bool], None] | None = None
        if lamp is not None:
            set_lamp = cast("_StrobeLamp", lamp).enable_lamp
        elif strobe is not None:  # its enable line is that of the lamp
            set_lamp = cast("_Strobe", strobe).set_enable
        return cls(
            spectrometer=cast("_Spectrometer", spectrometer),
            cooler=cast("_Cooler | None", first("thermo_electric")),
            temperatures=cast("_Temperatures | None", first("temperature")),
            nonlinearity=cast("_Nonlinearity | None", first("nonlinearity_coefficients")),
            buffer=cast("_Buffer | None", first("data_buffer")),
            revision=cast("_Revision | None", first("revision")),
            set_shutter=_set_shutter(device, raw, cast("_Shutter | None", first("shutter"))),
            set_lamp=set_lamp,
            raw=raw,
            obp_buffer=device.model.upper() in _QE_PRO,
            tells_integration_time=device.model.upper() in (*_QE_PRO, "STS"),
        )

    @property
    def can_clear_buffer(self) -> bool:
        """Whether `clear_buffer` does something."""
        return self.buffer is not None or (self.obp_buffer and self.raw is not None)

    def clear_buffer(self) -> None:
        """Forget finished exposures; pyseabreeze has no word for that, so it is said without it."""
        if self.buffer is not None:
            self.buffer.clear()
        elif self.obp_buffer and self.raw is not None:
            obp_request(self.raw, CLEAR_BUFFER)

    def integration_time(self) -> int | None:
        """That of the device now (µs), where it can be asked (data sheets of STS and QE Pro), else None."""
        if self.raw is None or not self.tells_integration_time:
            return None
        return int.from_bytes(obp_request(self.raw, INTEGRATION_TIME), "little")

    def temperature(self) -> float | None:
        """That of a cooled detector, else of the first sensor, else None."""
        if self.cooler is not None:
            return float(self.cooler.read_temperature_degrees_celsius())
        if self.temperatures is not None and self.temperatures.count_temperatures() > 0:
            return float(self.temperatures.read_temperature(0))
        return None


def _set_shutter(device: Device, raw: RawAccess | None, shutter: _Shutter | None) -> Callable[[bool], None] | None:
    """What moves the shutter; where we can, it is said by us, for cseabreeze does not notice when it is refused."""
    if raw is not None and device.model.upper() == "STS":
        return lambda opened: _move(raw, opened=opened)
    return None if shutter is None else shutter.set_shutter_open


def _move(raw: RawAccess, *, opened: bool) -> None:
    obp_request(raw, SET_SHUTTER, bytes([opened]))
