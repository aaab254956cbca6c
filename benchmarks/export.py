"""Exports: spectra per second of CPU against NumPy writing the same numbers, and memory with more spectra."""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from benchmarks.result import Result
from piccolo3.spectrum import SpectraList, Spectrum, dumps, file_name, make_metadata
from piccolo3.status import SpectrumKind

__all__ = ["LONG", "SHORT", "export"]

SHORT, LONG = 2_000, 10_000  # spectra
PIXELS = 2048
_PER_FILE = 4
_START = datetime(2026, 6, 21, 10, tzinfo=UTC)
_CHILD = """
import pathlib, sys, time
from piccolo3.data import export
begin = time.process_time()
export(sys.argv[1], sys.argv[2], format=sys.argv[3], level=sys.argv[4])
cpu = time.process_time() - begin
# ru_maxrss would be that of the process that started this one, if it is larger
status = dict(line.split(":", 1) for line in pathlib.Path("/proc/self/status").read_text().splitlines())
print(cpu, status["VmHWM"].split()[0])
"""
# how many times the CPU of NumPy an export may need: it has to read JSON first, and NumPy has its numbers already
_GOALS = {("csv", "raw"): 5.0, ("netcdf", "raw"): 2.5, ("netcdf", "corrected"): 2.5}
_MEMORY = 1.15


async def export(spectra: int = SHORT) -> list[Result]:
    """CPU and memory of exports of so many spectra with 2048 pixels."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        counts = _make(folder / "few" / "run", spectra // 4)
        counts = _make(folder / "many" / "run", spectra)
        text, binary = _numpy(counts, spectra, _as_text), _numpy(counts, spectra, _as_bytes)
        results = []
        for (form, level), goal in _GOALS.items():
            _, small = _measure(folder / "few", folder / f"few-{form}-{level}", form, level)
            cpu, large = _measure(folder / "many", folder / f"many-{form}-{level}", form, level)
            written = spectra if level == "raw" else spectra - _PER_FILE
            reference = text if form == "csv" else binary
            ratio = cpu / written * spectra / reference
            results += [
                Result(
                    f"export, {form} {level}",
                    f"{written / cpu:.0f} spectra/s of CPU",
                    ratio,
                    f"CPU of NumPy ({spectra / reference:.0f} spectra/s)",
                    f"<= {goal:g}",
                    met=ratio <= goal,
                ),
                Result(
                    f"memory, {form} {level}",
                    f"{large / 1024:.0f} MB for {spectra} spectra",
                    large / small,
                    f"{small / 1024:.0f} MB for {spectra // 4}",
                    f"<= {_MEMORY}",
                    met=large / small <= _MEMORY,
                ),
            ]
        return results


def _make(run: Path, spectra: int) -> list[np.ndarray[tuple[int], np.dtype[np.int32]]]:
    """A run with a dark and light sequences; return the counts of its first file."""
    run.mkdir(parents=True)
    noise = np.random.default_rng(1)
    kept: list[np.ndarray[tuple[int], np.dtype[np.int32]]] = []
    for number in range(spectra // _PER_FILE):
        kind = SpectrumKind.LIGHT if number else SpectrumKind.DARK
        found = tuple(
            _spectrum(kind, direction, serial_number, number, noise)
            for direction in ("downwelling", "upwelling")
            for serial_number in ("A", "B")
        )
        kept = kept or [one.pixels for one in found]
        sequence = max(0, number - 1)
        text = dumps(SpectraList(found, "run", 0, sequence))
        (run / file_name(0, sequence, kind)).write_text(text)
    return kept


def _spectrum(
    kind: SpectrumKind, direction: str, serial_number: str, number: int, noise: np.random.Generator
) -> Spectrum:
    start = _START + timedelta(seconds=number)
    level = 1500 if kind is SpectrumKind.DARK else 40_000
    counts = (level * (1.2 + np.sin(np.arange(PIXELS) / 300)) + noise.normal(0, 30, PIXELS)).astype(np.int32)
    metadata = make_metadata(
        kind=kind,
        direction=direction,
        serial_number=serial_number,
        model="QE-PRO",
        firmware=None,
        integration_time=250,
        exposure_start=start,
        exposure_end=start + timedelta(milliseconds=250),
        sequence=max(0, number - 1),
        batch=0,
        run="run",
        saturation=200_000,
        dark_pixels=list(range(4)),
        optical_pixel_range=[4, PIXELS],
        nonlinearity_coefficients=[0.87, 1e-6, -1e-12],
        wavelength_coefficients=[640, 0.08, -1e-6, 0],
        piccolo_wavelength_coefficients=None,
        temperature=-10.0,
        temperature_enabled=True,
        simulated=True,
        software_version="0",
        dark_file="b000000_s000000_dark.pico" if number else None,
        dark_sequence=0 if number else None,
    )
    return Spectrum(counts, metadata)


def _numpy(
    counts: list[np.ndarray[tuple[int], np.dtype[np.int32]]],
    spectra: int,
    write: Callable[[np.ndarray[tuple[int, int], np.dtype[np.int32]]], object],
) -> float:
    """CPU seconds that NumPy needs for so many spectra, measured with a part of them."""
    block = np.tile(np.stack(counts), (50, 1))
    begin, rounds = time.process_time(), 3
    for _ in range(rounds):
        write(block)
    return (time.process_time() - begin) / (rounds * len(block)) * spectra


def _as_text(block: np.ndarray[tuple[int, int], np.dtype[np.int32]]) -> None:
    np.savetxt(io.StringIO(), block, fmt="%d", delimiter=",")


def _as_bytes(block: np.ndarray[tuple[int, int], np.dtype[np.int32]]) -> None:
    """Compressed, as the values of a NetCDF file are."""
    np.savez_compressed(io.BytesIO(), counts=block)


def _measure(data: Path, out: Path, form: str, level: str) -> tuple[float, float]:
    """CPU seconds and the most memory (kB) of one export, in a process of its own."""
    command = [sys.executable, "-c", _CHILD, str(data), str(out), form, level]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    cpu, memory = done.stdout.split()
    return float(cpu), float(memory)
