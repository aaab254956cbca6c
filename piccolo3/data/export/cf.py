"""The variables and attributes of the NetCDF files, with names of the CF conventions (cfconventions.org, 1.11).

`python -m piccolo3.data.export.cf` prints the table that is in docs/reference/exports.md.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from piccolo3 import __version__
from piccolo3.data.levels import Level
from piccolo3.data.setup import Setup
from piccolo3.spectrum import Flag

__all__ = ["DEVIATION", "QUANTITIES", "VARIABLES", "Attribute", "Variable", "reference", "title_attributes"]

Attribute = str | float | int | NDArray[np.float64] | NDArray[np.int32] | NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable: its type (of NumPy, or str), dimensions, the value that stands for none, and attributes."""

    name: str
    type: str
    attributes: dict[str, Attribute] = field(default_factory=dict)
    dimensions: tuple[str, ...] = ("spectrum",)
    fill: float | str | None = None


_TABLE = ("spectrum", "wavelength")
_SHARED: dict[str, Attribute] = {"coordinates": "time batch sequence", "ancillary_variables": "quality_flags"}

QUANTITIES = {
    Level.RAW: Variable(
        "counts", "i4", {"long_name": "recorded counts of the detector", "units": "count", **_SHARED}, _TABLE
    ),
    Level.CORRECTED: Variable(
        "counts_per_ms",
        "f4",
        {
            "long_name": "counts without dark, corrected for nonlinearity, by integration time",
            "units": "count ms-1",
            **_SHARED,
        },
        _TABLE,
        float("nan"),
    ),
    Level.REFLECTANCE: Variable(
        "reflectance",
        "f4",
        {
            "long_name": "upwelling divided by downwelling corrected counts per ms",
            "units": "1",
            "comment": "Not calibrated radiometrically: the ratio of the channels, their fibres and optics included.",
            **_SHARED,
        },
        _TABLE,
        float("nan"),
    ),
}

DEVIATION = Variable(
    "counts_standard_deviation",
    "f4",
    {
        "long_name": "standard deviation of the exposures that the counts are the mean of",
        "units": "count",
        "coordinates": "time batch sequence",
    },
    _TABLE,
    float("nan"),
)

_FLAGS: dict[str, Attribute] = {
    "long_name": "what is doubtful about the spectrum",
    "standard_name": "quality_flag",
    "flag_masks": np.array([int(flag) for flag in Flag], dtype=np.int32),
    "flag_meanings": " ".join(str(flag.name) for flag in Flag),
    "comment": "0: nothing was found, or the spectrum was not judged, see the variable judged.",
}

VARIABLES = (
    Variable(
        "time",
        "i8",
        {
            "standard_name": "time",
            "long_name": "start of the exposure",
            "units": "microseconds since 1970-01-01 00:00:00",
            "calendar": "standard",
            "units_metadata": "leap_seconds: none",
            "bounds": "time_bounds",
        },
    ),
    Variable("time_bounds", "i8", {}, ("spectrum", "bounds")),
    Variable("batch", "i8", {"long_name": "batch in the run"}),
    Variable("sequence", "i8", {"long_name": "sequence in the batch"}),
    Variable(
        "dark",
        "i1",
        {
            "long_name": "whether the shutters were closed",
            "flag_values": np.array([0, 1], dtype=np.int8),
            "flag_meanings": "light dark",
        },
    ),
    Variable("integration_time", "f8", {"long_name": "integration time as the device took it", "units": "ms"}),
    Variable("averages", "i4", {"long_name": "exposures that the counts are the mean of"}),
    Variable(
        "temperature",
        "f8",
        {
            "long_name": "temperature of the detector",
            "units": "degree_Celsius",
            "units_metadata": "temperature: on_scale",
        },
        fill=float("nan"),
    ),
    Variable("peak", "i4", {"long_name": "highest recorded count of the optical pixels", "units": "count"}),
    Variable("saturated_pixels", "i4", {"long_name": "saturated optical pixels"}),
    Variable("quality_flags", "i4", _FLAGS),  # without a fill value: readers would make floats of them
    Variable(
        "judged",
        "i1",
        {
            "long_name": "whether the spectrum has quality flags, be it none of them",
            "flag_values": np.array([0, 1], dtype=np.int8),
            "flag_meanings": "not_judged judged",
        },
    ),
    Variable("file", "str", {"long_name": "file it was recorded into"}, fill=""),
    Variable("dark_file", "str", {"long_name": "file with the dark that belongs to it, or was subtracted"}, fill=""),
)

_TITLES = {
    Level.RAW: "Recorded counts",
    Level.CORRECTED: "Dark-corrected, linear counts per ms",
    Level.REFLECTANCE: "Relative reflectance",
}


def title_attributes(setup: Setup, run: str, level: Level, spectra: int) -> dict[str, Attribute]:
    """The attributes of a file; nothing in them changes from one export to the next. What is not known is left out."""
    instrument: dict[str, Attribute | None] = {
        "serial_number": setup.serial_number,
        "direction": setup.direction,
        "model": setup.model,
        "firmware": setup.firmware,
        "saturation_level": setup.saturation_level,
        "simulated": "true" if setup.simulated else "false",
        "optical_pixel_range": np.array(setup.optical_pixel_range, dtype=np.int32),
        "dark_pixels": np.array(setup.dark_pixels, dtype=np.int32),
        "nonlinearity_coefficients": np.array(setup.nonlinearity_coefficients, dtype=np.float64),
        "wavelength_coefficients": np.array(setup.wavelength_coefficients, dtype=np.float64),
    }
    known = {
        f"instrument_{key}": value
        for key, value in instrument.items()
        if value is not None and not (isinstance(value, np.ndarray) and not value.size)
    }
    return {
        "Conventions": "CF-1.11",
        "title": f"{_TITLES[level]}, spectrometer {setup.serial_number}, channel {setup.direction}, run {_clean(run)}",
        "source": f"field spectrometer {setup.model or ''} {setup.serial_number}".replace("  ", " "),
        "history": f"{spectra} spectra of the run {_clean(run)} exported by piccolo3 {__version__}",
        "references": "docs/reference/exports.md of piccolo3",
        "run": _clean(run),
        "level": str(level),
        **known,
    }


def _clean(run: str) -> str:
    return run.encode("utf-8", errors="replace").decode()


def reference() -> str:
    """The variables as a table in Markdown."""
    lines = ["| variable | dimensions | units | meaning |", "|---|---|---|---|"]
    for one in (*QUANTITIES.values(), DEVIATION, *VARIABLES):
        units, meaning = one.attributes.get("units", ""), one.attributes.get("long_name", "the exposures, as bounds")
        lines.append(f"| `{one.name}` | {', '.join(one.dimensions)} | {units} | {meaning} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(reference())
