"""From light to counts: dark current, noise, nonlinearity, saturation."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from piccolo3.devices.simulated.cooler import AMBIENT
from piccolo3.devices.simulated.models import Model
from piccolo3.devices.simulated.nonlinearity import measured

__all__ = ["Detector"]

_DOUBLING = 7.0  # K for twice the dark current, as for silicon around 0 degrees C
_OFFSET_PATTERN = 0.3  # of the read noise: fixed differences between pixels
_DARK_PATTERN = 0.03  # relative
_RESPONSE_PATTERN = 0.005  # relative


class Detector:
    """The detector of one device: its pattern comes from the serial number, its noise from the seed."""

    def __init__(self, model: Model, serial_number: str, seed: int) -> None:
        self._model = model
        self._entropy = (seed, zlib.crc32(serial_number.encode()))
        pattern = np.random.default_rng(zlib.crc32(serial_number.encode()))
        self._offset = model.offset + _OFFSET_PATTERN * model.read_noise * pattern.standard_normal(model.pixels)
        self._dark_rate = model.dark_rate * (1 + _DARK_PATTERN * pattern.standard_normal(model.pixels))
        self._response = 1 + _RESPONSE_PATTERN * pattern.standard_normal(model.pixels)

    def counts(
        self, light: NDArray[np.float64], seconds: float, temperature: float, exposure: int
    ) -> NDArray[np.int32]:
        """Counts, shape (pixels,), for `light` in counts of a linear detector without noise.

        The dark current doubles every 7 K and adds to the offset, also in the electric dark pixels. Shot noise is that
        of the electrons of light and dark current (Gaussian, for they are many); the nonlinearity acts on what the
        light adds, which is what the correction assumes. `exposure` makes the noise that of one exposure.
        """
        model = self._model
        rng = np.random.default_rng((*self._entropy, exposure))
        dark = self._dark_rate * seconds * 2 ** ((temperature - AMBIENT) / _DOUBLING)
        bright = light * self._response
        shot, read = rng.standard_normal((2, model.pixels))
        bright += np.sqrt(bright / model.gain) * shot
        noise = model.read_noise * read + np.sqrt(dark / model.gain) * rng.standard_normal(model.pixels)
        signal = measured(bright, model.nonlinearity_coefficients, model.saturation)
        total = np.clip(np.rint(self._offset + dark + signal + noise), 0, model.saturation)
        result: NDArray[np.int32] = total.astype(np.int32)
        return result
