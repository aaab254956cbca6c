"""NetCDF-4 following CF-1.11: a file for each setup, with the dimensions spectrum and wavelength."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from piccolo3.data.columns import exposure_end
from piccolo3.data.export.cf import DEVIATION, QUANTITIES, VARIABLES, Variable, title_attributes
from piccolo3.data.export.parts import Parts
from piccolo3.data.export.series import SeriesNames
from piccolo3.data.export.sink import Place, Sink
from piccolo3.data.levels import Level, Row, rows
from piccolo3.data.reader import RunReader
from piccolo3.data.setup import Setup
from piccolo3.errors import PiccoloError
from piccolo3.jsonvalue import JsonValue
from piccolo3.spectrum import SpectraList
from piccolo3.store.failures import store_error, store_errors

if TYPE_CHECKING:
    from typing import Any

    import netCDF4

    Stored = netCDF4.Variable[Any]

__all__ = ["NetcdfSink"]

_ENDING = ".nc"
_BLOCK = 256  # spectra that are in memory at once
_CHUNK = 64  # spectra that are compressed together
_CACHE = 2**20  # bytes: all is written in order, the default of 16 MB for each variable would only be filled
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class NetcdfSink(Sink[Row]):
    """Values and facts are collected in plain files; the NetCDF files are made of them when their sizes are known."""

    def __init__(self, place: Place, state: Mapping[str, JsonValue]) -> None:
        super().__init__(place)
        try:
            import netCDF4  # noqa: F401
        except ImportError as error:
            raise PiccoloError("for NetCDF install the extra `export`: pip install 'piccolo3[export]'") from error
        self._series = SeriesNames(_ENDING, place.level, state.get("series"))
        self._parts = Parts(place.work, state.get("sizes", {}))  # type: ignore[arg-type]
        self._type = np.dtype("<i4" if place.level is Level.RAW else "<f4")

    def items(self, reader: RunReader, name: str, spectra: SpectraList) -> Iterator[Row]:
        return rows(reader, self.place.level, name, spectra)

    def add(self, item: Row) -> None:
        name = self._series.name(item.setup)
        facts = _facts(item)
        deviation = item.spectrum.standard_deviation if self.place.level is Level.RAW else None
        if deviation is not None:
            facts["deviation"] = True
            self._parts.append(f"{name}.deviations", deviation.astype("<f4").tobytes())
        self._parts.append(f"{name}.facts", json.dumps(facts).encode() + b"\n")
        self._parts.append(f"{name}.values", item.values.astype(self._type).tobytes())

    def checkpoint(self) -> Mapping[str, JsonValue]:
        return {"sizes": self._parts.sync(), "series": self._series.as_json()}

    def finish(self) -> Mapping[str, Path]:
        self._parts.sync()
        self._parts.close()
        return {name: self._assemble(name, setup) for name, setup in self._series.items()}

    def close(self) -> None:
        self._parts.close()

    def _assemble(self, name: str, setup: Setup) -> Path:
        path = self._parts.path(name)
        try:
            with store_errors("writing", path):
                self._write(path, name, setup)
        except RuntimeError as error:  # what the library makes of a full disk
            raise store_error("writing", path, f"{error} (is the disk full?)") from error
        return path

    def _write(self, path: Path, name: str, setup: Setup) -> None:
        import netCDF4

        count = self._parts.size(f"{name}.values") // (self._type.itemsize * setup.pixels)
        with netCDF4.Dataset(path, "w", format="NETCDF4") as file:
            file.setncatts(title_attributes(setup, self.place.run, self.place.level, count))
            file.createDimension("spectrum", count)
            file.createDimension("bounds", 2)
            grid = _grid(file, setup)
            values = self._variable(file, QUANTITIES[self.place.level], grid, count)
            deviations = None
            if f"{name}.deviations" in self._parts:
                deviations = self._variable(file, DEVIATION, grid, count)
                values.ancillary_variables = f"quality_flags {DEVIATION.name}"
            facts = {variable.name: self._variable(file, variable, grid, count) for variable in VARIABLES}
            self._fill(name, setup, values, deviations, facts)

    def _variable(self, file: netCDF4.Dataset, variable: Variable, grid: str, count: int) -> Stored:
        dimensions = tuple(grid if one == "wavelength" else one for one in variable.dimensions)
        if variable.type == "str":
            made = file.createVariable(variable.name, str, dimensions)
        else:
            sizes = [file.dimensions[one].size for one in dimensions[1:]]
            made = file.createVariable(
                variable.name,
                variable.type,
                dimensions,
                fill_value=variable.fill,
                compression="zlib",
                complevel=4,
                shuffle=True,
                chunksizes=[min(count, _CHUNK if sizes else 4096), *sizes],
            )
            made.set_var_chunk_cache(size=_CACHE)
        made.setncatts(variable.attributes)
        return made

    def _fill(
        self,
        name: str,
        setup: Setup,
        values: Stored,
        deviations: Stored | None,
        facts: Mapping[str, Stored],
    ) -> None:
        bytes_each = self._type.itemsize * setup.pixels
        row = 0
        with (
            self._parts.path(f"{name}.values").open("rb") as numbers,
            self._parts.path(f"{name}.facts").open("rb") as lines,
        ):
            while block := numbers.read(bytes_each * _BLOCK):
                found = np.frombuffer(block, self._type).reshape(-1, setup.pixels)
                told = [json.loads(next(lines)) for _ in range(len(found))]
                values[row : row + len(found)] = found
                for variable in VARIABLES:
                    column = [variable.fill if one[variable.name] is None else one[variable.name] for one in told]
                    kind = object if variable.type == "str" else variable.type
                    facts[variable.name][row : row + len(found)] = np.array(column, dtype=kind)
                row += len(found)
        if deviations is not None:
            self._fill_deviations(name, setup, deviations)

    def _fill_deviations(self, name: str, setup: Setup, deviations: Stored) -> None:
        with (
            self._parts.path(f"{name}.deviations").open("rb") as numbers,
            self._parts.path(f"{name}.facts").open("rb") as lines,
        ):
            for row, line in enumerate(lines):
                if "deviation" in json.loads(line):
                    deviations[row] = np.frombuffer(numbers.read(4 * setup.pixels), "<f4")


def _grid(file: netCDF4.Dataset, setup: Setup) -> str:
    """Make the dimension of the pixels; return its name: it is `pixel` where wavelengths are not known."""
    wavelengths = setup.wavelengths()
    if wavelengths is None:
        file.createDimension("pixel", setup.pixels)
        return "pixel"
    file.createDimension("wavelength", setup.pixels)
    variable = file.createVariable("wavelength", "f8", ("wavelength",))
    variable.setncatts(
        {
            "standard_name": "radiation_wavelength",
            "long_name": "wavelength of the middle of the pixel",
            "units": "nm",
        }
    )
    variable[:] = wavelengths
    return "wavelength"


def _facts(row: Row) -> dict[str, JsonValue]:
    spectrum = row.spectrum
    start, end = _microseconds(spectrum.datetime), _microseconds(exposure_end(spectrum))
    return {
        "time": start,
        "time_bounds": [start, max(start, end)],
        "batch": row.batch,
        "sequence": row.sequence,
        "dark": int(spectrum.dark),
        "integration_time": spectrum.actual_integration_time,
        "averages": spectrum.averages,
        "temperature": spectrum.temperature,
        "peak": spectrum.peak,
        "saturated_pixels": spectrum.saturated_pixels,
        "quality_flags": int(row.flags or 0),
        "judged": int(row.flags is not None),
        "file": row.name.encode("utf-8", errors="replace").decode(),  # it may have any bytes
        "dark_file": row.dark_file,
    }


def _microseconds(when: datetime) -> int:
    return (when - _EPOCH) // timedelta(microseconds=1)
