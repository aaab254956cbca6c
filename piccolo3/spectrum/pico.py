"""The text of `.pico` files: `{"Spectra": [{"Metadata": {...}, "Pixels": [...]}, ...]}`."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from piccolo3.errors import InvalidValue
from piccolo3.jsonvalue import JsonValue, parse
from piccolo3.spectrum.names import parse_file_name
from piccolo3.spectrum.spectra_list import SpectraList
from piccolo3.spectrum.spectrum import Spectrum

__all__ = ["dumps", "loads"]

_INT32 = np.iinfo(np.int32)
_NUMBERS = {int, float}
_scalar_text = json.JSONEncoder(allow_nan=False).encode
_nested_text = json.JSONEncoder(sort_keys=True, indent=1, allow_nan=False).encode
_read_all = attrgetter(
    "serial_number",
    "model",
    "direction",
    "dark",
    "integration_time",
    "datetime",
    "exposure_start",
    "exposure_end",
    "exposure_middle",
    "averages",
    "standard_deviation",
    "dark_file",
    "dark_sequence",
    "flags",
    "quality_text",
    "temperature",
    "run",
    "batch",
    "sequence",
    "simulated",
    "saturation_level",
    "dark_pixels",
    "optical_pixel_range",
    "nonlinearity_coefficients",
)


def dumps(spectra: SpectraList) -> str:
    """The text of a file, laid out as the original did (ASCII, sorted keys, no newline at the end).

    It is what `json.dumps` makes with `indent=1`, some ten times faster: that one puts every number of a row through
    code in Python, and holds up all other threads as long.
    """
    if not spectra.spectra:
        return '{\n "Spectra": []\n}'
    return '{\n "Spectra": [\n  ' + ",\n  ".join(map(_spectrum_text, spectra.spectra)) + "\n ]\n}"


def _spectrum_text(spectrum: Spectrum) -> str:
    items = (f"{_scalar_text(key)}: {_value_text(value)}" for key, value in sorted(spectrum.metadata.items()))
    metadata = ",\n    ".join(items)
    metadata = f"{{\n    {metadata}\n   }}" if metadata else "{}"
    return f'{{\n   "Metadata": {metadata},\n   "Pixels": {_row_text(spectrum.pixels.tolist(), 3)}\n  }}'


def _value_text(value: JsonValue) -> str:
    if not isinstance(value, list | dict):
        return _scalar_text(value)
    if isinstance(value, list) and value and set(map(type, value)) <= _NUMBERS and all(map(math.isfinite, value)):
        return _row_text(value, 4)
    return _nested_text(value).replace("\n", "\n    ")


def _row_text(numbers: Sequence[float], depth: int) -> str:
    """Finite numbers, at least one, one in each line."""
    start = "\n" + " " * (depth + 1)
    return f"[{start}{f',{start}'.join(map(repr, numbers))}\n{' ' * depth}]"


def loads(text: str | bytes, *, file_name: str | None = None, run: str | None = None) -> SpectraList:
    """The spectra of a file. Raises InvalidValue that says what is wrong with it and where.

    Run, batch and sequence are those of the metadata, where old files lack them `run` and those of `file_name` (which
    also starts the messages).
    """
    with _within(file_name):
        spectra = tuple(_spectra(_parsed(text)))
        named = parse_file_name(file_name) if file_name is not None else None
        first = spectra[0] if spectra else None
        batch, sequence = (named.batch, named.sequence) if named else (0, 0)
        if first is not None:
            run = first.run if first.run is not None else run
            batch = first.batch if first.batch is not None else batch
            sequence = first.sequence if "SequenceNumber" in first.metadata else sequence
        return SpectraList(spectra, run=run, batch=batch, sequence=sequence)


def _parsed(text: str | bytes) -> JsonValue:
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as error:
            raise InvalidValue(f"not UTF-8: {error.reason} at byte {error.start}") from error
    if not text.strip():
        raise InvalidValue("the file is empty")
    return parse(text)


def _spectra(content: JsonValue) -> Iterator[Spectrum]:
    entries = content.get("Spectra") if isinstance(content, dict) else None
    if not isinstance(entries, list):
        raise InvalidValue("not a .pico file: an object with a list of Spectra expected")
    for index, entry in enumerate(entries):
        with _within(f"Spectra[{index}]"):
            yield _spectrum(entry)


def _spectrum(entry: JsonValue) -> Spectrum:
    if not isinstance(entry, dict):
        raise InvalidValue("an object with Metadata and Pixels expected")
    metadata = entry.get("Metadata")
    if not isinstance(metadata, dict):
        raise InvalidValue("Metadata: an object expected")
    spectrum = Spectrum(_counts(entry.get("Pixels")), metadata)
    with _within("Metadata"):
        # whatever is damaged shows now and not when somebody wants to know it
        _read_all(spectrum)
        spectrum.wavelength_coefficients(piccolo=True)
        spectrum.wavelength_coefficients(piccolo=False)
    return spectrum


def _counts(pixels: JsonValue) -> NDArray[np.int32]:
    if not isinstance(pixels, list) or not pixels:
        raise InvalidValue("Pixels: a list of counts expected")
    if set(map(type, pixels)) == {int} and _INT32.min <= min(pixels) and max(pixels) <= _INT32.max:
        return np.array(pixels, dtype=np.int32)
    counts = []
    for number, count in enumerate(pixels):
        if not isinstance(count, int) or isinstance(count, bool) or not _INT32.min <= count <= _INT32.max:
            raise InvalidValue(f"Pixels[{number}]: an integer of 32 bits expected, not {json.dumps(count)[:40]}")
        counts.append(count)
    return np.array(counts, dtype=np.int32)


@contextmanager
def _within(place: str | None) -> Iterator[None]:
    try:
        yield
    except InvalidValue as error:
        if place is None:
            raise
        raise InvalidValue(f"{place}: {error.message}", **error.details) from error
