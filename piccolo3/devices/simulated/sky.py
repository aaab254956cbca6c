"""Irradiance under a clear sky, from the ASTM G173-03 reference spectrum, with the oxygen bands line by line.

The table (see `data/astm_g173.csv`) is for air mass 1.5. With E0 the extraterrestrial and G the global irradiance, the
transmittance G/E0 is split into the one of oxygen and the rest. For another air mass m both follow Beer and Lambert:

    E(m) = E0 * rest ** (m / 1.5) * exp(-k * amount * m / 1.5) * sin(elevation)

where k is the absorption coefficient of oxygen on a fine grid, `amount` is such that the equivalent width of each
band is that of the table, and the sine makes it the irradiance of a horizontal plane. Scattered light is thus
treated like direct light. Fraunhofer lines are those of the table, whose step is 1 nm.
"""

from __future__ import annotations

import math
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from piccolo3.devices.simulated.oxygen import A_BAND, B_BAND, Band, absorption
from piccolo3.devices.simulated.sun import air_mass

__all__ = ["GRID_STEP", "ClearSky", "grid", "reference_spectrum"]

GRID_STEP = 0.02  # nm
_FINE = 20  # fine steps in a step of the grid: lines are narrower than 0.003 nm
_AIR_MASS_OF_TABLE = 1.5
_WEAK = 0.93  # where oxygen alone transmits more than that, the table tells what else absorbs


@cache
def reference_spectrum() -> NDArray[np.float64]:
    """The table, shape (3, n): wavelength (nm), extraterrestrial and global irradiance (W m-2 nm-1)."""
    text = resources.files("piccolo3.devices.simulated").joinpath("data/astm_g173.csv").read_text("utf-8")
    return np.loadtxt(text.splitlines(), delimiter=",").T


def grid(first: float, last: float) -> NDArray[np.float64]:
    """Wavelengths (nm) from below `first` to above `last` in steps of GRID_STEP."""
    return np.arange(math.floor(first), math.ceil(last) + GRID_STEP / 2, GRID_STEP)


class ClearSky:
    """The light under a clear sky at a `grid` of wavelengths."""

    def __init__(self, wavelengths: NDArray[np.float64]) -> None:
        table = reference_spectrum()
        self._outside = np.interp(wavelengths, table[0], table[1])
        self._rest = np.interp(wavelengths, table[0], _without_oxygen())
        self._oxygen = []
        for band in (A_BAND, B_BAND):
            inside = np.flatnonzero((wavelengths > band.first - 1) & (wavelengths < band.last + 1))
            self._oxygen.append((inside, _optical_depth(band, wavelengths[inside])))

    def irradiance(self, elevation: float) -> NDArray[np.float64]:
        """Irradiance (W m-2 nm-1) of a horizontal plane, averaged over the steps of the grid.

        `elevation` is that of the sun in degrees; below the horizon there is no light.
        """
        if elevation <= 0:
            return np.zeros_like(self._outside)
        path = air_mass(elevation) / _AIR_MASS_OF_TABLE
        transmittance = self._rest**path
        for inside, depth in self._oxygen:
            transmittance[inside] *= np.exp(-depth * path).mean(axis=1)
        result: NDArray[np.float64] = self._outside * transmittance * math.sin(math.radians(elevation))
        return result


def _optical_depth(band: Band, wavelengths: NDArray[np.float64]) -> NDArray[np.float64]:
    """Optical depth of oxygen on the path of the table, shape (n, fine steps), at n wavelengths of a grid."""
    offsets = ((np.arange(_FINE) + 0.5) / _FINE - 0.5) * GRID_STEP
    return absorption(band, wavelengths[:, np.newaxis] + offsets) * _amount(band)


def _continuum(band: Band) -> NDArray[np.float64]:
    """The transmittance of the table, with the band bridged by a straight line."""
    wavelength, outside, ground = reference_spectrum()
    ratio: NDArray[np.float64] = ground / outside
    inside = (wavelength > band.first) & (wavelength < band.last)
    ratio[inside] = np.interp(wavelength[inside], wavelength[~inside], ratio[~inside])
    return ratio


@cache
def _amount(band: Band) -> float:
    """The amount of oxygen (as an integrated absorption, cm-1) that gives the equivalent width of the table."""
    wavelength, outside, ground = reference_spectrum()
    pure = np.arange(band.first, band.pure_until, 0.01)
    missing = np.interp(pure, wavelength, 1 - ground / outside / _continuum(band))
    fine = np.arange(band.first, band.pure_until, GRID_STEP / _FINE)
    coefficient = absorption(band, fine)
    low, high = 0.0, 1e4
    for _ in range(40):
        amount = (low + high) / 2
        if (1 - np.exp(-coefficient * amount)).mean() < missing.mean():
            low = amount
        else:
            high = amount
    return amount


@cache
def _without_oxygen() -> NDArray[np.float64]:
    """The transmittance of all but oxygen at the wavelengths of the table."""
    wavelength, outside, ground = reference_spectrum()
    rest = ground / outside
    for band in (A_BAND, B_BAND):
        inside = np.flatnonzero((wavelength >= band.first - 1) & (wavelength <= band.last + 1))
        fine = grid(wavelength[inside[0]] - 1, wavelength[inside[-1]] + 1)
        oxygen = np.exp(-_optical_depth(band, fine)).mean(axis=1)
        continuum = _continuum(band)
        for place in inside:
            mean = float(oxygen[np.abs(fine - wavelength[place]) < 0.5].mean())
            rest[place] = rest[place] / mean if mean > _WEAK else continuum[place]
    result: NDArray[np.float64] = np.clip(rest, 0.0, 1.0)
    return result
