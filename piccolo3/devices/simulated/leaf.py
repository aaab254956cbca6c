"""What a canopy of vegetation reflects."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["canopy_reflectance"]

_RED = 0.035  # reflectance where chlorophyll absorbs most
_SHOULDER = 0.46  # reflectance of the plateau in the near infrared
_CENTRE = 680.0  # nm, chlorophyll absorption
_INFLECTION = 715.0  # nm, the red edge
_GREEN, _GREEN_CENTRE, _GREEN_WIDTH = 0.07, 552.0, 28.0
_WATER, _WATER_CENTRE, _WATER_WIDTH = 0.03, 972.0, 22.0


def canopy_reflectance(wavelengths: NDArray[np.float64]) -> NDArray[np.float64]:
    """Reflectance factor of dense green vegetation at wavelengths in nm; no fluorescence.

    The red edge is the inverted Gaussian of Miller, Hare and Wu (1990), Int. J. Remote Sensing 11, 1755:
    R = Rs - (Rs - R0) exp(-(centre - wavelength)^2 / (2 sigma^2)), its inflection being at centre + sigma. Below its
    centre stands a Gaussian green peak on the same level as the red; the plateau has the weak water band at 972 nm.
    The numbers are typical of grass, not those of one plant.
    """
    edge = _SHOULDER - (_SHOULDER - _RED) * np.exp(-((wavelengths - _CENTRE) ** 2) / (2 * (_INFLECTION - _CENTRE) ** 2))
    result = np.where(wavelengths > _CENTRE, edge, _RED)
    result += _GREEN * np.exp(-((wavelengths - _GREEN_CENTRE) ** 2) / (2 * _GREEN_WIDTH**2))
    result -= _WATER * np.exp(-((wavelengths - _WATER_CENTRE) ** 2) / (2 * _WATER_WIDTH**2))
    return result
