"""What a batch has brought: its files, and each light spectrum with the dark that belongs to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from piccolo3.client import Piccolo
from piccolo3.spectrum import SpectraList, Spectrum, parse_file_name
from piccolo3.status import SpectrumKind

__all__ = ["Measured", "RecordedFile", "fetch", "measured"]


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """A file and its content."""

    name: str
    spectra: SpectraList


@dataclass(frozen=True, slots=True)
class Measured:
    """A light spectrum and the dark taken before it."""

    light: Spectrum
    dark: Spectrum

    @property
    def wavelengths(self) -> NDArray[np.float64]:
        """Wavelengths of the optical pixels in nm."""
        first, end = self.light.optical_pixel_range
        return self.light.wavelengths()[first:end]

    @property
    def counts(self) -> NDArray[np.float64]:
        """Counts of the optical pixels, light minus dark."""
        first, end = self.light.optical_pixel_range
        return (self.light.pixels[first:end] - self.dark.pixels[first:end]).astype(np.float64)


async def fetch(rig: Piccolo, run: str, batch: int) -> tuple[RecordedFile, ...]:
    """All files of a batch, in the order of their names, over CoAP."""
    directory = rig.data_dir.run(run)
    names = [name for name in await directory.files() if (parsed := parse_file_name(name)) and parsed.batch == batch]
    return tuple([RecordedFile(name, await directory.spectra(name)) for name in sorted(names)])


def measured(files: Sequence[RecordedFile]) -> dict[str, dict[str, Measured]]:
    """The last light spectrum of each spectrometer and direction that has a dark: serial number, direction."""
    darks: dict[tuple[str, str], Spectrum] = {}
    lights: dict[tuple[str, str], Spectrum] = {}
    for spectrum in (spectrum for file in files for spectrum in file.spectra.spectra):
        key = spectrum.serial_number, spectrum.direction
        if spectrum.kind is SpectrumKind.LIGHT:
            lights[key] = spectrum
        else:
            darks.setdefault(key, spectrum)
    result: dict[str, dict[str, Measured]] = {}
    for (serial_number, direction), light in sorted(lights.items()):
        dark = darks.get((serial_number, direction))
        if dark is not None and dark.pixels.shape == light.pixels.shape:
            result.setdefault(serial_number, {})[direction] = Measured(light, dark)
    return result
