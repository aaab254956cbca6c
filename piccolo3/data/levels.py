"""Levels of processing: what becomes of the counts of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import reduce
from operator import or_

import numpy as np
from numpy.typing import NDArray

from piccolo3.data.reader import RunReader
from piccolo3.data.setup import Setup
from piccolo3.spectrum import Flag, SpectraList, Spectrum

__all__ = ["Level", "Row", "corrected", "reflectance", "rows"]

Values = NDArray[np.int32] | NDArray[np.float64]


class Level(StrEnum):
    """How far spectra are processed."""

    RAW = "raw"
    CORRECTED = "corrected"
    REFLECTANCE = "reflectance"


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One spectrum of a level: its values, shape (pixels,), and the recorded spectrum it was made of."""

    name: str  # of the file
    index: int  # in the file, from 0
    run: str
    batch: int
    sequence: int
    spectrum: Spectrum
    setup: Setup
    values: Values
    flags: Flag | None  # of all spectra it was made of; None where none was judged
    dark_file: str | None

    @property
    def id(self) -> str:
        """A name of its own in the run: that of the file without its ending, and its place there from 1."""
        return f"{self.name.removesuffix('.pico')}#{self.index + 1}"


def rows(reader: RunReader, level: Level, name: str, spectra: SpectraList) -> Iterator[Row]:
    """The rows of a level that the spectra of a file give, in the order of the file."""
    yield from _LEVELS[level](reader, name, spectra)


def corrected(light: Spectrum, dark: Spectrum) -> NDArray[np.float64] | None:
    """Counts per ms without dark, shape (pixels,); None where the integration time is 0.

    From both the mean of the electric dark pixels is taken away, if there are any, and both are corrected for
    nonlinearity (`Spectrum.corrected`); then the dark is subtracted and the rest divided by the integration time
    that the device took. NaN where the nonlinearity polynomial does not hold.
    """
    time = light.actual_integration_time
    if time <= 0:
        return None
    with np.errstate(all="ignore"):
        values = (light.corrected() - dark.corrected()) / time
    values[~np.isfinite(values)] = np.nan
    return values


def _raw(reader: RunReader, name: str, spectra: SpectraList) -> Iterator[Row]:
    for index, spectrum in enumerate(spectra.spectra):
        yield Row(
            name=name,
            index=index,
            run=reader.run,
            batch=spectra.batch,
            sequence=spectra.sequence,
            spectrum=spectrum,
            setup=Setup.of(spectrum),
            values=spectrum.pixels,
            flags=_joined(spectrum),
            dark_file=spectrum.dark_file,
        )


def _corrected(reader: RunReader, name: str, spectra: SpectraList) -> Iterator[Row]:
    for row in _raw(reader, name, spectra):
        light = row.spectrum
        if light.dark:
            continue
        found = reader.dark_of(name, light)
        if found is None:
            reader.findings.remark("light spectra without their dark are left out")
            continue
        dark_file, dark = found
        values = corrected(light, dark)
        if values is None:
            reader.findings.remark("spectra with an integration time of 0 are left out")
            continue
        yield replace(row, values=values, dark_file=dark_file, flags=_joined(light, dark))


def _reflectance(reader: RunReader, name: str, spectra: SpectraList) -> Iterator[Row]:
    parts = list(_corrected(reader, name, spectra))
    for part in parts:
        if part.spectrum.direction.lower() != "upwelling":
            continue
        down = [one for one in parts if _is_reference(one.spectrum, part.spectrum)]
        if not down:
            reader.findings.remark("upwelling spectra without a downwelling one in the same sequence are left out")
            continue
        before, after = down[0], down[-1]
        values = reflectance(
            (part.spectrum, part.values), (before.spectrum, before.values), (after.spectrum, after.values)
        )
        judged = [one.flags for one in (part, before, after) if one.flags is not None]
        yield replace(part, values=values, flags=reduce(or_, judged) if judged else None)


def _joined(*spectra: Spectrum) -> Flag | None:
    """All flags of spectra; None where none of them was judged."""
    judged = [spectrum.flags for spectrum in spectra if spectrum.is_judged]
    return reduce(or_, judged) if judged else None


def _is_reference(down: Spectrum, up: Spectrum) -> bool:
    return down.direction.lower() == "downwelling" and down.serial_number == up.serial_number


Measured = tuple[Spectrum, Values]


def reflectance(up: Measured, before: Measured, after: Measured) -> NDArray[np.float64]:
    """Upwelling divided by downwelling counts per ms, shape (pixels of `up`,); NaN where there is no light.

    The downwelling light is interpolated in time between the two spectra to the middle of the upwelling exposure
    (they may be the same one), and in wavelength where the channels are calibrated differently.
    """
    reference = _on_pixels_of(up[0], before)
    if after[0] is not before[0]:
        first, middle, last = (_middle(spectrum) for spectrum in (before[0], up[0], after[0]))
        share = min(1.0, max(0.0, (middle - first) / (last - first))) if last > first else 0.5
        reference = (1 - share) * reference + share * _on_pixels_of(up[0], after)
    found = np.full(len(up[1]), np.nan)
    with np.errstate(all="ignore"):
        np.divide(up[1], reference, out=found, where=reference > 0)
    return found


def _on_pixels_of(up: Spectrum, down: Measured) -> NDArray[np.float64]:
    spectrum, values = down
    same = up.wavelength_coefficients() == spectrum.wavelength_coefficients()
    if same and len(values) == len(up.pixels):
        return np.asarray(values, dtype=np.float64)
    grid, known = Setup.of(up).wavelengths(), Setup.of(spectrum).wavelengths()
    if grid is None or known is None:
        return np.full(len(up.pixels), np.nan)
    return np.interp(grid, known, values, left=np.nan, right=np.nan)


def _middle(spectrum: Spectrum) -> float:
    middle = spectrum.exposure_middle
    if middle is not None:
        return middle.timestamp()
    return spectrum.datetime.timestamp() + spectrum.integration_time / 2000.0


_LEVELS: dict[Level, Callable[[RunReader, str, SpectraList], Iterator[Row]]] = {
    Level.RAW: _raw,
    Level.CORRECTED: _corrected,
    Level.REFLECTANCE: _reflectance,
}
