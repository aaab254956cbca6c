"""What stays the same from spectrum to spectrum: the spectrometer, its channel and its calibration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

import numpy as np
from numpy.typing import NDArray

from piccolo3.errors import InvalidValue
from piccolo3.jsonvalue import JsonValue
from piccolo3.spectrum import Spectrum, pixel_wavelengths
from piccolo3.spectrum.fields import text

__all__ = ["Setup", "file_stem"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """One spectrometer, one channel, one calibration; spectra of one setup can be the rows of one table."""

    serial_number: str
    direction: str
    model: str | None
    firmware: str | None
    pixels: int
    wavelength_coefficients: tuple[float, ...]
    nonlinearity_coefficients: tuple[float, ...]
    dark_pixels: tuple[int, ...]
    optical_pixel_range: tuple[int, int]
    saturation_level: float | None
    simulated: bool

    @classmethod
    def of(cls, spectrum: Spectrum) -> Setup:
        """The setup of a spectrum."""
        return cls(
            serial_number=spectrum.serial_number,
            direction=spectrum.direction,
            model=spectrum.model,
            firmware=text(spectrum.metadata, "Firmware"),
            pixels=len(spectrum.pixels),
            wavelength_coefficients=spectrum.wavelength_coefficients(),
            nonlinearity_coefficients=spectrum.nonlinearity_coefficients,
            dark_pixels=spectrum.dark_pixels,
            optical_pixel_range=spectrum.optical_pixel_range,
            saturation_level=spectrum.saturation_level,
            simulated=spectrum.simulated,
        )

    @classmethod
    def from_json(cls, value: JsonValue) -> Setup:
        """What `as_json` gave. InvalidValue for anything else."""
        if not isinstance(value, Mapping) or set(value) != {field.name for field in fields(cls)}:
            raise InvalidValue("not a setup")
        items = {key: tuple(item) if isinstance(item, list) else item for key, item in value.items()}
        return cls(**items)  # type: ignore[arg-type]

    def as_json(self) -> dict[str, JsonValue]:
        """All of it as JSON."""
        return asdict(self)

    def wavelengths(self) -> NDArray[np.float64] | None:
        """Wavelengths in nm, shape (pixels,); None where there is no calibration, or where they don't all ascend."""
        if not self.wavelength_coefficients:
            return None
        found = pixel_wavelengths(self.wavelength_coefficients, self.pixels)
        return found if np.isfinite(found).all() and (np.diff(found) > 0).all() else None


def file_stem(*parts: str) -> str:
    """The parts as the beginning of a file name that is safe everywhere."""
    return "_".join(re.sub(r"[^A-Za-z0-9.+-]", "_", part)[:80] or "unknown" for part in parts)
