"""Devices as seabreeze hands them out, without a bus."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from piccolo3.devices.seabreeze.connection import Connection
from piccolo3.devices.seabreeze.usbbus import Place

__all__ = ["PLACE", "FakeConnection", "FakeCooler", "FakeDevice", "FakeNonlinearity", "FakeSpectrometer", "features"]

PLACE = Place(1, 7, 0x2457, 0x101E)


@dataclass
class FakeSpectrometer:
    pixels: int = 2048
    bits: int = 16
    dark: object = (6, 7, 8)
    limits: tuple[int, int] = (1000, 655_350_000)
    wavelengths: NDArray[np.float64] | None = None
    answer: Callable[[], NDArray[np.float64]] | None = None
    times: list[int] = field(default_factory=list)
    mode: int | None = None

    def get_wavelengths(self) -> NDArray[np.float64]:
        if self.wavelengths is not None:
            return self.wavelengths
        x = np.arange(self.pixels, dtype=np.float64)
        return np.asarray(np.polynomial.polynomial.polyval(x, np.array([340.0, 0.37, -1.6e-5, -1.9e-9])))

    def get_electric_dark_pixel_indices(self) -> object:
        return self.dark

    def get_integration_time_micros_limits(self) -> tuple[int, int]:
        return self.limits

    def get_maximum_intensity(self) -> float:
        return 2.0**self.bits - 1

    def set_trigger_mode(self, mode: int) -> None:
        self.mode = mode

    def set_integration_time_micros(self, integration_time_micros: int) -> None:
        self.times.append(integration_time_micros)

    def get_intensities(self) -> NDArray[np.float64]:
        return np.full(self.pixels, 1000.4) if self.answer is None else self.answer()


@dataclass
class FakeNonlinearity:
    answer: Callable[[], Sequence[float]]

    def get_nonlinearity_coefficients(self) -> Sequence[float]:
        return self.answer()


@dataclass
class FakeCooler:
    said: list[tuple[str, object]] = field(default_factory=list)

    def read_temperature_degrees_celsius(self) -> float:
        return -9.5

    def set_temperature_setpoint_degrees_celsius(self, temperature: float) -> None:
        self.said.append(("target", temperature))

    def enable_tec(self, state: bool) -> None:
        self.said.append(("enabled", state))


@dataclass
class FakeDevice:
    features: Mapping[str, Sequence[object]]
    model: str = "USB2000PLUS"
    serial_number: str = "USB2+H00001"


class FakeConnection(Connection):
    def __init__(self, device: FakeDevice) -> None:
        super().__init__(device, PLACE, "pyseabreeze")
        self.closed = 0

    def limit(self, seconds: float) -> None:
        pass

    def close(self) -> None:
        self.closed += 1


def features(spectrometer: FakeSpectrometer, **others: object) -> dict[str, Sequence[object]]:
    """As seabreeze has them: an empty list for what there is none of."""
    found: dict[str, Sequence[object]] = {"spectrometer": [spectrometer], "thermo_electric": [], "shutter": []}
    return found | {name: [feature] for name, feature in others.items()}
