"""What a spectrometer is: asked for, feature by feature, for none is there for sure."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from piccolo3.devices.interface import Freshness, SpectrometerInfo
from piccolo3.devices.seabreeze.families import Family, family_of
from piccolo3.devices.seabreeze.features import Features
from piccolo3.devices.seabreeze.raw import FIRMWARE_REVISION, fpga_version, obp_request
from piccolo3.errors import DeviceError

__all__ = ["dark_pixels_of", "describe", "identify", "longest_run", "wavelength_polynomial"]

T = TypeVar("T")
_logger = logging.getLogger(__name__)

_FLAME_S, _USB2000PLUS = "FLAME-S", "USB2000+"
_FIRST_FLAME = 3
_WORD = 2
_ASKED_BY_OBP = ("QE-PRO", "STS")


def describe(features: Features, name: str, serial_number: str, backend: str, *, simulated: bool) -> SpectrometerInfo:
    """Ask an open device, which its backend calls `name`, for all that is in SpectrometerInfo.

    Raises DeviceError if it can't do without an answer, and what the driver raises where that is a failure of the line.
    """
    spectrometer = features.spectrometer
    family, firmware = identify(features, family_of(name))
    wavelengths = np.asarray(spectrometer.get_wavelengths(), dtype=np.float64)
    pixels = wavelengths.size
    dark = dark_pixels_of(_or_nothing(spectrometer.get_electric_dark_pixel_indices, (), "dark pixels"), pixels)
    shortest, longest = spectrometer.get_integration_time_micros_limits()
    if family.longest is not None:
        longest = min(longest, round(family.longest * 1000) + 1)
    step = max(1, round(family.step * 1000))
    maximum = float(spectrometer.get_maximum_intensity())
    return SpectrometerInfo(
        serial_number=serial_number,
        model=family.model,
        firmware=firmware,
        pixels=pixels,
        wavelength_coefficients=wavelength_polynomial(wavelengths),
        nonlinearity_coefficients=_nonlinearity(features),
        dark_pixels=dark,
        optical_pixel_range=longest_run(dark, pixels),
        saturation=maximum if family.saturation is None else min(maximum, family.saturation),
        min_integration_time=math.ceil(shortest / step) * step / 1000,
        max_integration_time=(math.ceil(longest / step) - 1) * step / 1000,  # pyseabreeze refuses the longest itself
        freshness=_freshness(features, family),
        has_cooler=features.cooler is not None,
        simulated=simulated,
        backend=backend,
        integration_time_step=family.step,
    )


def identify(features: Features, family: Family) -> tuple[Family, str | None]:
    """The family, which cseabreeze does not always know, and the version of the firmware."""
    firmware: str | None = None
    if features.revision is not None:
        firmware = _version(_or_nothing(features.revision.revision_firmware_get, None, "firmware"))
    raw = features.raw
    if raw is None or firmware is not None:
        return family, firmware
    if family.model in (_USB2000PLUS, _FLAME_S):
        version = _or_nothing(lambda: fpga_version(raw), None, "version")
        if version is not None:
            flame = version[0] >= _FIRST_FLAME
            family = family_of("FLAMES" if flame else "USB2000PLUS")
            firmware = "{}.{:02d}.{}".format(*version)
    elif family.model in _ASKED_BY_OBP:
        data = _or_nothing(lambda: obp_request(raw, FIRMWARE_REVISION), b"", "firmware")
        firmware = _version(int.from_bytes(data, "little") if len(data) == _WORD else None)
    return family, firmware


def _version(value: str | int | None) -> str | None:
    """The version in a word of the OBP: two bytes of digits (data sheet of the QE Pro)."""
    return f"{value >> 8:x}.{value & 0xFF:02x}" if isinstance(value, int) else value


def _nonlinearity(features: Features) -> tuple[float, ...]:
    """Lowest order first; none where the device has none, or they were never written to it."""
    if features.nonlinearity is None:
        return ()
    nothing: Sequence[float] = ()
    found = _or_nothing(features.nonlinearity.get_nonlinearity_coefficients, nothing, "nonlinearity coefficients")
    coefficients = tuple(float(value) for value in found)
    if not all(math.isfinite(value) for value in coefficients) or not any(coefficients):
        return ()
    return coefficients


def _freshness(features: Features, family: Family) -> Freshness:
    """The policy of the family, as far as the backend can do what it takes."""
    freshness = family.freshness
    if not freshness.can_clear_buffer:
        return freshness
    if not features.can_clear_buffer:
        raise DeviceError(f"the buffer of this {family.model} can't be cleared, so nothing that it answers is fresh")
    buffer = features.buffer
    capacity = freshness.buffer_depth if buffer is None else _or_nothing(buffer.get_buffer_capacity, 1, "buffer")
    return replace(freshness, buffer_depth=max(1, min(freshness.buffer_depth, capacity)))


def wavelength_polynomial(wavelengths: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """The cubic in the pixel number that fits `wavelengths` (nm), shape (pixels,); lowest order first.

    Devices have three or four coefficients, so nothing is lost, but some have more, and not all tell them.
    """
    if wavelengths.size < 4 or not np.isfinite(wavelengths).all() or not (np.diff(wavelengths) > 0).all():
        raise DeviceError("its wavelengths make no sense; its calibration may be damaged")
    fit = np.polynomial.Polynomial.fit(np.arange(wavelengths.size), wavelengths, 3).convert().coef
    a, b, c, d = (float(value) for value in np.pad(fit, (0, 4 - fit.size)))
    return a, b, c, d


def dark_pixels_of(indices: Iterable[object], pixels: int) -> tuple[int, ...]:
    """Sorted pixel numbers. pyseabreeze has nested tuples for some devices, also empty ones."""
    return tuple(sorted({index for index in _flat(indices) if 0 <= index < pixels}))


def _flat(indices: Iterable[object]) -> Iterable[int]:
    for item in indices:
        if isinstance(item, int | np.integer):
            yield int(item)
        elif isinstance(item, Iterable):
            yield from _flat(item)


def longest_run(dark: Sequence[int], pixels: int) -> tuple[int, int]:
    """The pixels that see light, (first, one past last): the most that follow one another without a dark one."""
    edges = [-1, *dark, pixels]
    first, end = max(
        ((before + 1, after) for before, after in pairwise(edges)),
        key=lambda run: run[1] - run[0],
    )
    return (first, end) if end > first else (0, pixels)


def _or_nothing(ask: Callable[[], T], nothing: T, what: str) -> T:
    """The answer, or `nothing` if a device that has it all the same has never got it, or answers nonsense."""
    try:
        return ask()
    except DeviceError as error:
        _logger.debug("%s: %s", what, error)
    except Exception as error:
        if getattr(error, "errno", None) is not None or getattr(error, "error_code", None) == _TRANSFER_ERROR:
            raise
        _logger.info("no %s: %s: %s", what, type(error).__name__, error)
    return nothing


_TRANSFER_ERROR = 6
