"""CSV: a table of spectra for each setup, one row per spectrum, and one table of metadata."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from piccolo3.data.columns import COLUMNS, as_text
from piccolo3.data.export.parts import Parts
from piccolo3.data.export.series import SeriesNames
from piccolo3.data.export.sink import Place, Sink
from piccolo3.data.levels import Row, Values, rows
from piccolo3.data.reader import RunReader
from piccolo3.data.setup import Setup
from piccolo3.jsonvalue import JsonValue
from piccolo3.spectrum import SpectraList

__all__ = ["CsvSink"]

_ENDING = ".csv"


class CsvSink(Sink[Row]):
    """RFC 4180 with line feeds, UTF-8; numbers with seven digits, NaN where there is none."""

    def __init__(self, place: Place, state: Mapping[str, JsonValue]) -> None:
        super().__init__(place)
        self._metadata = f"metadata_{place.level}{_ENDING}"
        self._series = SeriesNames(_ENDING, place.level, state.get("series"), reserved=self._metadata)
        self._parts = Parts(place.work, state.get("sizes", {}))  # type: ignore[arg-type]

    def items(self, reader: RunReader, name: str, spectra: SpectraList) -> Iterator[Row]:
        return rows(reader, self.place.level, name, spectra)

    def add(self, item: Row) -> None:
        if self._metadata not in self._parts:
            self._parts.append(self._metadata, _line([column.name for column in COLUMNS]))
        name = self._series.name(item.setup)
        if name not in self._parts:
            self._parts.append(name, _line(["spectrum", "time", "kind", *_heads(item.setup)]))
        facts = [as_text(column.get(item)) for column in COLUMNS]
        self._parts.append(self._metadata, _line(facts))
        own = _line([item.id, as_text(item.spectrum.datetime), item.spectrum.kind.value])
        self._parts.append(name, own[:-1] + b"," + _numbers(item.values) + b"\n")

    def checkpoint(self) -> Mapping[str, JsonValue]:
        return {"sizes": self._parts.sync(), "series": self._series.as_json()}

    def finish(self) -> Mapping[str, Path]:
        return {name: self._parts.path(name) for name in self._parts.sync()}

    def close(self) -> None:
        self._parts.close()


def _line(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    # a carriage return is not quoted by all versions of Python
    if any("\r" in cell for cell in cells):
        csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow(cells)
    else:
        csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode("utf-8", errors="replace")  # names of files may have any bytes


def _heads(setup: Setup) -> list[str]:
    """Wavelengths in nm, or `pixel_0`, `pixel_1`, ... where they are not known."""
    wavelengths = setup.wavelengths()
    if wavelengths is None:
        return [f"pixel_{number}" for number in range(setup.pixels)]
    heads = [f"{wavelength:.4f}" for wavelength in wavelengths.tolist()]
    return heads if len(set(heads)) == len(heads) else [repr(wavelength) for wavelength in wavelengths.tolist()]


def _numbers(values: Values) -> bytes:
    if values.dtype == np.int32:
        return ",".join(map(str, values.tolist())).encode()
    text = ",".join(["%.7g"] * len(values)) % tuple(values.tolist())
    return (text.replace("nan", "NaN") if "nan" in text else text).encode()
