"""From the light outside to the rate at which the pixels of a model count."""

from __future__ import annotations

import math
from enum import Enum
from functools import cache

import numpy as np
from numpy.typing import NDArray

from piccolo3.devices.simulated.leaf import canopy_reflectance
from piccolo3.devices.simulated.models import Model
from piccolo3.devices.simulated.nonlinearity import linear
from piccolo3.devices.simulated.sky import GRID_STEP, ClearSky, grid
from piccolo3.devices.simulated.sun import air_mass

__all__ = ["Optics", "View", "optics_of"]

_REFERENCE_ELEVATION = 45.0
_REFERENCE_LEVEL = 0.8
_NODES = (90.0, 60.0, 45.0, 35.0, 28.0, 22.0, 17.0, 13.0, 10.0, 7.5, 5.5, 4.0, 2.5, 1.2, 0.4, 0.01)
_FWHM = 2 * math.sqrt(2 * math.log(2))


class View(Enum):
    """What a fibre looks at: the sky through a cosine diffuser, or the canopy."""

    SKY = "sky"
    CANOPY = "canopy"

    @classmethod
    def of(cls, direction: str) -> View:
        """A channel whose name begins with "up" looks down at the canopy, every other one at the sky."""
        return cls.CANOPY if direction.lower().startswith("up") else cls.SKY


class Optics:
    """Count rates (counts/s of a linear detector, shape (pixels,)) of one model under a clear sky.

    The irradiance is convolved with the instrument's line shape, a Gaussian, for a number of elevations of the sun. In
    between, the logarithm is a parabola in the air mass: exact for all that follows the law of Beer and Lambert, and
    within 1 % down to 6 degrees where bands are deep and their lines not resolved.
    """

    def __init__(self, model: Model) -> None:
        pixels = np.arange(model.pixels)
        self.wavelengths: NDArray[np.float64] = np.polynomial.polynomial.polyval(
            pixels, np.asarray(model.wavelength_coefficients)
        )
        lit = np.zeros(model.pixels)
        lit[slice(*model.optical_pixel_range)] = 1.0
        efficiency = lit * np.exp(-((self.wavelengths - model.blaze) ** 2) / (2 * model.blaze_width**2))
        self._air_mass = np.array([air_mass(elevation) for elevation in _NODES])
        self._logarithm = np.log(self._seen(model) + 1e-30)
        self._throughput: dict[View, NDArray[np.float64]] = {}
        for view, shape, time in (
            (View.SKY, efficiency, model.downwelling_time),
            (View.CANOPY, efficiency * canopy_reflectance(self.wavelengths), model.upwelling_time),
        ):
            peak = (self._irradiance(_REFERENCE_ELEVATION) * shape).max() * time / 1000
            wanted = _REFERENCE_LEVEL * model.saturation - model.offset
            self._throughput[view] = shape * linear(wanted, model.nonlinearity_coefficients) / peak

    def rate(self, view: View, elevation: float) -> NDArray[np.float64]:
        """Count rate of every pixel for the elevation of the sun in degrees."""
        if elevation <= 0:
            return np.zeros_like(self.wavelengths)
        return self._irradiance(elevation) * self._throughput[view]

    def _irradiance(self, elevation: float) -> NDArray[np.float64]:
        mass = min(max(air_mass(elevation), float(self._air_mass[0])), float(self._air_mass[-1]))
        first = min(max(int(np.searchsorted(self._air_mass, mass)) - 1, 0), len(self._air_mass) - 3)
        nodes = self._air_mass[first : first + 3]
        weights = [np.prod([(mass - other) / (node - other) for other in nodes if other != node]) for node in nodes]
        mixed = np.array(weights) @ self._logarithm[first : first + 3]
        result: NDArray[np.float64] = np.exp(mixed) * math.sin(math.radians(elevation))
        return result

    def _seen(self, model: Model) -> NDArray[np.float64]:
        """Irradiance at the pixels for all nodes, over the sine of the elevation: what the path of light changes."""
        sigma = model.resolution / _FWHM
        reach = round(4 * sigma / GRID_STEP) * GRID_STEP
        fine = grid(self.wavelengths[0] - reach - 1, self.wavelengths[-1] + reach + 1)
        line_shape = np.exp(-(np.arange(-reach, reach + GRID_STEP / 2, GRID_STEP) ** 2) / (2 * sigma**2))
        line_shape /= line_shape.sum()
        sky = ClearSky(fine)
        seen = []
        for elevation in _NODES:
            smooth = np.convolve(sky.irradiance(elevation), line_shape, mode="same")
            seen.append(np.interp(self.wavelengths, fine, smooth) / math.sin(math.radians(elevation)))
        return np.array(seen)


@cache
def optics_of(model: Model) -> Optics:
    """The optics of a model, computed once."""
    return Optics(model)
