"""Judging spectra at the moment of measurement: pure functions, see docs/reference/quality.md.

The functions that measure give None where the spectra can't tell, for instance because they are not of the same
spectrometer. `judge` compares with the thresholds; what can't be told is not flagged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from piccolo3.errors import InvalidValue
from piccolo3.spectrum import fields
from piccolo3.spectrum.flags import Flag, flag_names
from piccolo3.spectrum.peak import smoothed_peak
from piccolo3.spectrum.spectrum import Spectrum

__all__ = [
    "Flag",
    "Thresholds",
    "dark_drift",
    "flag_names",
    "illumination_change",
    "is_same_setup",
    "judge",
    "signal",
    "temperature_error",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Where flags begin: `weak` and `dark_drift` in % of saturation, `illumination` in %, `temperature` in K."""

    weak: float = 10.0
    dark_drift: float = 1.0
    illumination: float = 10.0
    temperature: float = 1.0


def judge(
    spectrum: Spectrum,
    thresholds: Thresholds,
    *,
    dark: Spectrum | None = None,
    other_dark: Spectrum | None = None,
    other_light: Spectrum | None = None,
    other_light_dark: Spectrum | None = None,
    set_point: float | None = None,
    clock_synchronised: bool | None = None,
    repeated: bool = False,
) -> Flag:
    """The flags of `spectrum`, light or dark. Never raises: what can't be told is not flagged.

    `dark` belongs to a light spectrum; `other_dark` was taken at the other end of the batch and is compared with
    `dark`, or with `spectrum` where that is a dark one. `other_light` is the other downwelling spectrum of a sequence,
    `other_light_dark` its dark where that is not `dark`. `set_point` is in degrees C, None without cooling;
    `clock_synchronised` None means not known; `repeated` that an exposure had been thrown away as not plausible.
    """

    def is_weak() -> bool:
        found = None if spectrum.dark else signal(spectrum, dark)
        return found is not None and found < thresholds.weak

    def has_drifted() -> bool:
        first = spectrum if spectrum.dark else dark
        if first is None or other_dark is None or not is_same_setup(spectrum, first):
            return False
        return _exceeds(dark_drift(first, other_dark), thresholds.dark_drift)

    def is_unstable() -> bool:
        if other_light is None:
            return False
        change = illumination_change(spectrum, other_light, dark, other_light_dark or dark)
        return _exceeds(change, thresholds.illumination)

    def is_off_set_point() -> bool:
        return set_point is not None and _exceeds(temperature_error(spectrum, set_point), thresholds.temperature)

    checks: dict[Flag, Callable[[], bool]] = {
        Flag.SATURATED: lambda: spectrum.is_saturated,
        Flag.WEAK_SIGNAL: is_weak,
        Flag.DARK_DRIFT: has_drifted,
        Flag.ILLUMINATION_UNSTABLE: is_unstable,
        Flag.DETECTOR_TEMPERATURE: is_off_set_point,
        Flag.CLOCK_UNSYNCHRONISED: lambda: clock_synchronised is False,
        Flag.REPEATED_EXPOSURE: lambda: repeated,
    }
    flags = Flag(0)
    for flag, check in checks.items():
        if _told(check):
            flags |= flag
    return flags


def is_same_setup(first: Spectrum, second: Spectrum) -> bool:
    """Whether both have the same spectrometer, channel and integration time, so that one can be the other's dark."""
    return _is_same_view(first, second) and first.integration_time == second.integration_time


def signal(light: Spectrum, dark: Spectrum | None = None) -> float | None:
    """Peak of what is left of a light spectrum without its dark, in % of saturation.

    Instead of a `dark` of the same setup it takes the mean of the electric dark pixels, and 0 where there are none:
    the signal is then less than that.
    """
    level = light.saturation_level
    if not level:
        return None
    if dark is not None and dark.dark and is_same_setup(light, dark):
        rest = light.pixels.astype(np.float64) - dark.pixels
    else:
        blind = light.pixels[list(light.dark_pixels)]
        rest = light.pixels - (blind.mean() if blind.size else 0.0)
    return 100.0 * smoothed_peak(rest, light.optical_pixel_range) / level


def dark_drift(first: Spectrum, second: Spectrum) -> float | None:
    """Median difference of the optical pixels of two darks of the same setup, in % of saturation, not below 0."""
    level = first.saturation_level
    if not level or not (first.dark and second.dark and is_same_setup(first, second)):
        return None
    begin, end = first.optical_pixel_range
    difference = second.pixels[begin:end].astype(np.float64) - first.pixels[begin:end]
    return 100.0 * abs(float(np.median(difference))) / level


def illumination_change(
    first: Spectrum, second: Spectrum, first_dark: Spectrum | None = None, second_dark: Spectrum | None = None
) -> float | None:
    """Difference of two light spectra of the same spectrometer and channel, in % of their mean, not below 0.

    Compared are the sums of the optical pixels without dark, corrected for nonlinearity, by integration time. Without
    darks of the same setup the electric dark pixels take their place. None where nothing is known of the dark, or
    where there is no light.
    """
    if first.dark or second.dark or not _is_same_view(first, second):
        return None
    counts = _without_dark(first, second, first_dark, second_dark)
    times = (first.actual_integration_time, second.actual_integration_time)
    if counts is None or min(times) <= 0:
        return None
    begin, end = first.optical_pixel_range
    usable = np.isfinite(counts[0]) & np.isfinite(counts[1])
    usable[:begin] = usable[end:] = False
    one, two = (float(part[usable].sum()) / time for part, time in zip(counts, times, strict=True))
    mean = (one + two) / 2
    return 100.0 * abs(two - one) / mean if mean > 0 else None


def temperature_error(spectrum: Spectrum, set_point: float) -> float | None:
    """How far the detector is from its set point (degrees C), in K, not below 0; None where the cooler is off."""
    temperature = spectrum.temperature
    if temperature is None or fields.boolean(spectrum.metadata, "TemperatureEnabled") is False:
        return None
    return abs(temperature - set_point)


def _without_dark(
    first: Spectrum, second: Spectrum, first_dark: Spectrum | None, second_dark: Spectrum | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    one, two = _less(first, first_dark), _less(second, second_dark)
    if one is not None and two is not None:
        return one, two
    # both in the same way, since electric dark pixels and darks differ by the dark current
    if first.dark_pixels and second.dark_pixels:
        return first.corrected(), second.corrected()
    return None


def _less(light: Spectrum, dark: Spectrum | None) -> NDArray[np.float64] | None:
    if dark is None or not dark.dark or not is_same_setup(light, dark):
        return None
    return light.corrected() - dark.corrected()


def _is_same_view(first: Spectrum, second: Spectrum) -> bool:
    return (
        first.serial_number == second.serial_number
        and first.direction == second.direction
        and len(first.pixels) == len(second.pixels)
    )


def _exceeds(value: float | None, threshold: float) -> bool:
    return value is not None and value > threshold


def _told(check: Callable[[], bool]) -> bool:
    try:
        with np.errstate(all="ignore"):  # coefficients beyond all reason give what is not finite, and so no flag
            return check()
    except InvalidValue:  # metadata that are missing or damaged tell nothing
        return False
