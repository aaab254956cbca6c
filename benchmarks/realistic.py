"""Spectra as a rig records them: two detectors of 2048 pixels, 16 and 18 bits, and two channels, under a clear sky."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from piccolo3.devices.simulated.detector import Detector
from piccolo3.devices.simulated.models import FLAME_S, QE_PRO, Model
from piccolo3.devices.simulated.optics import View, optics_of
from piccolo3.spectrum import SpectraList, Spectrum, make_metadata
from piccolo3.status import SpectrumKind

__all__ = ["sequence"]

PIXELS = 2048
CHANNELS = ("downwelling", "upwelling")
_ELEVATION = 45.0  # degrees, of the sun
_TEMPERATURES = {"FLAME-S": 22.5, "QE-PRO": -10.02}  # degrees C, of the detectors
_START = datetime(2026, 6, 21, 10, 0, 0, 123456, tzinfo=UTC)

_half = QE_PRO.pixels / PIXELS
# the range of wavelengths of the real one, on as many pixels as the other detector has
_QE_PRO = replace(
    QE_PRO,
    pixels=PIXELS,
    wavelength_coefficients=(639.4, 0.16225 * _half, -7.4e-6 * _half**2, 1.6e-10 * _half**3),
    dark_pixels=(0, 1, 2, 3, 2044, 2045, 2046, 2047),
    optical_pixel_range=(4, 2044),
)
DETECTORS: Mapping[str, Model] = {"FLMS04311": FLAME_S, "QEP01651": _QE_PRO}


def sequence(kind: SpectrumKind, number: int = 0, *, run: str = "tower", batch: int = 12) -> SpectraList:
    """The spectra of one file: of each channel those of both detectors."""
    spectra = [
        _spectrum(serial, model, direction, kind, number, run, batch)
        for direction in CHANNELS
        for serial, model in DETECTORS.items()
    ]
    return SpectraList(tuple(spectra), run=run, batch=batch, sequence=number)


def _spectrum(
    serial: str, model: Model, direction: str, kind: SpectrumKind, number: int, run: str, batch: int
) -> Spectrum:
    milliseconds = model.downwelling_time if direction == "downwelling" else model.upwelling_time
    seconds, temperature = milliseconds / 1000, _TEMPERATURES[model.name]
    light = optics_of(model).rate(View.of(direction), _ELEVATION) * seconds
    if kind is SpectrumKind.DARK:
        light = light * 0.0
    exposure = number * 10 + len(direction) + (5 if kind is SpectrumKind.DARK else 0)
    pixels = Detector(model, serial, seed=1).counts(light, seconds, temperature, exposure)
    start = _START + timedelta(seconds=2.123457 * number + (0.7 if direction == "upwelling" else 0.0))
    metadata = make_metadata(
        kind=kind,
        direction=direction,
        serial_number=serial,
        model=model.name,
        firmware=model.firmware,
        integration_time=milliseconds,
        exposure_start=start,
        exposure_end=start + timedelta(seconds=seconds),
        sequence=number,
        batch=batch,
        run=run,
        saturation=float(model.saturation),
        dark_pixels=model.dark_pixels,
        optical_pixel_range=model.optical_pixel_range,
        nonlinearity_coefficients=model.nonlinearity_coefficients,
        wavelength_coefficients=model.wavelength_coefficients,
        piccolo_wavelength_coefficients=None,
        temperature=temperature,
        temperature_enabled=model.cooling is not None,
        simulated=True,
        software_version="0.6.0",
    )
    return Spectrum(pixels, metadata)
