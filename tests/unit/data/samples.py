"""A data directory to export from, small and the same every time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from piccolo3.spectrum import Flag, SpectraList, Spectrum, dumps, file_name, make_metadata
from piccolo3.status import SpectrumKind

START = datetime(2026, 6, 21, 10, 0, 0, 123456, tzinfo=UTC)
CHANNELS = ("downwelling", "upwelling")
DARK, LIGHT = SpectrumKind.DARK, SpectrumKind.LIGHT


def spectrum(
    kind: SpectrumKind,
    direction: str,
    serial_number: str = "QEP01",
    *,
    pixels: int = 20,
    sequence: int = 0,
    batch: int = 0,
    at: float = 0.0,
    counts: int | None = None,
    **more: object,
) -> Spectrum:
    """A spectrum; light is 1000 counts above the dark of 100 for downwelling, half of it for upwelling."""
    level = counts if counts is not None else 100 + (0 if kind is DARK else 1000 if direction == "downwelling" else 500)
    start = START + timedelta(hours=batch, seconds=at)
    arguments: dict[str, object] = {
        "kind": kind,
        "direction": direction,
        "serial_number": serial_number,
        "model": "QE-PRO",
        "firmware": "1.2",
        "integration_time": 250.5,
        "exposure_start": start,
        "exposure_end": start + timedelta(milliseconds=250.5),
        "sequence": sequence,
        "batch": batch,
        "run": "tower",
        "saturation": 200000,
        "dark_pixels": [],
        "optical_pixel_range": [0, pixels],
        "nonlinearity_coefficients": [],
        "wavelength_coefficients": [400.0, 0.5, 0.0, 0.0],
        "piccolo_wavelength_coefficients": None,
        "temperature": -10.25,
        "temperature_enabled": True,
        "simulated": False,
        "software_version": "0.6.0",
        "quality_flags": Flag(0),
        **more,
    }
    metadata = make_metadata(**arguments)  # type: ignore[arg-type]
    return Spectrum(np.arange(pixels, dtype=np.int32) + level, metadata)


def write(folder: Path, spectra: list[Spectrum], batch: int, sequence: int, kind: SpectrumKind | None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / file_name(batch, sequence, kind)
    path.write_text(dumps(SpectraList(tuple(spectra), "tower", batch, sequence)))
    return path


def make_run(
    folder: Path, *, batches: int = 2, sequences: int = 3, serials: tuple[str, ...] = ("QEP01", "FLM02")
) -> Path:
    """Batches in the mode classic: a dark, light sequences, a dark."""
    for batch in range(batches):
        dark_file = file_name(batch, 0, DARK)
        for sequence in range(sequences):
            at = 10.0 * sequence
            if sequence in (0, sequences - 1):
                darks = [
                    spectrum(DARK, channel, one, batch=batch, sequence=sequence, at=at - 1 + sequence)
                    for channel in CHANNELS
                    for one in serials
                ]
                write(folder, darks, batch, sequence, DARK)
            lights = [
                spectrum(
                    LIGHT,
                    channel,
                    one,
                    batch=batch,
                    sequence=sequence,
                    at=at + number,
                    dark_file=dark_file,
                    dark_sequence=0,
                )
                for number, channel in enumerate(CHANNELS)
                for one in serials
            ]
            write(folder, lights, batch, sequence, LIGHT)
    return folder
