"""What an exposure tells of the light: the peak, what would be there without light, and the noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from piccolo3.devices.interface import Exposure, SpectrometerInfo
from piccolo3.spectrum import Spectrum

__all__ = ["Sample", "sample_of", "sample_of_spectrum", "smoothed_peak"]

_DARKEST = 0.02  # share of the optical pixels that are the darkest
_MAD = 1.4826  # standard deviation of normal noise over its median absolute deviation
_DARKEST_SPREAD = 0.5  # uncertainty of the level of the darkest pixels, in units of the noise of one


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What was seen at an integration time (ms), in counts.

    `base` is the mean of the electric dark pixels or, without these (`has_dark_pixels` False), the level of the
    darkest optical pixels, which may see some light; `base_noise` is its uncertainty. `noise` is that of one pixel.
    """

    integration_time: float
    peak: float
    base: float
    base_noise: float
    noise: float
    has_dark_pixels: bool

    @property
    def light(self) -> float:
        """By how much the peak is above the base."""
        return self.peak - self.base


def smoothed_peak(counts: NDArray[np.int32], optical_pixel_range: tuple[int, int]) -> float:
    """The highest median of three neighbours among the optical pixels: one hot pixel does not count."""
    first, end = optical_pixel_range
    optical = counts[first:end]
    if optical.size < 3:
        return float(optical.max())
    return float(np.median(np.stack((optical[:-2], optical[1:-1], optical[2:])), axis=0).max())


def sample_of(exposure: Exposure, info: SpectrometerInfo) -> Sample:
    """What an exposure tells."""
    return _sample(exposure.counts, exposure.integration_time, info.dark_pixels, info.optical_pixel_range)


def sample_of_spectrum(spectrum: Spectrum) -> Sample:
    """What a light spectrum tells. InvalidValue where its metadata don't say what is needed."""
    return _sample(spectrum.pixels, spectrum.integration_time, spectrum.dark_pixels, spectrum.optical_pixel_range)


def _sample(
    counts: NDArray[np.int32], integration_time: float, dark_pixels: Sequence[int], optical: tuple[int, int]
) -> Sample:
    seen = counts[slice(*optical)].astype(np.float64)
    # differences of neighbours hardly feel the spectrum; what they feel of it makes the noise larger, to the safe side
    noise = _MAD * float(np.median(np.abs(np.diff(seen)))) / 2**0.5 if seen.size > 1 else 0.0
    if dark_pixels:
        dark = counts[list(dark_pixels)].astype(np.float64)
        base, base_noise = float(dark.mean()), float(dark.std() / dark.size**0.5)
    else:
        base, base_noise = float(np.quantile(seen, _DARKEST)), _DARKEST_SPREAD * noise
    return Sample(
        integration_time=integration_time,
        peak=smoothed_peak(counts, optical),
        base=base,
        base_noise=base_noise,
        noise=noise,
        has_dark_pixels=bool(dark_pixels),
    )
