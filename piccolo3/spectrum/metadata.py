"""The metadata that is written with every spectrum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from piccolo3.errors import InvalidValue
from piccolo3.jsonvalue import JsonValue, plain
from piccolo3.spectrum.fields import utc_text
from piccolo3.spectrum.flags import Flag, flag_names
from piccolo3.status import SpectrumKind

__all__ = ["dark_metadata", "make_metadata", "quality_metadata"]

_NOTHING: Mapping[str, JsonValue] = MappingProxyType({})


def make_metadata(
    *,
    kind: SpectrumKind,
    direction: str,
    serial_number: str,
    model: str,
    firmware: str | None,
    integration_time: float,
    exposure_start: datetime,
    exposure_end: datetime,
    sequence: int,
    batch: int,
    run: str,
    saturation: float,
    dark_pixels: Sequence[int],
    optical_pixel_range: Sequence[int],
    nonlinearity_coefficients: Sequence[float],
    wavelength_coefficients: Sequence[float],
    piccolo_wavelength_coefficients: Sequence[float] | None,
    temperature: float | None,
    temperature_enabled: bool,
    simulated: bool,
    software_version: str,
    integration_time_requested: float | None = None,
    integration_time_actual: float | None = None,
    exposures_discarded: int | None = None,
    averages: int | None = None,
    standard_deviation: ArrayLike | None = None,
    dark_file: str | None = None,
    dark_sequence: int | None = None,
    quality_flags: Flag | None = None,
    saturated_pixels: int | None = None,
    trigger_time: datetime | None = None,
    trigger_number: int | None = None,
    batch_mode: str | None = None,
    recipe: str | None = None,
    extra: Mapping[str, JsonValue] = _NOTHING,
) -> dict[str, JsonValue]:
    """The metadata of a spectrum, ready for a `.pico` file.

    Integration time in ms, dates aware, temperature in degrees C, optical pixels from the first to one past the last,
    polynomials lowest order first (nm for wavelengths, of which there are always four coefficients).
    What has the default None is left out unless it is given. `standard_deviation` (counts) has an item for each pixel
    and needs more than one average. `dark_file` and `dark_sequence` name the dark that belongs to a light spectrum.
    Raises InvalidValue for what would not be a valid file, and for `extra` keys that have a meaning already.
    """
    if len(wavelength_coefficients) != 4 or len(optical_pixel_range) != 2:
        raise InvalidValue("four wavelength coefficients and two ends of the optical pixels are needed")
    started = utc_text(exposure_start)
    metadata: dict[str, JsonValue] = {
        # the keys of the original
        "Dark": kind is SpectrumKind.DARK,
        "DarkPixels": [int(pixel) for pixel in dark_pixels],
        "Datetime": started,
        "Direction": direction,
        "IntegrationTime": _whole(integration_time),
        "IntegrationTimeUnits": "milliseconds",
        "NonlinearityCorrectionCoefficients": [float(c) for c in nonlinearity_coefficients],
        "OpticalPixelRange": [int(end) for end in optical_pixel_range],
        "SaturationLevel": _whole(saturation),
        "SequenceNumber": sequence,
        "SerialNumber": serial_number,
        "Temperature": None if temperature is None else float(temperature),
        "TemperatureEnabled": bool(temperature_enabled),
        "TemperatureUnits": "degrees Celcius",  # spelt like this in all files
        "Type": kind.value,
        "WavelengthCalibrationCoefficients": [float(c) for c in wavelength_coefficients],
        # additions
        "Batch": batch,
        "ExposureEnd": utc_text(exposure_end),
        "ExposureMiddle": utc_text(_middle(exposure_start, exposure_end)),
        "ExposureStart": started,
        "Firmware": firmware,
        "Run": run,
        "Simulated": bool(simulated),
        "SoftwareVersion": software_version,
        "SpectrometerModel": model,
    }
    if piccolo_wavelength_coefficients is not None:
        metadata["WavelengthCalibrationCoefficientsPiccolo"] = [float(c) for c in piccolo_wavelength_coefficients]
    if batch_mode is not None:
        metadata["BatchMode"] = batch_mode
    if recipe is not None:
        metadata["Recipe"] = recipe
    metadata |= _exposures(
        integration_time_requested, integration_time_actual, exposures_discarded, averages, standard_deviation
    )
    metadata |= _trigger(trigger_time, trigger_number)
    if dark_file is not None or dark_sequence is not None:
        metadata |= dark_metadata(dark_file, dark_sequence)
    if quality_flags is not None or saturated_pixels is not None:
        metadata |= quality_metadata(quality_flags, saturated_pixels)
    taken = sorted(metadata.keys() & extra.keys())
    if taken:
        raise InvalidValue(f"metadata that has a meaning already: {', '.join(taken)}")
    checked = plain({**metadata, **extra})
    assert isinstance(checked, dict)
    return checked


def dark_metadata(dark_file: str | None, dark_sequence: int | None) -> dict[str, JsonValue]:
    """Which dark belongs to a light spectrum: name of its file and sequence number. InvalidValue for one of them."""
    if dark_file is None or dark_sequence is None:
        raise InvalidValue("a dark is named by its file and its sequence number")
    return {"DarkFile": dark_file, "DarkSequence": int(dark_sequence)}


def quality_metadata(flags: Flag | None, saturated_pixels: int | None) -> dict[str, JsonValue]:
    """The flags as a number and as names, and how many optical pixels are saturated; what is None is left out."""
    metadata: dict[str, JsonValue] = {}
    if flags is not None:
        metadata = {"QualityFlags": int(flags), "QualityText": flag_names(Flag(int(flags)))}
    if saturated_pixels is not None:
        metadata["SaturatedPixels"] = int(saturated_pixels)
    return metadata


def _exposures(
    requested: float | None,
    actual: float | None,
    discarded: int | None,
    averages: int | None,
    standard_deviation: ArrayLike | None,
) -> dict[str, JsonValue]:
    metadata: dict[str, JsonValue] = {}
    if requested is not None:
        metadata["IntegrationTimeRequested"] = _whole(requested)
    if actual is not None:
        metadata["IntegrationTimeActual"] = _whole(actual)
    if discarded is not None:
        metadata["ExposuresDiscarded"] = int(discarded)
    if averages is not None:
        metadata["Averages"] = int(averages)
    if standard_deviation is not None:
        if averages is None or averages < 2:
            raise InvalidValue("a standard deviation needs more than one average")
        # a thousandth of a count is far below any noise, and all digits would make files three times as large
        rounded: list[float] = np.asarray(standard_deviation, dtype=np.float64).round(3).tolist()
        metadata["StandardDeviation"] = rounded
    return metadata


def _trigger(when: datetime | None, number: int | None) -> dict[str, JsonValue]:
    metadata: dict[str, JsonValue] = {}
    if when is not None:
        metadata["TriggerTime"] = utc_text(when)
    if number is not None:
        metadata["TriggerNumber"] = int(number)
    return metadata


def _middle(start: datetime, end: datetime) -> datetime:
    if start.tzinfo is None or end.tzinfo is None:
        raise InvalidValue("the dates of an exposure have no offset from UTC")
    return start + (end - start) / 2


def _whole(number: float) -> int | float:
    return int(number) if float(number).is_integer() else float(number)
