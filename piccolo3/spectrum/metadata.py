"""The metadata that is written with every spectrum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from piccolo3.errors import InvalidValue
from piccolo3.jsonvalue import JsonValue, plain
from piccolo3.spectrum.fields import utc_text
from piccolo3.status import SpectrumKind

__all__ = ["make_metadata"]

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
    extra: Mapping[str, JsonValue] = _NOTHING,
) -> dict[str, JsonValue]:
    """The metadata of a spectrum, ready for a `.pico` file.

    Integration time in ms, dates aware, temperature in degrees C, optical pixels from the first to one past the last,
    polynomials lowest order first (nm for wavelengths, of which there are always four coefficients).
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
        "ExposureStart": started,
        "Firmware": firmware,
        "Run": run,
        "Simulated": bool(simulated),
        "SoftwareVersion": software_version,
        "SpectrometerModel": model,
    }
    if piccolo_wavelength_coefficients is not None:
        metadata["WavelengthCalibrationCoefficientsPiccolo"] = [float(c) for c in piccolo_wavelength_coefficients]
    taken = sorted(metadata.keys() & extra.keys())
    if taken:
        raise InvalidValue(f"metadata that has a meaning already: {', '.join(taken)}")
    checked = plain({**metadata, **extra})
    assert isinstance(checked, dict)
    return checked


def _whole(number: float) -> int | float:
    return int(number) if float(number).is_integer() else float(number)
