"""Spectra for tests of the store."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import numpy as np

from piccolo3.spectrum import Flag, JsonValue, SpectraList, Spectrum, make_metadata
from piccolo3.status import SpectrumKind

__all__ = ["DARK", "LIGHT", "START", "sequence", "spectrum"]

DARK, LIGHT = SpectrumKind.DARK, SpectrumKind.LIGHT
START = datetime(2026, 6, 21, 12, tzinfo=UTC)


def spectrum(
    kind: SpectrumKind = LIGHT,
    *,
    run: str = "r",
    batch: int = 0,
    sequence: int = 0,
    serial_number: str = "S1",
    direction: str = "upwelling",
    start: datetime = START,
    flags: Flag = Flag(0),  # noqa: B008 - it can't be changed
    dark_file: str | None = None,
    pixels: int = 16,
    level: int = 100,
    extra: Mapping[str, JsonValue] | None = None,
) -> Spectrum:
    metadata = make_metadata(
        kind=kind,
        direction=direction,
        serial_number=serial_number,
        model="FLAME-S",
        firmware=None,
        integration_time=10.5,
        exposure_start=start,
        exposure_end=start + timedelta(milliseconds=10),
        sequence=sequence,
        batch=batch,
        run=run,
        saturation=65535.0,
        dark_pixels=(),
        optical_pixel_range=(0, pixels),
        nonlinearity_coefficients=(),
        wavelength_coefficients=(340.0, 0.4, 0.0, 0.0),
        piccolo_wavelength_coefficients=None,
        temperature=-10.25,
        temperature_enabled=True,
        simulated=True,
        software_version="0",
        dark_file=dark_file,
        dark_sequence=None if dark_file is None else 0,
        quality_flags=flags,
        saturated_pixels=0,
        extra=extra or {},
    )
    return Spectrum(np.arange(level, level + pixels, dtype=np.int32), metadata)


def sequence(
    *kinds: SpectrumKind,
    run: str = "r",
    batch: int = 0,
    sequence: int = 0,
    start: datetime = START,
    serial_numbers: tuple[str, ...] = ("S1",),
    directions: tuple[str, ...] = ("upwelling",),
    flags: Flag = Flag(0),  # noqa: B008
    dark_file: str | None = None,
    level: int = 100,
) -> SpectraList:
    found = [
        spectrum(
            kind,
            run=run,
            batch=batch,
            sequence=sequence,
            serial_number=serial_number,
            direction=direction,
            start=start,
            flags=flags,
            dark_file=dark_file if kind is LIGHT else None,
            level=level,
        )
        for kind in kinds
        for direction in directions
        for serial_number in serial_numbers
    ]
    return SpectraList(tuple(found), run=run, batch=batch, sequence=sequence)
