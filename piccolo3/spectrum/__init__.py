"""Pure values: spectra, their metadata and corrections, and the format of `.pico` files."""

from __future__ import annotations

from piccolo3.jsonvalue import JsonValue
from piccolo3.spectrum.calibration import correct_counts, fit_wavelengths, pixel_wavelengths
from piccolo3.spectrum.flags import Flag, flag_names
from piccolo3.spectrum.metadata import make_metadata
from piccolo3.spectrum.names import FileName, file_name, parse_file_name
from piccolo3.spectrum.peak import smoothed_peak
from piccolo3.spectrum.pico import dumps, loads
from piccolo3.spectrum.quality import Thresholds, dark_drift, illumination_change, is_same_setup, judge
from piccolo3.spectrum.spectra_list import SpectraList
from piccolo3.spectrum.spectrum import Spectrum

__all__ = [
    "FileName",
    "Flag",
    "JsonValue",
    "SpectraList",
    "Spectrum",
    "Thresholds",
    "correct_counts",
    "dark_drift",
    "dumps",
    "file_name",
    "fit_wavelengths",
    "flag_names",
    "illumination_change",
    "is_same_setup",
    "judge",
    "loads",
    "make_metadata",
    "parse_file_name",
    "pixel_wavelengths",
    "smoothed_peak",
]
