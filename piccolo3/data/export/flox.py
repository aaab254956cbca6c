"""CSV like that of a FloX: cycles of the rows WR, VEG, WR2, DC_WR and DC_VEG, and a file with the wavelengths.

WR is the downwelling spectrum of a sequence, VEG the upwelling one, WR2 the next downwelling one, DC_ their darks. The
layout is what the readers of this format look for (SPECCHIO: the class FloX_FileLoader; the R package
FieldSpectroscopyDP: ReadDFloX): fields by their position, integration times in µs, a name with `D-FloX` in the first
line, wavelengths from a file `CAL_..._JB....csv` in the same folder, day files whose names don't begin with F.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from piccolo3.data.export.parts import Parts
from piccolo3.data.export.sink import Place, Sink, unique_name
from piccolo3.data.reader import RunReader
from piccolo3.data.setup import Setup, file_stem
from piccolo3.errors import InvalidValue
from piccolo3.jsonvalue import JsonValue
from piccolo3.spectrum import SpectraList, Spectrum, is_same_setup

__all__ = ["Cycle", "FloxSink"]

# SPECCHIO makes one integer of 32 bits of the number of a cycle and the six digits of its time
_MOST_CYCLES = 2000


@dataclass(frozen=True, slots=True, eq=False)
class Cycle:
    """One measurement of the light from above (twice if possible) and from below, with their darks."""

    wr: Spectrum
    veg: Spectrum
    wr2: Spectrum | None
    dc_wr: Spectrum
    dc_veg: Spectrum


class FloxSink(Sink[Cycle]):
    """A folder for each spectrometer and calibration, in it a file for each day (UTC) and one with the wavelengths."""

    def __init__(self, place: Place, state: Mapping[str, JsonValue]) -> None:
        super().__init__(place)
        folders, counts = state.get("folders", {}), state.get("counts", {})
        if not isinstance(folders, dict) or not isinstance(counts, dict):
            raise InvalidValue("not the state of an export")
        self._folders = {Setup.from_json(setup): folder for folder, setup in folders.items()}
        self._counts = {name: int(number) for name, number in counts.items() if isinstance(number, int)}
        self._parts = Parts(place.work, state.get("sizes", {}))  # type: ignore[arg-type]

    def items(self, reader: RunReader, name: str, spectra: SpectraList) -> Iterator[Cycle]:
        for serial_number in sorted({one.serial_number for one in spectra.spectra}):
            down = _lights(spectra, serial_number, "downwelling")
            up = _lights(spectra, serial_number, "upwelling")
            if not down and not up:
                continue
            if not down or not up:
                reader.findings.remark("sequences without both upwelling and downwelling are left out")
                continue
            darks = [reader.dark_of(name, light) for light in (down[0], up[0])]
            if darks[0] is None or darks[1] is None:
                reader.findings.remark("sequences without darks are left out")
                continue
            if len(down) > 1:
                second: Spectrum | None = down[1]
            else:
                following = reader.next_light(name)
                candidates = [] if following is None else _lights(following, serial_number, "downwelling")
                second = candidates[0] if candidates else None
            if second is not None and (not is_same_setup(second, down[0]) or len(second.pixels) != len(down[0].pixels)):
                second = None
            if second is None:
                reader.findings.remark("cycles have no WR2: nothing downwelling follows in their batch")
            yield Cycle(down[0], up[0], second, darks[0][1], darks[1][1])

    def add(self, item: Cycle) -> None:
        folder = self._folder(Setup.of(item.veg))
        name = self._day_file(folder, item.wr.datetime)
        number = self._counts[name] = self._counts.get(name, 0) + 1
        rows = {"WR": item.wr, "VEG": item.veg, "WR2": item.wr2, "DC_WR": item.dc_wr, "DC_VEG": item.dc_veg}
        lines = [_head(number, item)]
        lines += [f"{row};{_counts(spectrum)}" for row, spectrum in rows.items() if spectrum is not None]
        self._parts.append(_flat(name), ("\n".join(lines) + "\n").encode())

    def _folder(self, setup: Setup) -> str:
        folder = self._folders.get(setup)
        if folder is None:
            folder = unique_name(file_stem(setup.serial_number), "", dict.fromkeys(self._folders.values()))
            self._folders[setup] = folder
        return folder

    def _day_file(self, folder: str, when: datetime) -> str:
        name, part = f"{folder}/{when:%y%m%d}.CSV", 2
        while self._counts.get(name, 0) >= _MOST_CYCLES:
            name, part = f"{folder}/{when:%y%m%d}_{part}.CSV", part + 1
        if name not in self._counts:
            calibration = f"{folder}/CAL_{folder}_JB.csv"
            if _flat(calibration) not in self._parts:
                setup = next(setup for setup, known in self._folders.items() if known == folder)
                self._parts.append(_flat(calibration), _calibration(setup, when))
        return name

    def checkpoint(self) -> Mapping[str, JsonValue]:
        folders = {folder: setup.as_json() for setup, folder in self._folders.items()}
        return {"sizes": self._parts.sync(), "folders": folders, "counts": dict(self._counts)}

    def finish(self) -> Mapping[str, Path]:
        return {flat.replace(_SLASH, "/"): self._parts.path(flat) for flat in self._parts.sync()}

    def close(self) -> None:
        self._parts.close()


_SLASH = "%2F"  # the growing files are all in one folder; `file_stem` lets no % through


def _flat(name: str) -> str:
    return name.replace("/", _SLASH)


def _lights(spectra: SpectraList, serial_number: str, direction: str) -> list[Spectrum]:
    return [
        one
        for one in spectra.spectra
        if not one.dark and one.serial_number == serial_number and one.direction.lower() == direction
    ]


def _counts(spectrum: Spectrum) -> str:
    return ";".join(map(str, spectrum.pixels.tolist()))


def _head(number: int, cycle: Cycle) -> str:
    """The first line of a cycle; NaN stands for what is not measured, and an empty position for one not known."""
    last = cycle.wr2 or cycle.veg
    milliseconds = (last.datetime - cycle.wr.datetime).total_seconds() * 1000 + last.actual_integration_time
    temperature = "NaN" if cycle.veg.temperature is None else f"{cycle.veg.temperature:.2f}"
    # the readers take the third word of this, or what is between its second and third hyphen, for the instrument
    name = f"D-FloX compatible piccolo3-{file_stem(cycle.veg.serial_number).replace('-', '_')}"
    fields = {
        "IT_WR[us]=": str(round(cycle.wr.actual_integration_time * 1000)),
        "IT_VEG[us]=": str(round(cycle.veg.actual_integration_time * 1000)),
        "cycle_duration[ms]=": str(round(milliseconds)),
        "QEpro_Frame[C]=": "NaN",
        "QEpro_CCD[C]=": temperature,
        "mainboard_temp[C]=": "NaN",
        "chamber_temp[C]=": "NaN",
        "mainboard_humidity=": "NaN",
        "chamber_humidity=": "NaN",
    }
    place = ("GPS_TIME_UTC=", "GPS_date=", "GPS_lat=", "GPS_lon=")
    cells = [str(number), f"{cycle.wr.datetime:%y%m%d}", f"{cycle.wr.datetime:%H%M%S}", "auto_mode"]
    cells += [cell for pair in fields.items() for cell in pair]
    cells += [name, *(cell for label in place for cell in (label, "")), "voltage=", ""]
    return ";".join(cells)


def _calibration(setup: Setup, when: datetime) -> bytes:
    """Wavelengths, and coefficients of 1: the counts are not calibrated. The date is that of the first cycle."""
    wavelengths = setup.wavelengths()
    numbers = [float(pixel) for pixel in range(setup.pixels)] if wavelengths is None else wavelengths.tolist()
    notes = {0: "piccolo3", 1: "Calibration date", 2: f"{when:%Y%m%d}"}
    lines = ["wl;up_coef;dw_coef;wl_F;up_coef_F;dw_coef_F;Device ID"]
    lines += [f"{one:.6f};1;1;{one:.6f};1;1;{notes.get(row, '')}" for row, one in enumerate(numbers)]
    return ("\n".join(lines) + "\n").encode()
