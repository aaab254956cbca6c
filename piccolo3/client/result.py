"""What a batch has recorded: its spectra as arrays with their metadata."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

import numpy as np
from numpy.typing import NDArray

from piccolo3.client.batch import Outcome
from piccolo3.errors import InvalidValue, NotFound, Unavailable
from piccolo3.spectrum import Spectrum

if TYPE_CHECKING:
    import xarray

__all__ = ["Reflectance", "Result"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Reflectance:
    """Upwelling divided by downwelling light of a spectrometer, mean of all sequences; arrays of equal shape (pixels,).

    Relative: fibres and optics are part of it. NaN where there is no light. `wavelengths` in nm, ascending.
    """

    serial_number: str
    wavelengths: Array
    values: Array

    def save(self, path: str) -> None:
        """Write a CSV file with a heading and two columns."""
        table = np.column_stack((self.wavelengths, self.values))
        np.savetxt(path, table, fmt=("%.3f", "%.6f"), delimiter=",", header="wavelength_nm,reflectance", comments="")


@dataclass(frozen=True, slots=True, eq=False)
class Result(Sequence[Spectrum]):
    """The spectra of a batch, as a sequence; each has `pixels` (an array of counts), `wavelengths()` and `metadata`."""

    outcome: Outcome
    spectra: tuple[Spectrum, ...]

    def __len__(self) -> int:
        return len(self.spectra)

    @overload
    def __getitem__(self, index: int) -> Spectrum: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Spectrum, ...]: ...

    def __getitem__(self, index: int | slice) -> Spectrum | tuple[Spectrum, ...]:
        return self.spectra[index]

    def __iter__(self) -> Iterator[Spectrum]:
        return iter(self.spectra)

    def __repr__(self) -> str:
        return f"<Result of batch {self.outcome.batch} of run {self.outcome.run}: {len(self)} spectra>"

    @property
    def serial_numbers(self) -> tuple[str, ...]:
        """Of the spectrometers that have recorded something, sorted."""
        return tuple(sorted({one.serial_number for one in self.spectra}))

    @property
    def directions(self) -> tuple[str, ...]:
        """Names of the channels with spectra, sorted."""
        return tuple(sorted({one.direction for one in self.spectra}))

    def select(
        self, serial_number: str | None = None, direction: str | None = None, *, dark: bool | None = None
    ) -> tuple[Spectrum, ...]:
        """Those that fit, in the order of recording; what is None does not matter."""
        return tuple(
            one
            for one in self.spectra
            if serial_number in (None, one.serial_number)
            and direction in (None, one.direction)
            and dark in (None, one.dark)
        )

    def corrected(self, light: Spectrum) -> Array:
        """Counts per ms without dark, of all pixels, linear (OOINLCorrect); the dark is the last one before it.

        NotFound if there is no dark of this spectrometer and channel.
        """
        darks = self.select(light.serial_number, light.direction, dark=True)
        before = [dark for dark in darks if dark.datetime <= light.datetime] or darks[:1]
        if not before:
            raise NotFound(f"there is no dark of {light.serial_number}, {light.direction}")
        with np.errstate(all="ignore"):
            values = (light.corrected() - before[-1].corrected()) / light.integration_time
        return np.where(np.isfinite(values), values, np.nan)

    def mean(self, serial_number: str, direction: str) -> Array:
        """Mean of the corrected light spectra. NotFound if there are none."""
        lights = self.select(serial_number, direction, dark=False)
        if not lights:
            raise NotFound(f"there is no light spectrum of {serial_number}, {direction}")
        return np.asarray(np.mean([self.corrected(light) for light in lights], axis=0), dtype=np.float64)

    def reflectance(
        self, serial_number: str | None = None, *, up: str = "upwelling", down: str = "downwelling"
    ) -> Reflectance:
        """Of the optical pixels of a spectrometer (None: the only one), from the channels `up` and `down`.

        NotFound where a channel or a dark is missing.
        """
        serial = self._one(serial_number)
        upper, lower = self.mean(serial, up), self.mean(serial, down)
        reference, other = (self.select(serial, name, dark=False)[0] for name in (up, down))
        grid = reference.wavelengths()
        if not np.array_equal(grid, other.wavelengths()):  # channels that are calibrated one by one
            lower = np.interp(grid, other.wavelengths(), lower, left=np.nan, right=np.nan)
        with np.errstate(all="ignore"):
            values = np.where(lower > 0, upper / lower, np.nan)
        first, end = reference.optical_pixel_range
        return Reflectance(serial, grid[first:end], values[first:end])

    def to_xarray(self, serial_number: str | None = None) -> xarray.Dataset:
        """The spectra of a spectrometer (None: the only one) as an xarray Dataset.

        Of one, because spectrometers differ in their pixels and wavelengths: `to_datatree` has all of them.
        Its dimensions are `spectrum` and `pixel`; `counts` has both, the coordinates `sequence`, `direction`, `dark`,
        `time` and `integration_time` (ms) the first, `wavelength` (nm) the second, or both where channels differ.
        Everything that is equal for all spectra is an attribute. Unavailable where xarray is not installed.
        """
        _need_xarray()
        import xarray

        serial = self._one(serial_number)
        spectra = self.select(serial)
        if len({one.pixels.shape for one in spectra}) > 1:
            raise InvalidValue(f"the spectra of {serial} differ in their number of pixels")
        grids = np.array([one.wavelengths() for one in spectra])
        same = bool((grids == grids[0]).all())
        times = np.array([one.datetime.replace(tzinfo=None) for one in spectra], dtype="datetime64[ns]")
        dims, grid = ("pixel", grids[0]) if same else (("spectrum", "pixel"), grids)
        return xarray.Dataset(
            {"counts": (("spectrum", "pixel"), np.array([one.pixels for one in spectra]), {"units": "1"})},
            coords={
                "sequence": ("spectrum", [one.sequence for one in spectra]),
                "direction": ("spectrum", [one.direction for one in spectra]),
                "dark": ("spectrum", [one.dark for one in spectra]),
                "time": ("spectrum", times, {"long_name": "start of the exposure, UTC"}),
                "integration_time": ("spectrum", [one.integration_time for one in spectra], {"units": "ms"}),
                "wavelength": (dims, grid, {"units": "nm"}),
            },
            attrs=_common([one.metadata for one in spectra]),
        )

    def to_datatree(self) -> xarray.DataTree:
        """All spectra as an xarray DataTree: what `to_xarray` gives of each spectrometer, by serial number.

        A Dataset of all would need one grid: counts padded with NaN are no counts any more, and interpolated ones were
        never measured. `to_netcdf` writes a group for each. Unavailable where xarray is not installed.
        """
        _need_xarray()
        import xarray

        datasets = {f"/{serial}": self.to_xarray(serial) for serial in self.serial_numbers}
        tree = xarray.DataTree.from_dict(datasets, name=f"{self.outcome.run}_{self.outcome.batch}")
        tree.attrs = {"Run": self.outcome.run or "", "Batch": -1 if self.outcome.batch is None else self.outcome.batch}
        return tree

    def _one(self, serial_number: str | None) -> str:
        known = self.serial_numbers
        if serial_number is None and len(known) == 1:
            return known[0]
        names = ", ".join(repr(name) for name in known) or "none"
        if serial_number is None:
            raise InvalidValue(f"name one of the spectrometers: {names}")
        serial = serial_number if serial_number in known else serial_number.removeprefix("S_")
        if serial not in known:
            raise NotFound(f"there are no spectra of {serial_number!r}; the batch has {names}")
        return serial


def _need_xarray() -> None:
    if importlib.util.find_spec("xarray") is None:
        raise Unavailable("xarray is not installed: pip install 'piccolo3[xarray]'")


def _common(all_metadata: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """What is equal in all of them, as attributes that NetCDF can hold."""
    first = all_metadata[0]
    found: dict[str, object] = {}
    for key, value in first.items():
        if all(key in other and other[key] == value for other in all_metadata[1:]):
            if isinstance(value, bool):
                found[key] = int(value)
            elif isinstance(value, int | float | str):
                found[key] = value
            elif isinstance(value, Sequence) and value and all(isinstance(item, int | float) for item in value):
                found[key] = list(value)
    return found
